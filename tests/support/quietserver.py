"""An HTTP server for tests, whose clients hang up and are killed on purpose."""

from __future__ import annotations

from http.server import ThreadingHTTPServer


class QuietServer(ThreadingHTTPServer):
    """Says nothing of a client that went away in the middle: the test that made it go knows."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Overrides a method that prints a traceback."""
