"""Waiting for what another process does; the limit is a safety net, never an assertion about speed."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

SECONDS = 20


def wait_until(
    true: Callable[[], bool],
    what: str,
    process: subprocess.Popen[str] | None = None,
    seconds: float = SECONDS,
) -> None:
    """Returns once the condition holds; AssertionError that names `what` otherwise.

    process: the one that has to bring it about; nobody waits on when it has ended.
    """
    deadline = time.monotonic() + seconds
    while True:
        code = process.poll() if process else None
        if true():
            return
        assert code is None, f"{what} did not happen, and it ended with {code}"
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.01)


def read_soon(path: Path) -> str:
    """Content of a file another process is about to write, stripped."""
    wait_until(lambda: path.exists() and path.read_text().endswith("\n"), f"the writing of {path}")
    return path.read_text().strip()
