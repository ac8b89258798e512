"""A mutant: one small change to one file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """`text[start:end]` of a file replaced by `new`.

    file: path relative to the project's root. start, end: offsets into its text, in characters.
    operator: what kind of change it is. text: the file as it is.
    """

    file: str
    operator: str
    start: int
    end: int
    new: str
    text: str

    @property
    def mutated(self) -> str:
        """The whole file with the change in it."""
        return self.text[: self.start] + self.new + self.text[self.end :]

    @property
    def number(self) -> int:
        """Line where the change begins, from 1."""
        return self.text.count("\n", 0, self.start) + 1

    @property
    def line(self) -> str:
        """That line as it is, without the blanks around it."""
        return _line(self.text, self.start)

    @property
    def becomes(self) -> str:
        """That line as it would be; where it is gone, the one that takes its place."""
        return _line(self.mutated, self.start)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What names it whatever is added above it: file, operator, and both lines."""
        return (self.file, self.operator, self.line, self.becomes)

    def around(self, lines: int) -> str:
        """The changed part with so many lines above and below it."""
        every = self.text.splitlines()
        last = self.text.count("\n", 0, self.end) + 1
        return "\n".join(every[max(0, self.number - 1 - lines) : last + lines])

    def __str__(self) -> str:
        return f"{self.file}:{self.number}: {self.operator}\n  - {self.line}\n  + {self.becomes}"


@dataclass(frozen=True)
class Change:
    """What an operator proposes for a text; `start`, `end` and `new` as in Mutant."""

    operator: str
    start: int
    end: int
    new: str


def mutants(file: str, text: str, changes: Iterable[Change]) -> Iterator[Mutant]:
    """A mutant for each of `changes` that changes something, each once."""
    seen = set()
    for change in changes:
        mutant = Mutant(file, change.operator, change.start, change.end, change.new, text)
        made = hash(mutant.mutated)
        if mutant.mutated != text and made not in seen:
            seen.add(made)
            yield mutant


def _line(text: str, offset: int) -> str:
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    return text[start : end if end >= 0 else len(text)].strip()
