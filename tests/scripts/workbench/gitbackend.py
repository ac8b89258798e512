"""Git's own HTTP backend behind Python's HTTP server."""

from __future__ import annotations

import subprocess
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from .packages import program
from .remotes import quiet_environment


class GitHandler(BaseHTTPRequestHandler):
    """A request of git; what answers it is said in `answer` of a subclass."""

    protocol_version = "HTTP/1.1"
    # Or the content of an answer waits, 40 ms and more, until the client has acknowledged its head.
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Nothing: the tests look at what the client says."""

    def do_GET(self) -> None:
        """Git asks for references."""
        self.answer()

    def do_POST(self) -> None:
        """Git fetches or pushes."""
        self.answer()

    def answer(self) -> None:
        """Has to call `refuse` or `pass_on`, after `read_body`: the connection is used again."""
        raise NotImplementedError

    def read_body(self) -> bytes:
        """The request's body; git sends a large one in chunks."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        parts = []
        while size := int(self.rfile.readline().strip() or b"0", 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def refuse(self, status: int, **headers: str) -> None:
        """An answer without content; `_` in the name of a header stands for a dash."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def pass_on(self, root: Path, body: bytes) -> None:
        """The answer of `git http-backend` for the repositories below `root`."""
        path, _, query = self.path.partition("?")
        environment = {
            **quiet_environment(),
            "GIT_PROJECT_ROOT": str(root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        command = [program("git"), "http-backend"]
        done = subprocess.run(command, input=body, env=environment, capture_output=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        lines = (line.partition(":") for line in head.decode().splitlines())
        fields = {name.lower(): value.strip() for name, _, value in lines}
        self.send_response(int(fields.pop("status", "200").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
