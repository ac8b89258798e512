"""What a rule is, and what it finds."""

from __future__ import annotations

import functools
import importlib.resources
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from opencode_workspace import yamlio

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Rule:
    """One entry of `rules.yaml`.

    id: kebab-case, never changed. title: one line. why: whose rule it is. remedy: an imperative sentence.
    """

    id: str
    severity: Severity
    title: str
    why: str
    remedy: str


class Finding(NamedTuple):
    """One mistake at one place.

    message: one line without a full stop. path: the file. line: from 1. pointer: JSON pointer into the
    document, where there is one. rule, severity: filled in by the engine when empty.
    """

    message: str
    path: Path
    line: int = 1
    pointer: str = ""
    rule: str = ""
    severity: str = ""

    @property
    def is_error(self) -> bool:
        """Whether it decides the exit code."""
        return self.severity == "error"

    @property
    def order(self) -> tuple[str, int, str, str]:
        """Sort key: by place, then by rule."""
        return (str(self.path), self.line, self.rule, self.message)


@functools.cache
def rules() -> dict[str, Rule]:
    """Every rule by its id, in the order of the documentation."""
    folder = importlib.resources.files("opencode_workspace.rules")
    entries = yamlio.parse(folder.joinpath("rules.yaml").read_text("utf-8"), "rules.yaml")[0]
    return {entry["id"]: Rule(**entry) for entry in entries}
