"""How fast and how large: the commands as whole processes, each beside a loop of `helm template`.

Figures depend on the machine; the ratios, taken in one run, are what to compare. Beside what the
project has a budget for stands whether it is kept: to be read, on a machine that does nothing else.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
from rich import box
from rich.console import Console
from rich.table import Table

from bench.catalogue import ROOT, names, synthetic
from opencode_workspace.errors import EXIT_FINDINGS

COMMAND = [sys.executable, "-m", "opencode_workspace"]
HELM = ROOT / ".cache/tools/bin/helm4"
RESULTS = ROOT / "build/bench.json"
SIZES = (10, 100, 1000)
# Enough for a median; the loop over `helm template` is measured on a part and told per workspace.
RUNS = 5
RUNS_OF_MANY = 3
LOOP_SIZE = 50


@dataclass(frozen=True)
class Budget:
    """What a command may take. megabytes: None when nothing was said of it."""

    seconds: float
    megabytes: float | None = None

    def __str__(self) -> str:
        size = "" if self.megabytes is None else f", {self.megabytes:g} MB"
        return f"{self.seconds:g} s{size}"


@dataclass(frozen=True)
class Figure:
    """One measured command. seconds: wall time. megabytes: largest proportional set size of its process tree."""

    name: str
    seconds: float
    megabytes: float
    workspaces: int
    budget: Budget | None = None

    @property
    def within(self) -> bool | None:
        """Whether it keeps to its budget; None without one."""
        if self.budget is None:
            return None
        most = self.budget.megabytes
        return self.seconds <= self.budget.seconds and (most is None or self.megabytes <= most)

    @property
    def each(self) -> float:
        """Milliseconds a workspace."""
        return self.seconds * 1000 / self.workspaces


SHIPPED = Budget(1.5)
MANY = Budget(15, 700)


def measure(
    name: str,
    arguments: Sequence[str],
    folder: Path,
    workspaces: int,
    runs: int = 1,
    budget: Budget | None = None,
) -> Figure:
    """Runs a command `runs` times and takes the median time and the largest memory.

    `check` may find something; what else a command ends with is an error.
    """
    fine = (0, EXIT_FINDINGS) if arguments[-1] == "check" else (0,)
    timings, sizes = [], []
    for _ in range(runs):
        started = time.monotonic()
        process = subprocess.Popen(arguments, cwd=folder, stdout=subprocess.DEVNULL)
        peak = _watch(process)
        if process.wait() not in fine:
            raise SystemExit(f"{' '.join(arguments)} failed with {process.returncode}")
        timings.append(time.monotonic() - started)
        sizes.append(peak())
    return Figure(name, statistics.median(timings), max(sizes), workspaces, budget)


def _watch(process: subprocess.Popen[bytes]) -> Callable[[], float]:
    peak = 0.0

    def sample() -> None:
        nonlocal peak
        while process.poll() is None:
            began = time.monotonic()
            peak = max(peak, _tree_megabytes(process.pid))
            # To look takes time away from what is looked at: a tenth of a processor at most.
            time.sleep(max(0.05, 9 * (time.monotonic() - began)))

    thread = threading.Thread(target=sample)
    thread.start()

    def result() -> float:
        thread.join()
        return peak

    return result


def _tree_megabytes(pid: int) -> float:
    total = 0
    try:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            total += process.memory_full_info().pss
    except psutil.Error:
        # A process may end while it is looked at; the next sample counts.
        pass
    return total / 1e6


def helm_loop(folder: Path, size: int) -> Figure:
    """`helm template` once a workspace, from values that are ready on disk."""
    values = folder / "values"
    values.mkdir()
    for name in names(size):
        text = subprocess.run(
            [*COMMAND, "values", name], cwd=folder, check=True, capture_output=True
        ).stdout
        (values / f"{name}.yaml").write_bytes(text)
    script = (
        'for file in values/*.yaml; do name=$(basename "$file" .yaml); '
        f'"{HELM}" template "opencode-$name" charts/opencode-workspace --namespace opencode -f "$file"; done'
    )
    return measure(f"helm template, {size} times", ["sh", "-c", script], folder, size)


def show(figures: Sequence[Figure]) -> None:
    """Prints the table and keeps the figures as JSON under build/."""
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("what", "workspaces", "seconds", "ms a workspace", "MB", "budget", "within"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for figure in figures:
        table.add_row(
            figure.name,
            str(figure.workspaces),
            f"{figure.seconds:.2f}",
            f"{figure.each:.1f}",
            f"{figure.megabytes:.0f}",
            str(figure.budget or ""),
            {None: "", True: "yes", False: "no"}[figure.within],
        )
    Console().print(table)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([_kept(figure) for figure in figures], indent=2) + "\n")


def _kept(figure: Figure) -> dict[str, Any]:
    return {**asdict(figure), "within": figure.within}


def main() -> None:
    """Measures, then prints."""
    os.environ["PYTHONPATH"] = str(ROOT / "scripts")
    figures = [measure("render, shipped tree, warm", [*COMMAND, "render"], ROOT, 2, RUNS)]
    figures.append(
        measure("generate --check, shipped tree", [*COMMAND, "generate", "--check"], ROOT, 2, RUNS)
    )
    # Beside the others: their sums are about generate and render.
    check = [*COMMAND, "check"]
    checks = [measure("check, shipped tree", check, ROOT, 2, RUNS, SHIPPED)]
    for size in SIZES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            synthetic(folder, size)
            figures.append(measure("generate", [*COMMAND, "generate"], folder, size))
            figures.append(measure("render", [*COMMAND, "render"], folder, size))
            if size == SIZES[-1]:
                checks.append(measure("check", check, folder, size, RUNS_OF_MANY, MANY))
            if size == SIZES[1]:
                figures.append(helm_loop(folder, LOOP_SIZE))
    show([*figures, *checks])
    loop = next(figure for figure in figures if figure.name.startswith("helm template"))
    largest = [figure for figure in figures if figure.workspaces == SIZES[-1]]
    smallest = [figure for figure in figures if figure.workspaces == SIZES[0]]
    together, small = sum(f.each for f in largest), sum(f.each for f in smallest)
    print(f"generate and render of {SIZES[-1]}: {sum(f.seconds for f in largest):.1f} s together")
    print(
        f"a workspace costs {together / small:.2f} times at {SIZES[-1]} what it costs at {SIZES[0]}"
    )
    print(
        f"a loop of helm template costs {loop.each / together:.1f} times generate and render a workspace"
    )


if __name__ == "__main__":
    main()
