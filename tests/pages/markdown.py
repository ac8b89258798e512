"""The little Markdown that the pages are made of, and are read from again."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence

NOTE = "<!-- Written by `make proof` from the results of the tests. -->"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; columns with nothing in them are left out."""
    rows = list(rows)
    used = [n for n in range(len(head)) if n == 0 or any(row[n] for row in rows)]
    lines = [[head[n] for n in used], ["---" for _ in used]]
    lines += [[_cell(row[n]) for n in used] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def rows(text: str) -> list[tuple[str, str]]:
    """Heading and first cell of every row of the tables below headings of the second level."""
    found, heading, in_body = [], "", False
    for line in text.splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ")
        elif line.startswith("| ---"):
            in_body = True
        elif not line.startswith("|"):
            in_body = False
        elif in_body and heading:
            first = re.split(r"(?<!\\)\|", line)[1].strip()
            found.append((heading, first.replace("\\|", "|")))
    return found


def number(seconds: float) -> str:
    """Seconds with as many digits as a reader wants."""
    return f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.1f}"


def days(dates: Sequence[datetime.date]) -> str:
    """One day, or the first and the last of several."""
    first, last = (f"{date.day} {date:%B %Y}" for date in (min(dates), max(dates)))
    return first if first == last else f"{first} to {last}"


def others_failed(count: int) -> str:
    """A sentence about failures that have no row; nothing when there is none."""
    return f" **Of the other tests of these runs {count} failed.**" if count else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
