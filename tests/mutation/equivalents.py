"""Mutants that make no difference that matters, each with the reason: equivalent.yaml."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from opencode_workspace import yamlio
from tests.mutation.mutant import Mutant

FILE = Path(__file__).with_name("equivalent.yaml")

Key = tuple[str, str, str, str]


def load(path: Path = FILE) -> dict[Key, str]:
    """Reasons by what names a mutant: file, operator, its line and what that becomes.

    The file is a list of maps with just these keys. Raises ValueError for anything else.
    """
    listed: dict[Key, str] = {}
    for entry in yamlio.load_one(path) or []:
        if set(entry) != {"file", "operator", "line", "becomes", "reason"}:
            raise ValueError(f"{path}: {entry} must have file, operator, line, becomes and reason")
        key = (entry["file"], entry["operator"], entry["line"], entry["becomes"])
        if key in listed:
            raise ValueError(f"{path}: {key} is there twice")
        listed[key] = entry["reason"]
    return listed


def stale(listed: Iterable[Key], mutants: Iterable[Mutant]) -> list[Key]:
    """Entries that name none of all `mutants`."""
    keys = {mutant.key for mutant in mutants}
    return [key for key in listed if key not in keys]
