"""Plain data: dict with str keys, list, str, int, float, bool and None, as JSON and YAML have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def copied(value: Any) -> Any:
    """A copy that shares nothing with `value`; several times faster than copy.deepcopy."""
    # Most values are scalars, and most mappings dicts: asking for these first halves the time.
    if value.__class__ is str:
        return value
    if value.__class__ is dict or isinstance(value, Mapping):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copied(item) for item in value]
    return value


def overlay(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """Both maps merged, `top` over `base`; a null stays, because for Helm it deletes a default of the chart."""
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = overlay(below, value)
        else:
            merged[key] = value
    return merged
