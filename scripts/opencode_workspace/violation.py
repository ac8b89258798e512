"""A place in a document that a schema refuses."""

from __future__ import annotations

import re
from typing import NamedTuple

Steps = tuple[str | int, ...]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class Violation(NamedTuple):
    """What is wrong at a place.

    pointer: keys and positions from the root of the document; empty for the root.
    message: one line; Helm's words where they are simple.
    """

    pointer: Steps
    message: str

    @property
    def json_pointer(self) -> str:
        """The place as Helm prints it in `at '...'` (RFC 6901)."""
        steps = (str(step).replace("~", "~0").replace("/", "~1") for step in self.pointer)
        return "".join(f"/{step}" for step in steps)

    @property
    def order(self) -> tuple[object, ...]:
        """Sort key: by place, positions in a list by number, then by message."""
        steps = ((0, step, "") if isinstance(step, int) else (1, 0, step) for step in self.pointer)
        return (tuple(steps), self.message)


def values_path(pointer: Steps) -> str:
    """The place as a chart's documentation writes it: `persistence.config.annotations["a/b"][0]`."""
    parts: list[str] = []
    for step in pointer:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif _NAME.fullmatch(step):
            parts.append(f".{step}" if parts else step)
        else:
            parts.append(f'["{step}"]')
    return "".join(parts)
