"""A server that accepts connections and never says a word."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class SilentServer:
    """`called` is set when the first client has connected."""

    port: int
    called: threading.Event = field(default_factory=threading.Event)


@contextmanager
def silent_server() -> Iterator[SilentServer]:
    """Listens on loopback until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        described = SilentServer(listener.getsockname()[1])
        clients: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                clients.append(client)
                described.called.set()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield described
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for client in clients:
                client.close()
