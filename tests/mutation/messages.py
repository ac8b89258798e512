"""What the process that decides and the processes that try mutants say to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Trace = Literal["", "shell", "python"]
Broken = Literal["", "hung", "ended"]


@dataclass(frozen=True)
class Task:
    """Tests to run while some files have other texts.

    writes: texts by path relative to the project's root. tests: numbers of the tests, in order.
    limits: seconds after which each is given up. trace: what to note of the lines that are reached.
    until_failure: whether the first test that fails ends it. lasting: whether the process that ran an
    earlier task may run it, too.
    """

    writes: Mapping[str, str]
    tests: tuple[int, ...]
    limits: tuple[float, ...]
    trace: Trace = ""
    until_failure: bool = True
    lasting: bool = False


@dataclass(frozen=True)
class Outcome:
    """One test of a task.

    failure: empty when it passed. reached: (file, offset or line) of what it reached, if asked.
    broken: `hung` when it was given up, `ended` when its process was gone: neither is an answer.
    """

    test: int
    failure: str
    seconds: float
    reached: frozenset[tuple[str, int]] = frozenset()
    broken: Broken = ""
