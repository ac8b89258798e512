"""What a person reads of a run."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from tests.mutation.equivalents import Key
from tests.mutation.trial import Result


def table(results: Sequence[Result]) -> Table:
    """A row for each group: mutants, killed, of these by hanging, survived, equivalent, score."""
    made = Table(title="Mutants")
    made.add_column("group")
    for column in ("mutants", "killed", "hung", "survived", "equivalent", "score"):
        made.add_column(column, justify="right")
    names = list(dict.fromkeys(result.group.name for result in results))
    for name in names:
        made.add_row(name, *_figures([r for r in results if r.group.name == name]))
    if len(names) > 1:
        made.add_section()
        made.add_row("all", *_figures(results))
    return made


def _figures(results: Sequence[Result]) -> list[str]:
    killed = [result for result in results if "killed" in result.verdict]
    survived = sum(result.verdict == "survived" for result in results)
    equivalent = sum(result.verdict == "equivalent" for result in results)
    hung = sum(result.timed_out for result in killed)
    counted = len(results) - equivalent
    score = f"{100 * len(killed) / counted:.1f} %" if counted else "-"
    return [str(n) for n in (len(results), len(killed), hung, survived, equivalent)] + [score]


def finding(result: Result) -> str:
    """What is wrong with one result; empty when nothing is."""
    if result.verdict == "survived":
        return f"survived  {result.mutant}"
    if result.verdict == "listed but killed":
        return f"listed as equivalent, but {result.test} notices it  {result.mutant}"
    return ""


def remedies(results: Sequence[Result], stale: Sequence[Key]) -> list[str]:
    """What makes a run fail, with what to do about it; `stale` are entries that name no mutant."""
    verdicts = {result.verdict for result in results}
    texts = [
        f"equivalent.yaml lists what is no mutant any more, take it out: {key}" for key in stale
    ]
    if "survived" in verdicts:
        texts.append("Write a test that fails with each survivor, or list it in equivalent.yaml.")
    if "listed but killed" in verdicts:
        texts.append("Take out of equivalent.yaml what a test notices.")
    return texts
