"""A small HTTP server that plays a workspace's door."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOCKED = {"/site.webmanifest": 200, "/": 401}


@contextmanager
def door(answers: Mapping[str, int], port: int = 0) -> Iterator[str]:
    """Gives the URL; a path that is not in `answers` gets 404, port 0 is any free one."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            status = answers.get(self.path, 404)
            self.send_response(status)
            if status in (301, 302):
                self.send_header("Location", "/site.webmanifest")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
