"""Waiting for what another process does; the limit is a safety net, never an assertion about speed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

SECONDS = 20


def wait_until(true: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
    """Returns once the condition holds; AssertionError that names `what` otherwise."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.01)


def read_soon(path: Path) -> str:
    """Content of a file another process is about to write, stripped."""
    wait_until(lambda: path.exists() and path.read_text().endswith("\n"), f"the writing of {path}")
    return path.read_text().strip()
