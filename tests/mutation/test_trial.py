"""Is what became of a mutant judged and counted as it happened?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from tests.mutation import report, trial
from tests.mutation.choice import Choice
from tests.mutation.messages import Broken, Outcome, Task
from tests.mutation.mutant import Change, mutants
from tests.mutation.targets import Group
from tests.mutation.trial import Result

NAMES = ("tests/a.py::quick", "tests/a.py::other")
GROUP = Group("some", (), lambda text: iter(()), ("tests",), lasting=True)
(MUTANT,) = mutants("f", "a\n", [Change("op", 0, 1, "b")])


class Machine:
    """Stands in for a pool: test 0 breaks, in the first run or in `runs` runs; test 1 may fail."""

    def __init__(self, runs: int, broken: Broken, failure: str) -> None:
        self.tasks: list[Task] = []
        self._runs, self._broken, self._failure = runs, broken, failure

    def map(
        self, keys: Iterable[int], task: Callable[[int], Task]
    ) -> Iterator[tuple[int, list[Outcome]]]:
        for key in keys:
            self.tasks.append(task(key))
            if len(self.tasks) <= self._runs:
                yield key, [Outcome(0, "it took too long", 1, broken=self._broken)]
            else:
                yield key, [Outcome(0, "", 1), Outcome(1, self._failure, 1)]


def judged(machine: Any) -> Result:
    (result,) = trial.judge(machine, [(GROUP, MUTANT)], Choice(NAMES, ("a", "b")), ())
    return result


@pytest.mark.parametrize(
    ("failure", "verdict", "test"), [("failed", "killed", NAMES[1]), ("", "survived", "")]
)
def test_a_mutant_that_hangs_once_is_judged_by_what_happens_with_more_time(
    failure: str, verdict: str, test: str
) -> None:
    machine = Machine(1, "hung", failure)
    result = judged(machine)
    assert (result.verdict, result.test, result.broken) == (verdict, test, "")
    first, again = machine.tasks
    assert again.tests == first.tests
    assert all(more > limit for more, limit in zip(again.limits, first.limits, strict=True))
    assert not again.lasting, "it shares a process with others"


@pytest.mark.parametrize("broken", ["hung", "ended"])
def test_a_mutant_that_hangs_or_ends_the_process_twice_is_killed_and_counted_as_such(
    broken: Broken,
) -> None:
    result = judged(Machine(2, broken, ""))
    assert (result.verdict, result.broken) == ("killed", broken)
    assert report.counts([result])["some"][broken] == 1


def test_the_table_has_a_row_for_each_group_and_one_for_all() -> None:
    results = [Result(GROUP, MUTANT, "killed", NAMES[0]), Result(GROUP, MUTANT, "survived", "")]
    other = Group("other", (), GROUP.changes, ())
    results += [Result(other, MUTANT, "killed", NAMES[0], "hung")]
    results += [Result(other, MUTANT, "equivalent", "")]
    assert report.table(report.counts(results)).splitlines() == [
        "| group | mutants | killed | hung | ended | equivalent | survived | score |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| some | 2 | 1 | 0 | 0 | 0 | 1 | 50.0 % |",
        "| other | 2 | 1 | 1 | 0 | 1 | 0 | 100.0 % |",
        "| all | 4 | 2 | 1 | 0 | 1 | 1 | 66.7 % |",
    ]


def test_what_is_kept_of_a_run_says_when_where_and_how_long() -> None:
    counts = report.counts([Result(GROUP, MUTANT, "killed", NAMES[0])])
    kept = report.record(counts, {"only": ["some"]}, "2026-01-02T03:04:05+00:00", 59.6)
    assert kept["groups"] == {"some": dict(zip(report.COLUMNS, (1, 1, 0, 0, 0, 0), strict=True))}
    assert (kept["seconds"], kept["date"]) == (60, "2026-01-02T03:04:05+00:00")
    assert kept["cores"] >= 1
