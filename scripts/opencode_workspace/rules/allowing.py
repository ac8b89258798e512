"""Findings that a comment in the file allows: `opencode-workspace: allow RULE`, with commas between several.

It stands on the line of the finding, or alone on the line above.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from opencode_workspace.rules import texts
from opencode_workspace.rules.finding import Finding

_COMMENT = re.compile(r"opencode-workspace: allow ([a-z-]+(?:\s*,\s*[a-z-]+)*)", re.ASCII)
_ALONE = re.compile(r"\s*(?:#|//|/\*|<!--|--|;|%)+\s*opencode-workspace: allow ")


def separate(findings: Iterable[Finding]) -> tuple[set[Finding], int]:
    """The findings that no comment allows, and how many are allowed."""
    files: dict[Path, list[str]] = {}
    kept: set[Finding] = set()
    allowed: set[Finding] = set()
    for finding in findings:
        lines = files.get(finding.path)
        if lines is None:
            lines = files[finding.path] = _lines(finding.path)
        (allowed if finding.rule in _rules(lines, finding.line) else kept).add(finding)
    return kept, len(allowed)


def _lines(path: Path) -> list[str]:
    try:
        if path.stat().st_size > texts.LARGEST:
            return []
        text = path.read_text("utf-8", "replace")
    except OSError:
        return []
    # A file without the words is not cut into lines.
    return text.split("\n") if "opencode-workspace: allow " in text else []


def _rules(lines: list[str], number: int) -> set[str]:
    here = lines[number - 1 : number]
    above = [line for line in lines[max(number - 2, 0) : number - 1] if _ALONE.match(line)]
    found = (_COMMENT.search(line) for line in here + above)
    return {rule.strip() for match in found if match for rule in match[1].split(",")}
