"""A pod's own network, which has nothing but loopback: ways in, and what was looked for outside."""

from __future__ import annotations

import contextlib
import ctypes
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
_CLONE_NEWNET = 0x40000000
_NXDOMAIN = b"\x81\x83"


@dataclass(frozen=True)
class Place:
    """Where a server listens: port on loopback, of process `pid`'s network or, for 0, this machine's."""

    port: int
    pid: int = 0

    @property
    def authority(self) -> str:
        """As in the address of the page."""
        return f"localhost:{self.port}"

    def connect(self, seconds: float = 30) -> socket.socket:
        """A TCP connection. OSError when nothing listens."""
        return inside(self.pid, lambda: socket.create_connection(("127.0.0.1", self.port), seconds))


def inside(pid: int, make: Callable[[], T]) -> T:
    """What `make` gives in the network of process `pid`; a socket stays where it was made."""
    if not pid:
        return make()
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        # A thread's network ends with it: the rest of this process stays where it is.
        try:
            with Path(f"/proc/{pid}/ns/net").open() as namespace:
                libc = ctypes.CDLL(None, use_errno=True)
                if libc.setns(namespace.fileno(), _CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "cannot enter the pod's network")
            results.append(make())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def interfaces(pid: int) -> set[str]:
    """Network interfaces that process `pid` has."""
    return inside(pid, lambda: {name for _, name in socket.if_nameindex()})


@contextmanager
def resolver(pid: int) -> Iterator[set[str]]:
    """A DNS server at 127.0.0.1 of the network of process `pid`: it knows no name, and notes each."""
    asked: set[str] = set()
    over = threading.Event()

    def listener() -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind(("127.0.0.1", 53))
        made.settimeout(0.1)
        return made

    with inside(pid, listener) as served:

        def serve() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    question, client = served.recvfrom(4096)
                    name, end = _question(question)
                    asked.add(name)
                    head = question[:2] + _NXDOMAIN + b"\0\1" + bytes(6)
                    served.sendto(head + question[12:end], client)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield asked
        finally:
            over.set()
            thread.join()


def _question(message: bytes) -> tuple[str, int]:
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1 : at + 1 + message[at]].decode(errors="replace"))
        at += 1 + message[at]
    return ".".join(labels), at + 5
