"""How a cost grows with the workspaces, from runs of different sizes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Result = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """A cost that grows with the workspaces: `base` once and `each` for every one."""

    base: float
    each: float

    def at(self, workspaces: int) -> float:
        """The cost of so many."""
        return self.base + self.each * workspaces


def line(of: Callable[[Result], float], small: Result, large: Result) -> Line:
    """Through two measured results."""
    span = large["workspaces"] - small["workspaces"]
    each = (of(large) - of(small)) / span
    return Line(of(small) - each * small["workspaces"], each)


@dataclass(frozen=True)
class Curve:
    """A cost of `each` for every workspace, and of `pair` for every two: each looks at all."""

    each: float
    pair: float

    def at(self, workspaces: int, among: int | None = None) -> float:
        """The cost of so many workspaces, each of which looks at `among`, by default at as many."""
        return workspaces * (self.each + self.pair * (among or workspaces))

    def affordable(self, cost: float) -> float:
        """How many workspaces cost that much."""
        return (math.sqrt(self.each**2 + 4 * self.pair * cost) - self.each) / (2 * self.pair)


def curve(of: Callable[[Result], float], small: Result, large: Result) -> Curve:
    """Through nothing and two measured results."""
    few, many = (of(result) / result["workspaces"] for result in (small, large))
    pair = (many - few) / (large["workspaces"] - small["workspaces"])
    return Curve(few - pair * small["workspaces"], pair)
