"""Amounts of a resource, as Kubernetes writes them."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import Any

_QUANTITY = re.compile(
    r"(?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))"
    # An exponent of four digits is no amount of anything.
    r"(?P<unit>[numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,3})?"
)
_UNITS = {
    **{unit: Fraction(1000) ** power for unit, power in zip("num", (-3, -2, -1), strict=True)},
    **{unit: Fraction(1000) ** power for power, unit in enumerate("kMGTPE", 1)},
    **{f"{unit}i": Fraction(1024) ** power for power, unit in enumerate("KMGTPE", 1)},
}


def amount(value: Any) -> Fraction | None:
    """What a quantity stands for; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return _amount(str(value))


@lru_cache(maxsize=1024)
def _amount(text: str) -> Fraction | None:
    match = _QUANTITY.fullmatch(text)
    if match is None:
        return None
    number, unit = Fraction(match["number"].rstrip(".")), match["unit"] or ""
    if unit and unit not in _UNITS:
        return number * Fraction(10) ** int(unit[1:])
    return number * _UNITS.get(unit, 1)
