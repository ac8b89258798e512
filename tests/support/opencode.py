"""OpenCode's HTTP API as the web UI uses it: requests, event stream, terminal."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

from websockets.sync.client import ClientConnection, connect

FREE_PAGE = "/site.webmanifest"


class Place(Protocol):
    """Where a browser finds a server."""

    @property
    def authority(self) -> str:
        """Host, and port if it is not the usual one, as in the address of the page."""

    def connect(self, seconds: float = 30) -> socket.socket:
        """A connection on which HTTP is spoken. OSError when there is none."""


@dataclass(frozen=True)
class Answer:
    """One answer; headers by their names in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read; AssertionError unless the request succeeded."""
        assert self.status == 200, f"{self.status}: {self.body[:500]!r}"
        return json.loads(self.body)


@dataclass(frozen=True)
class Client:
    """A browser at `place` that knows `password`, or none."""

    place: Place
    password: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What the browser adds once the password was given."""
        if not self.password:
            return {}
        pair = base64.b64encode(f"opencode:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}

    def ask(
        self, path: str, *, method: str = "GET", body: Any = None, seconds: float = 60, **query: str
    ) -> Answer:
        """One request, on a connection of its own. OSError when nobody answers."""
        with closing(self._send(path, method, body, seconds, query)) as connection:
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, response.read())

    @contextmanager
    def events(self, seconds: float, **query: str) -> Iterator[Iterator[dict[str, Any]]]:
        """The event stream, which raises TimeoutError after `seconds` without an event."""
        with closing(self._send("/event", "GET", None, seconds, query)) as connection:
            response = connection.getresponse()
            assert response.status == 200, response.status
            assert response.getheader("Content-Type", "").startswith("text/event-stream")
            yield (
                json.loads(line.removeprefix(b"data:")) for line in response if line[:5] == b"data:"
            )

    @contextmanager
    def terminal(self, directory: str) -> Iterator[ClientConnection]:
        """A new terminal in `directory`, connected."""
        made = self.ask("/pty", method="POST", body={}, directory=directory).json
        query = urlencode({"directory": directory})
        uri = f"ws://{self.place.authority}/pty/{made['id']}/connect?{query}"
        with connect(
            uri,
            sock=self.place.connect(),
            additional_headers=self.headers,
            ping_interval=None,  # a browser says nothing by itself
        ) as terminal:
            yield terminal

    def wait(self, ended: Callable[[], bool], seconds: float = 60) -> None:
        """Returns once the page that needs no password answers, as the startup probe sees it.

        TimeoutError when it does not, ConnectionError when the server has ended.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if ended():
                raise ConnectionError("the workspace's server has ended")
            # OpenCode never answers a connection that comes right after it began to listen.
            with contextlib.suppress(OSError):
                if self.ask(FREE_PAGE, seconds=1).status == 200:
                    return
            time.sleep(0.02)
        raise TimeoutError("the workspace's server does not answer")

    def _send(
        self, path: str, method: str, body: Any, seconds: float, query: dict[str, str]
    ) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(self.place.authority, timeout=seconds)
        connection.sock = self.place.connect(seconds)
        text = None if body is None else json.dumps(body)
        headers = {**self.headers, **({"Content-Type": "application/json"} if text else {})}
        connection.request(method, _with(path, query), text, headers)
        return connection


def _with(path: str, query: dict[str, str]) -> str:
    return f"{path}{'&' if '?' in path else '?'}{urlencode(query)}" if query else path


def read_until(terminal: ClientConnection, text: str, seconds: float = 20) -> str:
    """What the terminal printed up to `text`; AssertionError when it does not come."""
    printed, deadline = "", time.monotonic() + seconds
    while text not in printed:
        try:
            piece = terminal.recv(timeout=max(0.0, deadline - time.monotonic()))
        except TimeoutError:
            raise AssertionError(f"the terminal does not print {text!r} but {printed!r}") from None
        printed += piece if isinstance(piece, str) else piece.decode(errors="replace")
    return printed
