"""Which tests are tried against a mutant, and in which order."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tests.mutation import shellcover
from tests.mutation.messages import Outcome, Task
from tests.mutation.mutant import Mutant
from tests.mutation.targets import Group

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]{2,}")
# Seconds. A safety net for a mutant that hangs; on a busy machine an honest test may take this long.
_PATIENCE = 1.5
_FACTOR = 5.0
# Seconds. What takes so long to fail, such as looking for the smallest example, is not tried first.
_SLOW = 5.0
# So many tests that noticed mutants nearby, and of the same kind, and that speak of the same things.
_NEAR = 4
_KIN = 3
_ALIKE = 12
_VERY_ALIKE = 2
# And so many that reach a part of it that not all reach.
_RARE = 5


@dataclass
class Choice:
    """What is known of the tests, by their number: filled by a run with the intact project.

    names, words: see Pool. seconds: how long each took. reached: what each reached.
    """

    names: Sequence[str]
    words: Sequence[str]
    seconds: dict[int, float] = field(default_factory=dict)
    reached: dict[int, frozenset[tuple[str, int]]] = field(default_factory=dict)
    # By file: where mutants begin, each with the test that noticed it; by operator: how many.
    _killers: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    _by_operator: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    # How many tests reached a place.
    _visits: Counter[tuple[str, int]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._words = [frozenset(_WORD.findall(text)) for text in self.words]
        holders = Counter(word for words in self._words for word in words)
        self._weights = {word: math.log(len(self.words) / held) for word, held in holders.items()}

    def learn(self, outcomes: Iterable[Outcome]) -> None:
        """Notes what a run with the intact project showed."""
        for outcome in outcomes:
            self.seconds[outcome.test] = outcome.seconds
            self.reached[outcome.test] = outcome.reached
            self._visits.update(outcome.reached)

    def killed(self, mutant: Mutant, outcome: Outcome) -> None:
        """Notes which test noticed a mutant: it may notice one near it or of its kind, too."""
        if outcome.seconds > _SLOW:
            return
        self._killers[mutant.file].append((mutant.start, outcome.test))
        self._by_operator[mutant.operator][outcome.test] += 1

    def of_group(self, group: Group) -> list[int]:
        """Tests in the folders of a group, in the order of the folders."""
        return [
            number
            for folder in group.tests
            for number, name in enumerate(self.names)
            if name.startswith(folder)
        ]

    def task(self, group: Group, mutant: Mutant, *, limit: int | None) -> Task:
        """The tests that reach `mutant`, the likely and quick ones first.

        limit: only so many of them.
        """
        candidates = self._that_reach(group, mutant)
        near, kin = self._known(mutant, set(candidates))
        known = [*near[:_NEAR], *kin[:_KIN]]
        rare = self._rare(group, mutant, candidates)[:_RARE]
        # Those that have most rare words in common with it; the broadest ones; those of any use; all.
        likeness = self._likeness(mutant)
        alike = sorted(candidates, key=lambda test: -likeness(test))
        broad = [test for test in alike if group.first and self.names[test].startswith(group.first)]
        first = [
            *known[:1],
            *rare,
            *alike[:_VERY_ALIKE],
            *known,
            *alike[:_ALIKE],
            *broad,
            *near,
            *kin,
        ]
        tests = tuple(dict.fromkeys([*first, *alike]))[:limit]
        limits = tuple(_PATIENCE + _FACTOR * self.seconds.get(test, 1) for test in tests)
        return Task({mutant.file: mutant.mutated}, tests, limits, lasting=group.lasting)

    def _known(self, mutant: Mutant, candidates: set[int]) -> tuple[list[int], list[int]]:
        """Tests that noticed mutants of its file, the nearest first, and others that did of its kind."""
        killers = sorted(self._killers[mutant.file], key=lambda k: abs(k[0] - mutant.start))
        near = dict.fromkeys(test for _, test in killers if test in candidates)
        often = self._by_operator[mutant.operator].most_common()
        kin = [test for test, _ in often if test in candidates and test not in near]
        return [*near], kin

    def _likeness(self, mutant: Mutant) -> Callable[[int], float]:
        """How many rare words a test has in common with a mutant's line, for its length."""
        near = set(_WORD.findall(mutant.around(0)))
        far = set(_WORD.findall(mutant.around(3))) - near
        weights = {word: self._weights.get(word, 0) / 3 for word in far}
        weights |= {word: self._weights.get(word, 0) for word in near}

        def likeness(test: int) -> float:
            shared = sum(weights[word] for word in weights.keys() & self._words[test])
            return shared / math.sqrt(1 + self.seconds.get(test, 0) * 10)

        return likeness

    def _rare(self, group: Group, mutant: Mutant, candidates: Sequence[int]) -> list[int]:
        """Those that reach a part of a mutant's statement that others do not, the fewest first."""
        if group.trace != "shell":
            return []
        inside = {(mutant.file, at) for at in shellcover.inside(mutant.text, mutant.start)}
        found: dict[int, int] = {}
        for test in candidates:
            visits = [self._visits[at] for at in inside & self.reached.get(test, frozenset())]
            if visits and min(visits) < len(candidates):
                found[test] = min(visits)
        return sorted(found, key=lambda test: (found[test], self.seconds.get(test, 0)))

    def _that_reach(self, group: Group, mutant: Mutant) -> list[int]:
        tests = self.of_group(group)
        if group.trace == "shell":
            offsets = shellcover.offsets_of(mutant.text, mutant.start)
            if offsets is not None:
                wanted = {(mutant.file, offset) for offset in offsets}
                return [test for test in tests if wanted & self.reached.get(test, frozenset())]
            name = mutant.file.rpartition("/")[2]
            return [
                test for test in tests if self._runs(test, mutant.file) or name in self.words[test]
            ]
        if group.trace == "python":
            last = mutant.text.count("\n", 0, mutant.end) + 1
            wanted = {(mutant.file, line) for line in range(mutant.number, last + 1)}
            found = [test for test in tests if wanted & self.reached.get(test, frozenset())]
            # Outside of a function a line runs once, when the module is loaded.
            return found or [test for test in tests if self._runs(test, mutant.file)]
        return tests

    def _runs(self, test: int, file: str) -> bool:
        return any(name == file for name, _ in self.reached.get(test, ()))
