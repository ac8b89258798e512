"""What was measured on the way, kept for people in build/: no test judges it."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

BUILD = Path(__file__).parents[3] / "build"


def record(name: str, **figures: float | int | str | list[str]) -> None:
    """Adds `figures` to build/<name>.json."""
    BUILD.mkdir(exist_ok=True)
    path = BUILD / f"{name}.json"
    with path.open("a+") as file:
        # Tests of one run write at once.
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        known = json.loads(file.read() or "{}")
        file.truncate(0)
        file.write(json.dumps(dict(sorted({**known, **figures}.items())), indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())


def memory(pid: int) -> dict[str, int]:
    """resident and highest resident memory of a process, MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return {
        "rss_mib": int(fields["VmRSS"].split()[0]) // 1024,
        "peak_mib": int(fields["VmHWM"].split()[0]) // 1024,
    }
