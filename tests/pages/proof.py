"""docs/proof.md: every scenario that runs on a real cluster, and how the last run of it went."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from tests.cluster.__main__ import parts
from tests.pages import markdown
from tests.pages.claims import ROOT, Claim, claims
from tests.pages.results import Case, Run, is_version

FOLDER = ROOT / "tests/cluster"
RESULTS = tuple(parts())

_MACHINE = "machine"
_HEAD = ("Scenario", "Cases", "Outcome", "Seconds", "Figures")
_TEXT = """\
# What was seen on a real cluster

{note}

Is it true that a commit to Git becomes running workspaces, and that no mistake in Git loses your work? `make
test-cluster` starts a Kubernetes cluster of its own, with real Flux, external-secrets and OpenCode, and tries.
Each line below is one test, in its own words. What is played by a stand-in, and how to run it yourself, is in
[tests/cluster](../tests/cluster/README.md).

{summary}

The tests run in three parts side by side, each with a cluster of its own, so that some figures are there more than
once. "Seconds" are those of the test alone: what several tests share is prepared before the first of them.

{facts}
{parts}"""


def scenarios(folder: Path = FOLDER, root: Path = ROOT) -> list[Claim]:
    """All of them, as the page lists them: the way from nothing to two workspaces comes first."""
    found = claims(folder, root)
    return sorted(found, key=lambda claim: claim.test.split(".")[-2] != "test_first")


def text(listed: Sequence[Claim], run: Run) -> str:
    """The page."""
    page = _TEXT.format(
        note=markdown.NOTE,
        summary=summary(listed, run),
        facts="".join(f"- {name}: {value}\n" for name, value in _facts(run).items()),
        parts=markdown.table(("Part", "Version"), run.versions.items()),
    )
    for group, members in groupby(listed, key=lambda claim: claim.group):
        page += f"\n## {group}\n\n"
        page += markdown.table(_HEAD, (_row(claim, run) for claim in members))
    return page


def summary(listed: Sequence[Claim], run: Run) -> str:
    """How many passed, when, for how long, and where."""
    passed = len(listed) - len(unproven(listed, run))
    all_of = "All" if passed == len(listed) else f"{passed} of"
    minutes, seconds = divmod(round(run.seconds), 60)
    machine = run.facts.get(_MACHINE, "a machine that was not recorded")
    return (
        f"**{all_of} {len(listed)} scenarios passed** on {markdown.days(run.dates)}, in {minutes} min {seconds} s "
        f"on {machine}." + markdown.others_failed(run.failed_besides(each.test for each in listed))
    )


def unproven(listed: Sequence[Claim], run: Run) -> list[str]:
    """What did not pass, a sentence each."""
    tallies = [(claim, run.tally([claim.test])) for claim in listed]
    return [f"{claim.sentence}: {tally.shortfall}" for claim, tally in tallies if tally.shortfall]


def _facts(run: Run) -> dict[str, str]:
    return {
        name: value
        for name, value in run.facts.items()
        if name != _MACHINE and not is_version(name)
    }


def _row(claim: Claim, run: Run) -> tuple[str, ...]:
    cases = run.of([claim.test])
    shortfall = run.tally([claim.test]).shortfall
    return (
        claim.sentence,
        ", ".join(case.parameters for case in cases if case.parameters),
        f"**{shortfall}**" if shortfall else "passed",
        markdown.number(sum(case.seconds for case in cases)) if cases else "",
        figures(cases),
    )


def figures(cases: Sequence[Case]) -> str:
    """What the cases recorded, by name; several values of one name beside each other."""
    recorded: dict[str, list[str]] = {}
    for case in cases:
        for name, value in case.figures:
            if not is_version(name):
                recorded.setdefault(name, []).append(value)
    return "; ".join(
        f"{name}: {', '.join(dict.fromkeys(values))}" for name, values in recorded.items()
    )
