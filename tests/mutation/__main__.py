"""`python -m tests.mutation`: do the tests notice a damaged chart, tree, script or generator?"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console
from rich.progress import track

from tests.mutation import equivalents, report, targets, trial
from tests.mutation.choice import Choice
from tests.mutation.mutant import Mutant
from tests.mutation.targets import Group
from tests.mutation.workers import pool, snapshot

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "build/mutation.json"
Item = TypeVar("Item")
Trial = tuple[Group, Mutant]
# Items between two lines, where nobody watches a bar.
_EVERY = 100
GROUPS = {group.name: group for group in targets.GROUPS}


@click.command(help=__doc__)
@click.option("--only", type=click.Choice(list(GROUPS)), multiple=True, help="These groups only.")
@click.option("--file", "part", default="", help="Only files whose path has this part.")
@click.option("--sample", type=click.IntRange(1), help="Only so many mutants, chosen randomly.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of that choice.")
@click.option("--tests", "limit", type=click.IntRange(1), help="A quick look: so many tests each.")
@click.option("--jobs", type=click.IntRange(1), default=5, show_default=True, help="Processes.")
def main(
    only: Iterable[str], part: str, sample: int | None, seed: int, limit: int | None, jobs: int
) -> None:
    """Exits with 1 when a mutant survives that is not listed, or equivalent.yaml is out of date."""
    console = Console(highlight=False)
    groups = [GROUPS[name] for name in only or GROUPS]
    listed = equivalents.load()
    date = datetime.now(UTC).isoformat(timespec="seconds")
    started = time.monotonic()
    results: list[trial.Result] = []
    with snapshot(ROOT) as root:
        every = trial.every(groups, root)
        trials = [(group, mutant) for group, mutant in every if part in mutant.file]
        random.Random(seed).shuffle(trials)
        # By place: what noticed a mutant is tried first against its neighbours.
        trials = sorted(trials[:sample], key=lambda item: (item[1].file, item[1].start))
        for kin in _by_trace(trials):
            for result in _tried(console, root, kin, listed, limit, jobs):
                results.append(result)
                if text := report.finding(result):
                    console.print(text, markup=False, soft_wrap=True)
    files = {mutant.file for _, mutant in every}
    concerned = [key for key in listed if not only or key[0] in files]
    stale = equivalents.stale(concerned, (mutant for _, mutant in every))
    for text in (rest := report.remedies(results, stale)):
        console.print(text, markup=False, soft_wrap=True)
    seconds = time.monotonic() - started
    counts = report.counts(results)
    options = {"only": list(only), "file": part, "sample": sample, "tests": limit, "jobs": jobs}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report.record(counts, options, date, seconds), indent=2) + "\n")
    console.print(report.table(counts), markup=False, soft_wrap=True)
    console.print(
        f"{len(results)} mutants in {seconds:.0f} s; counts in {RESULTS.relative_to(ROOT)}"
    )
    sys.exit(1 if rest else 0)


def _by_trace(trials: Sequence[Trial]) -> Iterator[list[Trial]]:
    """Trials whose tests one process can hold: what all need together makes each fork of it dear."""
    for trace in dict.fromkeys(group.trace for group, _ in trials):
        yield [item for item in trials if item[0].trace == trace]


def _tried(
    console: Console,
    root: Path,
    trials: Sequence[Trial],
    listed: Collection[equivalents.Key],
    limit: int | None,
    jobs: int,
) -> Iterator[trial.Result]:
    groups = list({group.name: group for group, _ in trials}.values())
    what = ", ".join(group.name for group in groups)
    tests = dict.fromkeys(folder for group in groups for folder in group.tests)
    with pool(root, list(tests), jobs) as workers:
        choice = Choice(workers.names, workers.words)
        for _ in _progress(console, f"{what}: tests", trial.baseline(workers, groups, choice)):
            pass
        judged = trial.judge(workers, trials, choice, listed, limit)
        yield from _progress(console, f"{what}: mutants", judged, len(trials))


def _progress(
    console: Console, what: str, items: Iterable[Item], total: int | None = None
) -> Iterator[Item]:
    """The items, with a bar in a terminal, and elsewhere with a line from time to time."""
    if console.is_terminal:
        yield from track(items, what, total, console=console)
        return
    for number, item in enumerate(items, 1):
        yield item
        if number % _EVERY == 0:
            console.print(f"{what}: {number} of {total or '…'}")


if __name__ == "__main__":
    main()
