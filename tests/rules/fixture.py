"""One mistake, or one thing that is none, as edits of the shipped tree."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opencode_workspace import yamlio
from opencode_workspace.rules.finding import Finding, rules

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Expected:
    """A finding that must be there. at: text that its line holds, from the line that `message` is told for."""

    file: str
    at: str
    message: str
    rule: str
    severity: str = ""

    def is_met_by(self, finding: Finding, project: Path) -> bool:
        """Whether `finding` is the one."""
        return (
            finding.rule == self.rule
            and finding.path == project / self.file
            and self.message in finding.message
            and self.at in finding.path.read_text().splitlines()[finding.line - 1]
            and self.severity in ("", finding.severity)
        )


@dataclass(frozen=True)
class Fixture:
    """A file of a folder beside this one. rule: the one whose id its name begins with, if any.

    unless: further edits after which the rule must find something, where it could not fire without the first.
    """

    name: str
    rule: str
    edits: list[dict[str, Any]]
    expected: list[Expected] = field(default_factory=list)
    unless: list[dict[str, Any]] = field(default_factory=list)

    def apply(self, project: Path) -> None:
        """Makes the edits; each replaced text must be there once."""
        self._make(self.edits, project)

    def spoil(self, project: Path) -> None:
        """Makes the edits of `unless`."""
        self._make(self.unless, project)

    def _make(self, edits: list[dict[str, Any]], project: Path) -> None:
        for edit in edits:
            path = project / edit["file"]
            _own(project, path)
            if edit.get("remove"):
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            if "text" in edit:
                path.write_text(edit["text"])
                continue
            text, old = path.read_text(), edit["replace"]
            count = text.count(old)
            assert count == 1, f"{self.name}: {count} times {old!r} in {edit['file']}, not once"
            path.write_text(text.replace(old, edit["with"]))


def _own(project: Path, path: Path) -> None:
    """Puts a copy where a folder above `path` is a link: an edit must not reach the repository."""
    for folder in path.parents:
        if folder.is_relative_to(project) and folder.is_symlink():
            original = folder.resolve()
            folder.unlink()
            shutil.copytree(original, folder)


def fixtures(kind: str) -> list[Fixture]:
    """The fixtures of the folder `kind`, by name."""
    return [_read(path) for path in sorted((FOLDER / kind).glob("*.yaml"))]


def _read(path: Path) -> Fixture:
    content = yamlio.load_one(path)
    rule = max((r for r in rules() if path.stem.startswith(r)), key=len, default="")
    expected = [Expected(**{"rule": rule, **entry}) for entry in content.get("expected", [])]
    return Fixture(path.stem, rule, content["edits"], expected, content.get("unless", []))
