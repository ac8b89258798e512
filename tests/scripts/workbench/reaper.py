"""Becomes a command that adopts every orphan below it, as PID 1 of a container does."""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_CHILD_SUBREAPER = 36


def main() -> None:
    """Takes the command as arguments; the property survives the exec."""
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError("the kernel does not let this process adopt orphans")
    os.execv(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
