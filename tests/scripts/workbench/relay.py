"""A wire between a client and a server: it counts, and can be slow, break, or go silent."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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


@contextmanager
def relay(
    server_port: int,
    rate: int = 0,
    limit: int | None = None,
    then: Literal["break", "silence"] = "break",
) -> Iterator[Relay]:
    """A wire to a server on loopback until the block ends; the options are those of Relay."""
    over = threading.Event()
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        wire = Relay(listener.getsockname()[1], rate, limit, then)

        def accept() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                server = socket.create_connection(("127.0.0.1", server_port))
                stack.callback(client.close)
                stack.callback(server.close)
                for target in (_carry_back, _carry):
                    thread = threading.Thread(target=target, args=(wire, client, server, over))
                    thread.start()
                    stack.callback(thread.join)
                # Last in, first out: the sockets end before their threads are waited for.
                stack.callback(_hang_up, client, server)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield wire
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _carry(
    wire: Relay, client: socket.socket, server: socket.socket, over: threading.Event
) -> None:
    with contextlib.suppress(OSError):
        while piece := client.recv(_PIECE):
            if wire.reached.is_set() and wire.then == "silence":
                over.wait()
            wire.to_server += len(piece)
            server.sendall(piece)
        server.shutdown(socket.SHUT_WR)


def _carry_back(
    wire: Relay, client: socket.socket, server: socket.socket, over: threading.Event
) -> None:
    with contextlib.suppress(OSError):
        while room := wire.room():
            piece = server.recv(room)
            if not piece:
                client.shutdown(socket.SHUT_WR)
                return
            time.sleep(wire.delay(len(piece)))
            wire.to_client += len(piece)
            client.sendall(piece)
        wire.reached.set()
        if wire.then == "silence":
            over.wait()
        _hang_up(client, server)


def _hang_up(*sockets: socket.socket) -> None:
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
