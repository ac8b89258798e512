"""A program of the cluster: started, known to be ready, logged to a file, stopped."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

STOP_SECONDS = 20
READY_SECONDS = 90


def listens(port: int, address: str = "127.0.0.1") -> Callable[[], bool]:
    """Whether something accepts connections there."""

    def ready() -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex((address, port)) == 0

    return ready


def answers(url: str) -> Callable[[], bool]:
    """Whether a GET over plain HTTP gives 200."""
    parts = urlsplit(url)

    def ready() -> bool:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=2)
        try:
            connection.request("GET", parts.path)
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    return ready


class Process:
    """A context manager around one program; inside the block it may be stopped and started again."""

    def __init__(
        self,
        name: str,
        command: Iterable[object],
        logs: Path,
        ready: Callable[[], bool],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log = logs / f"{name}.log"
        self._command = [str(word) for word in command]
        self._ready = ready
        self._environment = {**os.environ, **(environment or {})}
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id; RuntimeError when it is stopped."""
        if self._running is None:
            raise RuntimeError(f"{self.name} does not run")
        return self._running.pid

    def launch(self) -> None:
        """Starts it without waiting."""
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
                # Ctrl-C is for the tests, which stop the programs in the right order.
                start_new_session=True,
            )

    def wait_ready(self) -> None:
        """Returns when it is ready; RuntimeError with the end of its log otherwise."""
        deadline = time.monotonic() + READY_SECONDS
        while not self._ready():
            ended = self._running is None or self._running.poll() is not None
            if ended or time.monotonic() > deadline:
                end = "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])
                what = "ended" if ended else "is not ready"
                raise RuntimeError(f"{self.name} {what}; the end of {self.log}:\n{end}")
            time.sleep(0.05)

    def start(self) -> None:
        """Starts it and waits until it is ready."""
        self.launch()
        self.wait_ready()

    def stop(self) -> None:
        """Ends it, by force when it does not end in time; RuntimeError when it had ended before."""
        if self._running is None:
            return
        ended, self._running = self._running, None
        if (code := ended.poll()) is not None:
            raise RuntimeError(f"{self.name} had ended by itself with {code}; see {self.log}")
        ended.terminate()
        try:
            ended.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            ended.kill()
            ended.wait()

    def kill(self) -> None:
        """Ends it without a warning, as a crash does."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()
            self._running = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
