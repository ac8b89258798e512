"""A real `git http-backend` behind TLS on loopback, with an optional token."""

from __future__ import annotations

import base64
import ssl
import subprocess
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.quietserver import QuietServer

from .gitbackend import GitHandler
from .packages import program

# One for each worker: a test looks for it in the command lines of all processes.
TOKEN = f"token-{uuid.uuid4().hex}-only-for-this-test"


@dataclass
class HttpsServer:
    """`token` empty means open to everyone; `leaks` are processes that showed the token."""

    port: int
    authority: Path
    token: str = ""
    users: set[str] = field(default_factory=set)
    leaks: list[str] = field(default_factory=list)
    requests: int = 0

    def url(self, repository: str) -> str:
        """https:// URL of a bare repository."""
        return f"https://127.0.0.1:{self.port}/{repository}"

    def accepts(self, authorization: str | None) -> bool:
        """Whether a request with this Authorization header may pass."""
        if not self.token:
            return True
        if not authorization or not authorization.startswith("Basic "):
            return False
        user, _, password = base64.b64decode(authorization[6:]).decode().partition(":")
        self.users.add(user)
        return password == self.token


def command_lines_with(secret: str) -> list[str]:
    """Command lines of all processes that contain the text."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            text = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if secret in text:
            found.append(text)
    return found


def make_certificate(directory: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1; gives certificate and key files."""
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    command = [program("openssl"), "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    certificate.chmod(0o644)
    return certificate, key


def _handler(server: HttpsServer, root: Path) -> type[GitHandler]:
    class Handler(GitHandler):
        def answer(self) -> None:
            server.requests += 1
            if server.token:
                server.leaks.extend(command_lines_with(server.token))
            body = self.read_body()
            if server.accepts(self.headers.get("Authorization")):
                self.pass_on(root, body)
            else:
                self.refuse(401, WWW_Authenticate='Basic realm="git"')

    return Handler


@contextmanager
def https_server(directory: Path, root: Path, token: str = "") -> Iterator[HttpsServer]:
    """The repositories below `root` over HTTPS until the block ends."""
    directory.mkdir()
    directory.chmod(0o755)
    certificate, key = make_certificate(directory)
    described = HttpsServer(0, certificate, token)
    listener = QuietServer(("127.0.0.1", 0), _handler(described, root))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    # The handshake belongs to the request's thread, else one bad client holds up the listener.
    listener.socket = context.wrap_socket(
        listener.socket, server_side=True, do_handshake_on_connect=False
    )
    described.port = listener.server_address[1]
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield described
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
