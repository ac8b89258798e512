"""A stand-in for the HTTP API of Doppler that the real Doppler provider talks to."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from tests.support.quietserver import QuietServer


@dataclass
class Doppler:
    """`secrets` is what it holds; `fault` is "" or an HTTP status, or "hang" until it is changed."""

    token: str
    secrets: dict[str, str] = field(default_factory=dict)
    fault: str = ""
    port: int = 0
    requests: list[str] = field(default_factory=list)
    healed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def asked(self) -> int:
        """How often it was asked for secrets; the provider also asks whether the token is good."""
        return sum(path.startswith("/v3/configs/config/secret") for path in self.requests)

    @property
    def url(self) -> str:
        """What the provider takes as DOPPLER_BASE_URL."""
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def failing(self, fault: str) -> Iterator[None]:
        """Answers with this HTTP status, or never when it is "hang", until the block ends."""
        self.fault = fault
        try:
            yield
        finally:
            with self.healed:
                self.fault = ""
                self.healed.notify_all()

    def answer(self, path: str, authorization: str) -> tuple[int, object]:
        """Status and JSON body for a GET."""
        parts = urlsplit(path)
        self.requests.append(parts.path)
        if self.fault == "hang":
            with self.healed:
                self.healed.wait_for(lambda: self.fault != "hang")
        if self.fault:
            return int(self.fault), {"success": False, "messages": ["The test says so"]}
        if self.token not in _names(authorization):
            return 401, {"success": False, "messages": ["Invalid Auth token"]}
        if parts.path == "/v3/configs/config/secrets/download":
            return 200, self.secrets
        if parts.path == "/v3/configs/config/secret":
            name = parse_qs(parts.query)["name"][0]
            if name not in self.secrets:
                return 404, {"success": False, "messages": [f"Could not find secret {name}"]}
            value = self.secrets[name]
            return 200, {"name": name, "value": {"raw": value, "computed": value}}
        return 200, {"success": True, "projects": []}

    def update(self, path: str, authorization: str, body: bytes) -> tuple[int, object]:
        """Status and JSON body for a POST: what a person's own command sends."""
        if self.token not in _names(authorization):
            return 401, {"success": False, "messages": ["Invalid Auth token"]}
        if path != "/v3/configs/config/secrets":
            return 404, {"success": False, "messages": [f"There is no {path}"]}
        self.secrets.update(json.loads(body)["secrets"])
        return 200, {"success": True}


def _names(authorization: str) -> tuple[str, str]:
    """User and password of a header for HTTP Basic."""
    try:
        plain = base64.b64decode(authorization.removeprefix("Basic "), validate=True).decode()
    except ValueError:
        return "", ""
    user, _, password = plain.partition(":")
    return user, password


@contextmanager
def doppler(token: str) -> Iterator[Doppler]:
    """Serves it on loopback until the block ends."""
    state = Doppler(token)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self.reply(*state.answer(self.path, self.headers.get("Authorization", "")))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.reply(*state.update(self.path, self.headers.get("Authorization", ""), body))

        def reply(self, status: int, content: object) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with QuietServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
