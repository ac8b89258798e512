"""Where the tests' files go."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")
NEEDED_BYTES = 512 * 1024 * 1024


def _parent() -> Path | None:
    """Memory, where a clone's `sync` costs nothing, if it is large enough and programs may run there."""
    if not MEMORY.is_dir():
        return None
    state = os.statvfs(MEMORY)
    roomy = state.f_bavail * state.f_frsize >= NEEDED_BYTES
    return MEMORY if roomy and not state.f_flag & os.ST_NOEXEC else None


@contextmanager
def workplace() -> Iterator[Path]:
    """A directory every uid can enter, as pytest's own are not; removed at the end."""
    path = Path(tempfile.mkdtemp(prefix="opencode-scripts-", dir=_parent()))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def read_only(directory: Path) -> Iterator[None]:
    """Nobody may write into the directory until the block ends; it has to be removable afterwards."""
    mode = directory.stat().st_mode
    directory.chmod(0o555)
    try:
        yield
    finally:
        directory.chmod(mode)
