"""Findings for people: a table a file, and a bar until they are there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from opencode_workspace import check
from opencode_workspace.check import Report
from opencode_workspace.report.findings import shown
from opencode_workspace.rules.finding import Finding, rules

_COLOURS = {"error": "red", "warning": "yellow"}


@contextmanager
def progress() -> Iterator[check.Progress]:
    """A function to call with how far the check is; it moves a bar where standard error is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    # Not what rich takes for a terminal: $FORCE_COLOR would put the bar into the logs of CI.
    disabled = not sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=disabled) as bar:
        task = bar.add_task(check.READING, total=None)

        def show(phase: str, done: int, total: int) -> None:
            bar.update(task, description=phase, completed=done, total=total)

        yield show


def show(report: Report) -> None:
    """Prints every finding below its file, then what was looked at."""
    console = Console(highlight=False)
    for path, group in groupby(report.findings, key=lambda finding: finding.path):
        console.print(Text(shown(path), style="bold"), soft_wrap=True)
        console.print(_table(list(group)))
    for note in report.notes:
        console.print(Text(f"note: {note}", style="cyan"), soft_wrap=True)
    console.print(_summary(report), soft_wrap=True)


def _table(findings: list[Finding]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("line", justify="right", style="dim", no_wrap=True, min_width=5)
    table.add_column("severity", no_wrap=True)
    table.add_column("what", overflow="fold")
    for finding in findings:
        colour = _COLOURS[finding.severity]
        what = Text(f"{finding.message}  ").append(f"[{finding.rule}]", style="dim")
        what.append(f"\n{rules()[finding.rule].remedy}", style="italic")
        table.add_row(f"{finding.line}", Text(finding.severity, style=colour), what)
    return table


def _summary(report: Report) -> Text:
    failed = report.errors or not report.is_complete
    worst = "error" if failed else "warning" if report.warnings else ""
    counted = (
        f"{_count(report.errors, 'error')}, {_count(report.warnings, 'warning')} "
        f"in {_count(report.workspaces, 'workspace')} and {_count(report.files, 'YAML file')}"
    )
    return Text(counted, style=_COLOURS.get(worst, "green"))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
