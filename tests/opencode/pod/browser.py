"""Chromium without a window, in the network of a pod, led through the DevTools protocol."""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.opencode.pod.network import Place
from workbench.packages import program
from workbench.waiting import wait_until

Answers = dict[str, Any]

# Chromium's own calls to its maker are none of the page's.
_OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--window-size=1280,800",
    "--remote-debugging-port=0",
)


@dataclass
class Page:
    """A tab. requested: every URL the page asked for; asked: who wanted a password, as (origin, scheme)."""

    socket: ClientConnection
    session: str
    credentials: tuple[str, str] | None = None
    requested: list[str] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    _number: int = 100

    def open(self, url: str) -> None:
        """Goes to `url` and returns when its document is there."""
        self.command("Page.navigate", url=url)

    def command(self, method: str, **parameters: Any) -> Answers:
        """Result of a DevTools command; AssertionError when the browser refuses it."""
        number = self._send(method, parameters)
        while True:
            message = self._receive(30)
            if message.get("id") == number:
                assert "error" not in message, f"{method}: {message['error']}"
                result: Answers = message["result"]
                return result

    def value(self, expression: str) -> Any:
        """What a JavaScript expression gives in the page."""
        answer = self.command("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    def wait(self, expression: str, seconds: float = 60) -> None:
        """Returns once a JavaScript expression holds; AssertionError that shows the page otherwise."""
        deadline = time.monotonic() + seconds
        while not self.value(expression):
            assert time.monotonic() < deadline, (
                f"{expression} does not come true; the page says: "
                f"{self.value('document.body.innerText')!r}"
            )
            time.sleep(0.1)

    def screenshot(self, file: Path) -> None:
        """Writes what the page looks like, as PNG."""
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(base64.b64decode(self.command("Page.captureScreenshot")["data"]))

    def _send(self, method: str, parameters: Answers) -> int:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        self.socket.send(json.dumps({**message, "sessionId": self.session}))
        return self._number

    def _receive(self, seconds: float) -> Answers:
        message: Answers = json.loads(self.socket.recv(timeout=seconds))
        seen: dict[str, Callable[[Answers], None]] = {
            "Network.requestWillBeSent": lambda event: self.requested.append(
                event["request"]["url"]
            ),
            "Network.webSocketCreated": lambda event: self.requested.append(event["url"]),
            "Fetch.requestPaused": self._let_pass,
            "Fetch.authRequired": self._authenticate,
        }
        if react := seen.get(message.get("method", "")):
            react(message["params"])
        return message

    def _let_pass(self, event: Answers) -> None:
        self._send("Fetch.continueRequest", {"requestId": event["requestId"]})

    def _authenticate(self, event: Answers) -> None:
        challenge = event["authChallenge"]
        self.asked.append((challenge["origin"], challenge["scheme"]))
        response = {"response": "CancelAuth"}
        if self.credentials:
            user, password = self.credentials
            response = {"response": "ProvideCredentials", "username": user, "password": password}
        self._send(
            "Fetch.continueWithAuth",
            {"requestId": event["requestId"], "authChallengeResponse": response},
        )


@contextmanager
def browser(pid: int) -> Iterator[Callable[[], Page]]:
    """Chromium in the network of process `pid`; what it gives opens a tab of a user of its own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [program("nsenter"), f"--net=/proc/{pid}/ns/net"]
        command += [program("chromium"), *_OPTIONS, f"--user-data-dir={profile}"]
        with Path(profile, "log").open("wb") as log:
            process = subprocess.Popen(
                [*command, "about:blank"],
                env={"PATH": "/usr/bin:/bin", "HOME": profile},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            told = Path(profile, "DevToolsActivePort")
            wait_until(lambda: told.exists() and told.read_text().count("\n") == 1, "DevTools")
            port, path = told.read_text().split("\n")
            uri = f"ws://127.0.0.1:{port}{path}"
            with connect(uri, sock=Place(int(port), pid).connect(), max_size=None) as socket:
                yield lambda: _new_page(socket)
        finally:
            process.terminate()
            process.wait(20)


def _new_page(socket: ClientConnection) -> Page:
    control = Page(socket, "")
    context = control.command("Target.createBrowserContext")["browserContextId"]
    target = control.command(
        "Target.createTarget", url="about:blank", browserContextId=context, width=1280, height=800
    )
    attached = control.command("Target.attachToTarget", targetId=target["targetId"], flatten=True)
    page = Page(socket, attached["sessionId"])
    page.command("Page.enable")
    page.command("Network.enable")
    page.command("Fetch.enable", handleAuthRequests=True, patterns=[{"urlPattern": "*"}])
    return page
