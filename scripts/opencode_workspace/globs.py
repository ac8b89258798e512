"""Shell patterns of fluxcd/pkg/envsubst: `*`, `?`, `[a-z]`, `[^a]` and `\\x`, where `*` takes all."""

from __future__ import annotations

import re
from functools import lru_cache


def longest_prefix(data: bytes, pattern: str) -> int:
    """Number of bytes in the longest start of `data` that matches `pattern`; 0 without a match."""
    return _first_match(data, _compiled(pattern), range(len(data), 0, -1))


def shortest_prefix(data: bytes, pattern: str) -> int:
    """Number of bytes in the shortest start of `data` that matches `pattern`; 0 without a match.

    A start may end inside a character, whose bytes then count one by one.
    """
    return _first_match(data, _compiled(pattern), range(1, len(data) + 1))


def _first_match(data: bytes, expression: re.Pattern[str] | None, ends: range) -> int:
    if expression is None:
        return 0
    for end in ends:
        if expression.fullmatch(data[:end].decode("utf-8", "surrogateescape")):
            return end
    return 0


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """Regular expression for `pattern`; None if it is malformed and therefore matches nothing."""
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        at += 1
        if character == "*":
            parts.append(".*")
        elif character == "?":
            parts.append(".")
        elif character == "[":
            found = _character_class(pattern, at)
            if found is None:
                return None
            expression, at = found
            parts.append(expression)
        elif character == "\\":
            if at == len(pattern):
                return None
            parts.append(re.escape(pattern[at]))
            at += 1
        else:
            parts.append(re.escape(character))
    return re.compile("".join(parts), re.DOTALL)


def _character_class(pattern: str, at: int) -> tuple[str, int] | None:
    """Expression for the class whose `[` ends at `at`, and the position behind it."""
    negated = pattern[at : at + 1] == "^"
    at += negated
    ranges: list[str] = []
    while not (ranges and pattern[at : at + 1] == "]"):
        low = _class_character(pattern, at)
        if low is None:
            return None
        first, at = low
        last = first
        if pattern[at] == "-":
            high = _class_character(pattern, at + 1)
            if high is None:
                return None
            last, at = high
        # An upside-down range is legal and matches nothing.
        ranges.append(f"{re.escape(first)}-{re.escape(last)}" if first <= last else "")
    inner = "".join(ranges)
    if not inner:
        return ("." if negated else "(?!)"), at + 1
    return f"[{'^' if negated else ''}{inner}]", at + 1


def _class_character(pattern: str, at: int) -> tuple[str, int] | None:
    """A possibly escaped character of a class; None where the class is malformed."""
    if pattern[at : at + 1] in ("", "-", "]"):
        return None
    if pattern[at] == "\\":
        at += 1
    if at + 1 >= len(pattern):
        return None
    return pattern[at], at + 1
