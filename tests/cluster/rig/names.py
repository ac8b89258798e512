"""A DNS server for the pods: names of Services, and nothing else."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .api import Api
from .sandbox import ADDRESS

DOMAIN = "cluster.local"
PORT = 53
TYPE_A, NO_SUCH_NAME = 1, 3


def _question(packet: bytes) -> tuple[str, int, bytes]:
    """Name, type and the question's bytes."""
    labels, at = [], 12
    while length := packet[at]:
        labels.append(packet[at + 1 : at + 1 + length].decode("ascii", errors="replace"))
        at += 1 + length
    (kind,) = struct.unpack_from("!H", packet, at + 1)
    return ".".join(labels).lower(), kind, packet[12 : at + 5]


def _address(api: Api, name: str) -> str | None:
    service, _, rest = name.partition(".")
    namespace, _, domain = rest.partition(".")
    if domain != f"svc.{DOMAIN}":
        return None
    found = api.get("Service", service, namespace)
    return str(found["spec"]["clusterIP"]) if found else None


def answer(api: Api, packet: bytes) -> bytes:
    """The answer to one query (RFC 1035)."""
    name, kind, question = _question(packet)
    address = _address(api, name)
    answers = b""
    if address and kind == TYPE_A:
        answers = struct.pack("!HHHIH", 0xC00C, TYPE_A, 1, 5, 4) + socket.inet_aton(address)
    flags = 0x8580 | (0 if address else NO_SUCH_NAME)
    head = packet[:2] + struct.pack("!HHHHH", flags, 1, bool(answers), 0, 0)
    return head + question + answers


@contextmanager
def names(api: Api) -> Iterator[None]:
    """Answers on the node's address until the block ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind((ADDRESS, PORT))
        listener.settimeout(0.2)
        ended = threading.Event()

        def work() -> None:
            while not ended.is_set():
                try:
                    packet, client = listener.recvfrom(4096)
                    listener.sendto(answer(api, packet), client)
                except (OSError, IndexError, struct.error):
                    continue  # nobody asked, nonsense, or the API server is being restarted

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
