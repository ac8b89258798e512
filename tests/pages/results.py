"""What happened in a run of the tests, read from the JUnit XML that pytest wrote."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

Outcome = Literal["passed", "failed", "not run"]

_VERSION = "version of "


@dataclass(frozen=True)
class Case:
    """A test with one set of parameters. test: its module and function, with dots between.

    figures: what it recorded, as pairs of a name and a value in words.
    """

    test: str
    parameters: str
    outcome: Outcome
    seconds: float
    figures: tuple[tuple[str, str], ...] = ()

    def recorded(self, name: str) -> list[str]:
        """The values that were recorded under a name."""
        return [value for known, value in self.figures if known == name]


@dataclass(frozen=True)
class Tally:
    """How often cases passed, failed, and were not run."""

    passed: int
    failed: int
    not_run: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.passed + self.failed + self.not_run

    @property
    def shortfall(self) -> str:
        """What kept them from passing, in words; empty when all passed."""
        counts = {"failed": self.failed, "not run": self.not_run}
        told = [
            name if self.total == 1 else f"{count} {name}"
            for name, count in counts.items()
            if count
        ]
        return ", ".join(told) + (f" of {self.total}" if told and self.total > 1 else "")


@dataclass(frozen=True)
class Run:
    """One or more runs of pytest. dates: of their starts. facts: of the run as a whole, by name.

    seconds: from the first start to the last end.
    """

    cases: tuple[Case, ...]
    dates: tuple[datetime.date, ...]
    seconds: float
    facts: dict[str, str]

    def of(self, tests: Iterable[str]) -> list[Case]:
        """The cases of these tests."""
        wanted = set(tests)
        return [case for case in self.cases if case.test in wanted]

    def tally(self, tests: Iterable[str]) -> Tally:
        """Outcomes of these tests; one without any case counts as one that was not run."""
        tests = set(tests)
        cases = self.of(tests)
        counted = Counter(case.outcome for case in cases)
        absent = len(tests - {case.test for case in cases})
        return Tally(counted["passed"], counted["failed"], counted["not run"] + absent)

    def failed_besides(self, tests: Iterable[str]) -> int:
        """How many cases of other tests failed; what cannot be collected counts as one too."""
        own = set(tests)
        return sum(case.outcome == "failed" and case.test not in own for case in self.cases)

    @property
    def versions(self) -> dict[str, str]:
        """Versions of the programs by their names, whoever recorded them."""
        recorded = [*self.facts.items(), *(pair for case in self.cases for pair in case.figures)]
        return {
            name.removeprefix(_VERSION): value
            for name, value in sorted(recorded)
            if name.startswith(_VERSION)
        }


def is_version(name: str) -> bool:
    """Whether what is recorded under this name is a program's version."""
    return name.startswith(_VERSION)


def read(files: Sequence[Path]) -> Run:
    """The runs that wrote these files, as one. OSError, ParseError: a file is missing or damaged."""
    suites = [suite for file in files for suite in ElementTree.parse(file).getroot()]
    cases: dict[tuple[str, str], Case] = {}
    for element in (element for suite in suites for element in suite.iter("testcase")):
        case = _case(element)
        known = cases.get((case.test, case.parameters))
        # A test that fails and whose fixtures fail afterwards is there twice.
        if known is None or known.outcome == "passed":
            cases[case.test, case.parameters] = case
    starts = [datetime.datetime.fromisoformat(suite.get("timestamp", "")) for suite in suites]
    lengths = [datetime.timedelta(seconds=float(suite.get("time", "0"))) for suite in suites]
    ends = [start + length for start, length in zip(starts, lengths, strict=True)]
    return Run(
        tuple(cases.values()),
        tuple(sorted({start.date() for start in starts})),
        (max(ends) - min(starts)).total_seconds(),
        _facts(suites),
    )


def _facts(suites: Iterable[ElementTree.Element]) -> dict[str, str]:
    """Of runs that recorded different values under one name, all values."""
    recorded: dict[str, list[str]] = {}
    for name, value in (pair for suite in suites for pair in _properties(suite)):
        recorded.setdefault(name, []).append(value)
    return {name: ", ".join(dict.fromkeys(values)) for name, values in recorded.items()}


def _case(element: ElementTree.Element) -> Case:
    name, _, parameters = element.get("name", "").partition("[")
    outcome: Outcome = "passed"
    if element.find("failure") is not None or element.find("error") is not None:
        outcome = "failed"
    elif element.find("skipped") is not None:
        outcome = "not run"
    test = f"{element.get('classname')}.{name}"
    seconds = float(element.get("time", "0"))
    return Case(test, parameters.removesuffix("]"), outcome, seconds, tuple(_properties(element)))


def _properties(element: ElementTree.Element) -> list[tuple[str, str]]:
    found = element.findall("properties/property")
    return [(entry.get("name", ""), entry.get("value", "")) for entry in found]
