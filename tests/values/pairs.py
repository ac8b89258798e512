"""Defaults and overrides that meet in every way: by hand, named after what meets what, and by chance."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from opencode_workspace import yamlio

Pair = tuple[dict[str, Any], dict[str, Any]]

_KEYS = ("a", "b", "c", "with.dot", "with/slash")
_SCALARS: tuple[Any, ...] = ("", "text", "null", 0, 1, -7, True, False)
_DEPTH = 4


def written() -> dict[str, Pair]:
    """The pairs of pairs.yaml by name."""
    found: dict[str, dict[str, Any]] = yamlio.load_one(Path(__file__).parent / "pairs.yaml")
    return {name: (case["defaults"], case["overrides"]) for name, case in found.items()}


def drawn(seed: int, count: int, *, null_defaults: bool) -> dict[str, Pair]:
    """`count` pairs that follow from `seed`; few keys, so that most of them meet.

    null_defaults: whether a default may be null, which Helm 3 treats in a way of its own.
    """
    chance = random.Random(seed)
    return {
        f"drawn-{number}": (
            _map(chance, _DEPTH, nulls=null_defaults),
            _map(chance, _DEPTH, nulls=True),
        )
        for number in range(count)
    }


def _map(chance: random.Random, depth: int, *, nulls: bool) -> dict[str, Any]:
    keys = [key for key in _KEYS if chance.random() < 0.6]
    return {key: _value(chance, depth - 1, nulls=nulls) for key in keys}


def _value(chance: random.Random, depth: int, *, nulls: bool) -> Any:
    kind = chance.choice(("map", "map", "list", "scalar", "null") if depth else ("scalar", "null"))
    if kind == "map":
        return _map(chance, depth, nulls=nulls)
    if kind == "list":
        # What is in a list is never merged, so a null in it stays.
        return [_value(chance, 1, nulls=True) for _ in range(chance.randint(0, 2))]
    return None if kind == "null" and nulls else chance.choice(_SCALARS)
