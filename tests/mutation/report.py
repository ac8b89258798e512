"""What a run says: to a person, and as JSON."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from tests.mutation.equivalents import Key
from tests.mutation.trial import Result

COLUMNS = ("mutants", "killed", "hung", "ended", "equivalent", "survived")


def counts(results: Sequence[Result]) -> dict[str, dict[str, int]]:
    """Numbers by group and column; those that hung, or ended the tests' process, were killed, too."""
    names = dict.fromkeys(result.group.name for result in results)
    return {name: _counted([r for r in results if r.group.name == name]) for name in names}


def _counted(results: Sequence[Result]) -> dict[str, int]:
    killed = [result for result in results if "killed" in result.verdict]
    values = (
        len(results),
        len(killed),
        sum(result.broken == "hung" for result in killed),
        sum(result.broken == "ended" for result in killed),
        sum(result.verdict == "equivalent" for result in results),
        sum(result.verdict == "survived" for result in results),
    )
    return dict(zip(COLUMNS, values, strict=True))


def table(groups: Mapping[str, Mapping[str, int]]) -> str:
    """The counts as a table in Markdown, with all of them together below when there are several."""
    rows = dict(groups)
    if len(rows) > 1:
        rows["all"] = {name: sum(row[name] for row in groups.values()) for name in COLUMNS}
    lines = [["group", *COLUMNS, "score"], ["---", *("---:" for _ in COLUMNS), "---:"]]
    lines += [
        [name, *(str(row[key]) for key in COLUMNS), _score(row)] for name, row in rows.items()
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _score(row: Mapping[str, int]) -> str:
    counted = row["mutants"] - row["equivalent"]
    return f"{100 * row['killed'] / counted:.1f} %" if counted else "-"


def record(
    groups: Mapping[str, Mapping[str, int]], options: Mapping[str, Any], date: str, seconds: float
) -> dict[str, Any]:
    """What is kept of a run. options: what was asked for; date: of its start, as ISO 8601 has it."""
    return {
        "date": date,
        "seconds": round(seconds),
        "cores": os.cpu_count(),
        "options": dict(options),
        "groups": {name: dict(row) for name, row in groups.items()},
    }


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
