"""A folder beside the files that change: what is new waits in it, what is old is kept in it until all is done."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

# A killed process leaves at most one folder of this name behind; the next run removes it.
_PREFIX = ".opencode-workspace-stage-"
# No run removes these: they hold what a person has to put back.
_KEPT_PREFIX = ".opencode-workspace-kept-"


@dataclass
class Stage:
    """The folder, and the lock by which others see that somebody works in it.

    A lock and not the number of the process, which says nothing in another container.
    """

    path: Path
    _lock: int

    @classmethod
    def within(cls, root: Path) -> Stage:
        """A new one. Raises OSError."""
        while True:
            path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=root))
            lock = os.open(path, os.O_RDONLY)
            # Before it was locked, another run may have taken it for abandoned.
            if _is_locked(lock, without_locks=True) and path.exists():
                return cls(path, lock)
            os.close(lock)

    def remove(self) -> None:
        """Removes it with everything in it, as far as that can be done."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)

    def keep(self) -> Path:
        """Leaves it there for a person, under the name that is returned."""
        kept = self.path.with_name(_KEPT_PREFIX + self.path.name.removeprefix(_PREFIX))
        with contextlib.suppress(OSError):
            self.path = self.path.rename(kept)
        os.close(self._lock)
        return self.path


def remove_abandoned(root: Path) -> None:
    """Removes the stages that nobody works in any more; one that cannot be locked stays."""
    for path in root.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if not stat.S_ISDIR(path.lstat().st_mode):
                continue
            lock = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                if _is_locked(lock, without_locks=False):
                    shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)


def _is_locked(folder: int, *, without_locks: bool) -> bool:
    """Whether it is ours now. without_locks: the answer where the file system knows no locks."""
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return without_locks
    return True
