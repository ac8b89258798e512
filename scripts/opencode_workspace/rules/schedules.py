"""Which schedules VolSync takes: those that both its definition and its cron library accept."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_WORDS = ("@annually", "@yearly", "@monthly", "@weekly", "@daily", "@hourly")
_ZONE = re.compile(r"(?:CRON_)?TZ=[^ ]* ")
_NUMBER = re.compile(r"\+?[0-9]+")
# The definition wants five of these at the end. Backwards the shortest of each leaves most for the others, and
# of the fifth its last character is enough.
_PART = r"(?:\*|[0-9](?![/,-])|[0-9]/[0-9*]|[0-9]-[0-9]|[0-9](?:,[0-9]+(?=,))*,[0-9])"
_FIVE_BACKWARDS = re.compile(rf"(?:[ \t\n\f\r]?{_PART}){{4}}[ \t\n\f\r]?[0-9*]")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class _Field(NamedTuple):
    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 6, _DAYS),
)


@lru_cache(maxsize=256)
def problem(schedule: str) -> str:
    """What is wrong with a schedule, half a sentence; empty when nothing is."""
    if schedule in _WORDS:
        return ""
    if schedule.startswith("@"):
        return f"it is none of {', '.join(_WORDS)}"
    parts = _ZONE.sub("", schedule, count=1).split()
    if len(parts) != len(_FIELDS):
        count = "one field" if len(parts) == 1 else f"{len(parts)} fields"
        return f"it has {count}, not five"
    for part, field in zip(parts, _FIELDS, strict=True):
        for one in filter(None, part.split(",")):
            found = _of_range(one, field)
            if found:
                return found
    if not _FIVE_BACKWARDS.match(schedule[::-1]):
        return "each field takes numbers, and a list, a range or a step of them"
    return ""


def _of_range(text: str, field: _Field) -> str:
    span, *step = text.split("/")
    ends = span.split("-")
    first, last = field.least, field.most
    if ends[0] not in ("*", "?"):
        numbers = [_number(end, field) for end in ends]
        if None in numbers or len(numbers) > 2:
            return f"{span!r} is no {field.name}"
        first = numbers[0] or 0
        last = (numbers[-1] or 0) if len(numbers) == 2 or not step else field.most
    if first < field.least or last > field.most:
        return f"{span} is no {field.name}; that goes from {field.least} to {field.most}"
    if first > last:
        return f"{span} ends before it begins"
    if step and (len(step) > 1 or not _NUMBER.fullmatch(step[0]) or int(step[0]) == 0):
        return f"{text} has no step of one or more"
    return ""


def _number(text: str, field: _Field) -> int | None:
    if text.lower() in field.names:
        return field.names.index(text.lower()) + field.least
    # Longer ones are out of all bounds, and Python refuses to read the longest.
    return int(text[:6]) if _NUMBER.fullmatch(text) else None
