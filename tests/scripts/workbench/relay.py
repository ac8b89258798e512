"""A wire between a client and a server: it counts, and can be quick or slow, break, or go silent."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

_PIECE = 4096


@dataclass
class Relay:
    """port: where clients call. to_client, to_server: bytes that went through, of all connections.

    rate: bytes a second to the client, 0 for no limit. limit: bytes to the client after which the wire
    breaks or goes silent, as `then` says; `reached` is set when it has.
    """

    port: int
    rate: int = 0
    limit: int | None = None
    then: Literal["break", "silence"] = "break"
    to_client: int = 0
    to_server: int = 0
    reached: threading.Event = field(default_factory=threading.Event)

    def room(self) -> int:
        """Bytes that may go to the client in one piece."""
        piece = _PIECE if not self.rate else max(1, self.rate // 20)
        return piece if self.limit is None else min(piece, self.limit - self.to_client)

    def delay(self, size: int) -> float:
        """Seconds that so many bytes take."""
        return size / self.rate if self.rate else 0


class _Listener(socketserver.ThreadingTCPServer):
    """Takes each call in a thread of its own, and waits for all of them when it is closed."""

    request_queue_size = 100

    def handle_error(self, request: object, client_address: object) -> None:
        """Overrides a method that prints a traceback: the test knows who hung up."""


@contextmanager
def relay(
    server_port: int,
    rate: int = 0,
    limit: int | None = None,
    then: Literal["break", "silence"] = "break",
) -> Iterator[Relay]:
    """A wire to a server on loopback until the block ends; the options are those of Relay."""
    over = threading.Event()
    ends: set[socket.socket] = set()

    class Line(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            client: socket.socket = self.request
            with socket.create_connection(("127.0.0.1", server_port)) as server:
                both = (client, server)
                ends.update(both)
                if over.is_set():
                    _hang_up(*both)
                for end in both:
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                back = threading.Thread(target=_carry_back, args=(wire, client, server, over))
                back.start()
                _carry(wire, client, server, over)
                back.join()
                ends.difference_update(both)

    with _Listener(("127.0.0.1", 0), Line) as listener:
        wire = Relay(listener.server_address[1], rate, limit, then)
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield wire
        finally:
            listener.shutdown()
            thread.join()
            over.set()
            _hang_up(*ends)


def _receive(end: socket.socket, size: int) -> bytes:
    """The next piece, b"" at the end."""
    piece = end.recv(size)
    # Acknowledges it at once. The kernel would wait 40 ms for an answer to send the acknowledgement along with,
    # and so would the sender, if its next piece is small: three times in a connection of ssh.
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    return piece


def _carry(
    wire: Relay, client: socket.socket, server: socket.socket, over: threading.Event
) -> None:
    try:
        while piece := _receive(client, _PIECE):
            if wire.reached.is_set() and wire.then == "silence":
                over.wait()
            wire.to_server += len(piece)
            server.sendall(piece)
        server.shutdown(socket.SHUT_WR)
    except OSError:
        _hang_up(client, server)


def _carry_back(
    wire: Relay, client: socket.socket, server: socket.socket, over: threading.Event
) -> None:
    try:
        while room := wire.room():
            piece = _receive(server, room)
            if not piece:
                client.shutdown(socket.SHUT_WR)
                return
            time.sleep(wire.delay(len(piece)))
            wire.to_client += len(piece)
            client.sendall(piece)
    except OSError:
        _hang_up(client, server)
        return
    wire.reached.set()
    if wire.then == "silence":
        over.wait()
    _hang_up(client, server)


def _hang_up(*sockets: socket.socket) -> None:
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
