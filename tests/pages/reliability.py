"""docs/reliability.md: every fault that the tests inject, how often, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import yaml

from tests.pages import markdown
from tests.pages.claims import ROOT, Claim, claims
from tests.pages.results import Case, Run, is_version

FOLDERS = ("tests/scripts", "tests/opencode", "tests/image")
RESULTS = ("quick", "slow")
# What a test of a fault records beside its figures: codes of its starts, and some of the kinds.
CODES, KEPT = "exit codes", "kept"
KINDS = ("commits", "files", "sessions", "login")
SHELLS = ("dash", "busybox")

_HEAD = ("What goes wrong", "Tried", "What happens", "Exit codes", "Kept")
_TEXT = """\
# What happens to your work when something breaks

{note}

The scripts that prepare and run a workspace decide whether you lose work. Here they meet every fault that we could
think of, with real git, real ssh and HTTPS servers and the real OpenCode. "Tried" is how often it was done in the
last run. "Kept" is what of yours was on the volume before and was compared afterwards, byte for byte: commits, files
whether committed or not, OpenCode's sessions, your login. [Exit codes](exit-codes.md) are those of the starts with the
fault and after it.

{summary}
"""
_FIGURES = """
## Figures

{table}"""


@dataclass(frozen=True)
class Fault:
    """A row. name: what tests call it; what: what is done; then: what the start does."""

    name: str
    group: str
    what: str
    then: str


def faults(file: Path = Path(__file__).parent / "faults.yaml") -> list[Fault]:
    """The rows in the order of the page."""
    groups = yaml.safe_load(file.read_text())
    return [
        Fault(name, group, row["what"], row["then"])
        for group, entries in groups.items()
        for name, row in entries.items()
    ]


def injections(root: Path = ROOT) -> list[Claim]:
    """The tests that are marked with a fault."""
    found = [claim for folder in FOLDERS for claim in claims(root / folder, root)]
    return [claim for claim in found if claim.faults]


def text(
    listed: Sequence[Fault], tests: Sequence[Claim], run: Run, absent: Sequence[str] = ()
) -> str:
    """The page. absent: names of RESULTS that there are none of."""
    told = summary(tests, run) + "".join(f" **The {name} tests were not run.**" for name in absent)
    page = _TEXT.format(note=markdown.NOTE, summary=told)
    for group, members in groupby(listed, key=lambda fault: fault.group):
        page += f"\n## {group}\n\n"
        page += markdown.table(_HEAD, (_row(fault, tests, run) for fault in members))
    figures = _figures(run)
    return page + (_FIGURES.format(table=figures) if figures else "")


def summary(tests: Sequence[Claim], run: Run) -> str:
    """How many were tried and passed, when, and with what."""
    tally = run.tally(claim.test for claim in tests)
    told = (
        f"{tally.passed} passed, {tally.shortfall}"
        if tally.shortfall
        else f"All {tally.total} passed"
    )
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    return (
        f"**{told}** on {markdown.days(run.dates)}, with {versions or 'programs that were not recorded'}."
        + markdown.others_failed(run.failed_besides(claim.test for claim in tests))
    )


def unproven(listed: Sequence[Fault], tests: Sequence[Claim], run: Run) -> list[str]:
    """Rows that not every case has passed, a sentence each."""
    tallies = [(fault, run.tally(_own(fault, tests))) for fault in listed]
    return [f"{fault.what}: {tally.shortfall}" for fault, tally in tallies if tally.shortfall]


def _own(fault: Fault, tests: Sequence[Claim]) -> list[str]:
    return [claim.test for claim in tests if fault.name in claim.faults]


def _row(fault: Fault, tests: Sequence[Claim], run: Run) -> tuple[str, ...]:
    own = _own(fault, tests)
    cases = run.of(own)
    codes, kept = (
        {each for case in cases for value in case.recorded(name) for each in value.split(", ")}
        for name in (CODES, KEPT)
    )
    return (
        fault.what,
        _tried(own, run),
        fault.then,
        ", ".join(sorted(codes - {""}, key=int)),
        ", ".join(kind for kind in KINDS if kind in kept),
    )


def _tried(tests: Sequence[str], run: Run) -> str:
    tally = run.tally(tests)
    if tally.shortfall:
        return f"**{tally.shortfall}**"
    return _times(tally.total) + _by_shell(run.of(tests))


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _by_shell(cases: Sequence[Case]) -> str:
    counted = Counter(
        shell for case in cases for shell in SHELLS if shell in case.parameters.split("-")
    )
    told = ", ".join(f"{shell} {counted[shell]}" for shell in SHELLS if counted[shell])
    return f" ({told})" if told and len(cases) > 1 else ""


def _figures(run: Run) -> str:
    """Everything else that the tests of the pod recorded."""
    recorded: dict[str, list[str]] = {}
    ours = tuple(f"{folder.replace('/', '.')}." for folder in FOLDERS)
    for case in run.cases:
        if case.test.startswith(ours) and case.outcome == "passed":
            for name, value in case.figures:
                if name not in (CODES, KEPT) and not is_version(name):
                    recorded.setdefault(name, []).append(value)
    if not recorded:
        return ""
    entries = [(name[:1].upper() + name[1:], _counted(found)) for name, found in recorded.items()]
    return markdown.table(("What was measured", "Figure"), sorted(entries))


def _counted(values: Sequence[str]) -> str:
    counts = Counter(values).most_common()
    return ", ".join(
        f"{value} ({_times(count)})" if count > 1 else value for value, count in counts
    )
