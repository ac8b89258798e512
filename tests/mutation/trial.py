"""Tries mutants: first the tests on the intact project, then each mutant against them."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.mutation.choice import Choice
from tests.mutation.equivalents import Key
from tests.mutation.messages import Broken, Outcome, Task
from tests.mutation.mutant import Mutant
from tests.mutation.targets import Group
from tests.mutation.workers import Pool

Verdict = Literal["killed", "survived", "equivalent", "listed but killed"]

# Tests in one task of the first run: few enough that the workers end it together.
_BATCH = 60
_LIMIT_SECONDS = 120.0
# How much more time a test gets that was given up, or whose process ended, before that counts.
_PATIENCE = 3
# Tests that a mutant has to survive to stay on the list of equivalent ones: the likeliest.
_GLANCE = 15


@dataclass(frozen=True)
class Result:
    """What became of a mutant.

    test: the node id of the test that noticed it; else empty. broken: how, when not by failing.
    """

    group: Group
    mutant: Mutant
    verdict: Verdict
    test: str
    broken: Broken = ""


class BaselineError(Exception):
    """A test fails with the intact project, so that it could not tell a mutant from it."""


def baseline(pool: Pool, groups: Sequence[Group], choice: Choice) -> Iterator[str]:
    """Runs the tests of `groups` with the intact project; yields the name of each that is done.

    Raises BaselineError when one fails.
    """
    batches: list[tuple[Group, list[int]]] = []
    planned: set[int] = set()
    # What is traced comes first: for those that only want to know how long a test takes it does, too.
    for group in sorted(groups, key=lambda group: not group.trace):
        tests = [test for test in choice.of_group(group) if test not in planned]
        planned.update(tests)
        batches += [(group, tests[i : i + _BATCH]) for i in range(0, len(tests), _BATCH)]
    keys = range(len(batches))

    def task(key: int) -> Task:
        group, tests = batches[key]
        limits = (_LIMIT_SECONDS,) * len(tests)
        return Task({}, tuple(tests), limits, group.trace, until_failure=False)

    for _, outcomes in pool.map(keys, task):
        for outcome in outcomes:
            if outcome.failure:
                name = choice.names[outcome.test]
                raise BaselineError(f"{name} fails with the intact project:\n{outcome.failure}")
        choice.learn(outcomes)
        yield from (choice.names[outcome.test] for outcome in outcomes)


def judge(
    pool: Pool,
    trials: Sequence[tuple[Group, Mutant]],
    choice: Choice,
    listed: Collection[Key],
    limit: int | None = None,
) -> Iterator[Result]:
    """Tries each mutant, and says what became of it; `listed` are those known as equivalent.

    One that hangs or ends the tests' process is tried once more, in a process of its own and with
    more time: on a busy machine that may be no answer. limit: only so many tests for each.
    """

    tasks: dict[int, Task] = {}
    again: deque[int] = deque()

    def keys() -> Iterator[int]:
        for key in range(len(trials)):
            yield from _taken(again)
            yield key

    def task(key: int) -> Task:
        group, mutant = trials[key]
        most = _GLANCE if mutant.key in listed else limit
        if key not in tasks:
            tasks[key] = choice.task(group, mutant, limit=most)
        return tasks[key]

    def result(key: int, killer: Outcome | None) -> Result:
        group, mutant = trials[key]
        verdict = _verdict(killer is not None, mutant.key in listed)
        if killer is None:
            return Result(group, mutant, verdict, "")
        if not killer.broken:
            choice.killed(mutant, killer)
        return Result(group, mutant, verdict, choice.names[killer.test], killer.broken)

    repeated: set[int] = set()
    # The second time: those that the last of the first have become.
    for each in (keys(), _taken(again)):
        for key, outcomes in pool.map(each, task):
            killer = _killer(outcomes)
            if killer and killer.broken and key not in repeated:
                tasks[key] = _patient(tasks[key], killer)
                repeated.add(key)
                again.append(key)
            else:
                yield result(key, killer)


def _taken(queue: deque[int]) -> Iterator[int]:
    """What is in the queue, taken out of it."""
    while queue:
        yield queue.popleft()


def _patient(task: Task, broken: Outcome) -> Task:
    """The rest of the task from the test that broke it, with more time, in a process of its own."""
    first = task.tests.index(broken.test)
    limits = tuple(limit * _PATIENCE for limit in task.limits[first:])
    return dataclasses.replace(task, tests=task.tests[first:], limits=limits, lasting=False)


def _killer(outcomes: Sequence[Outcome]) -> Outcome | None:
    return next((outcome for outcome in outcomes if outcome.failure), None)


def _verdict(killed: bool, listed: bool) -> Verdict:
    if killed:
        return "listed but killed" if listed else "killed"
    return "equivalent" if listed else "survived"


def every(groups: Sequence[Group], root: Path) -> list[tuple[Group, Mutant]]:
    """All mutants of `groups` of the project at `root`."""
    return [(group, mutant) for group in groups for mutant in group.mutants(root)]
