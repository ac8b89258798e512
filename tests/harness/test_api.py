"""Does what reads the API server stand a server that is killed while it answers?"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.cluster.rig.api import Api, wait_for
from workbench.https import make_certificate

CHUNK = b'd\r\n{"items": []}\r\n'
ANSWERS = {
    "in a chunk": CHUNK[:8],
    "between chunks": CHUNK[: CHUNK.index(b"}") + 1],
    "before the last chunk": CHUNK,
}


def _handler(answers: list[bytes]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Gives the next answer as far as it goes, then ends the connection."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(answers.pop(0))
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Nothing is told on the terminal."""

    return Handler


@pytest.fixture
def answers() -> list[bytes]:
    return []


@pytest.fixture
def api(tmp_path: Path, answers: list[bytes]) -> Iterator[Api]:
    certificate, key = make_certificate(tmp_path)
    server = HTTPServer(("127.0.0.1", 0), _handler(answers))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    url = f"https://127.0.0.1:{server.server_port}"
    yield Api(url, "", certificate, tmp_path / "kubeconfig", tmp_path / "kubectl")
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("broken", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_breaks_off_is_an_error_of_the_connection(
    api: Api, answers: list[bytes], broken: bytes
) -> None:
    answers.append(broken)
    with pytest.raises(ConnectionError, match="GET api/v1/pods: IncompleteRead"):
        api.list("Pod")


def test_waiting_goes_on_after_an_answer_that_breaks_off(api: Api, answers: list[bytes]) -> None:
    answers += [ANSWERS["in a chunk"], CHUNK + b"0\r\n\r\n"]
    assert wait_for(lambda: [api.list("Pod")], "list of pods", pause=0.01) == [[]]
