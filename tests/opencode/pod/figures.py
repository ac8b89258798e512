"""What a workspace costs, in words for the results of the run: no test judges it."""

from __future__ import annotations

from pathlib import Path

BUILD = Path(__file__).parents[3] / "build"


def memory(pid: int) -> tuple[int, str]:
    """Highest resident memory of a process, bytes; and it beside the present one, in words."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    now, peak = (int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    return peak, f"{now >> 20} MiB, at most {peak >> 20} MiB"
