"""Findings for programs: JSON, annotations of GitHub Actions, and SARIF."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from opencode_workspace import __version__
from opencode_workspace.check import Report
from opencode_workspace.rules.finding import Finding, Rule, rules

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_TITLE = "opencode-workspace check"


def shown(path: Path) -> str:
    """A path as a person types it: relative to the current folder when it lies below, with slashes."""
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()


def _in_repository(path: Path) -> Path:
    """A path relative to the root of the Git work tree one stands in, or to the current folder outside of any.

    That is what GitHub reads, wherever in the repository the command runs. What lies elsewhere stays absolute.
    """
    here = Path.cwd()
    root = next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)
    # Path.resolve would follow links, which the repository has under their own names.
    path = Path(os.path.normpath(here / path))
    return path.relative_to(root) if path.is_relative_to(root) else path


def as_json(report: Report) -> str:
    """One object; `findings` in the order of their places."""
    content = {
        "summary": {
            "errors": report.errors,
            "warnings": report.warnings,
            "workspaces": report.workspaces,
            "files": report.files,
        },
        "findings": [_entry(finding) for finding in report.findings],
        "unchecked": list(report.unchecked),
        "notes": list(report.notes),
        "failures": list(report.failures),
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _entry(finding: Finding) -> dict[str, Any]:
    rule = rules()[finding.rule]
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "title": rule.title,
        "message": finding.message,
        "remedy": rule.remedy,
        "path": shown(finding.path),
        "line": finding.line,
        "pointer": finding.pointer,
    }


def as_github(report: Report) -> str:
    """Workflow commands, one a line, that GitHub shows beside the lines of a pull request.

    What was not looked at is shown with the run itself; it comes first, because GitHub shows ten of a step.
    """
    commands = [f"::{level} title={_TITLE}::{_data(text)}" for level, text in _remarks(report)]
    commands += [_annotation(finding) for finding in report.findings]
    return "".join(f"{command}\n" for command in commands)


def _remarks(report: Report) -> Iterator[tuple[str, str]]:
    """What there is to say that is no finding: the level, and one line."""
    yield from (("error", text) for text in (*report.unchecked, *report.failures))
    yield from (("warning", text) for text in report.notes)


def _annotation(finding: Finding) -> str:
    rule = rules()[finding.rule]
    properties = {
        "file": _in_repository(finding.path).as_posix(),
        "line": str(finding.line),
        "title": f"{finding.rule}: {rule.title}",
    }
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{finding.severity} {listed}::{_data(f'{finding.message}. {rule.remedy}')}"


def _data(text: str) -> str:
    """Escaped as the runner unescapes the text of a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escaped as the runner unescapes a property of a command."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def as_sarif(report: Report) -> str:
    """SARIF 2.1.0, for code scanning."""
    identifiers = list(rules())
    content = {
        "$schema": _SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "opencode-workspace",
                        "semanticVersion": __version__,
                        "rules": [_descriptor(rule) for rule in rules().values()],
                    }
                },
                "columnKind": "utf16CodeUnits",
                "invocations": [
                    {
                        "executionSuccessful": report.is_complete,
                        "toolExecutionNotifications": [
                            {"level": level, "message": {"text": text}}
                            for level, text in _remarks(report)
                        ],
                    }
                ],
                "results": [_result(finding, identifiers) for finding in report.findings],
            }
        ],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _descriptor(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.remedy}."},
        "defaultConfiguration": {"level": rule.severity},
    }


def _result(finding: Finding, identifiers: list[str]) -> dict[str, Any]:
    return {
        "ruleId": finding.rule,
        "ruleIndex": identifiers.index(finding.rule),
        "level": finding.severity,
        "message": {"text": f"{finding.message}. {rules()[finding.rule].remedy}."},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(finding.path)},
                    "region": {"startLine": finding.line},
                }
            }
        ],
    }


def _uri(path: Path) -> str:
    place = _in_repository(path)
    return place.as_uri() if place.is_absolute() else quote(os.fsencode(place.as_posix()))


FORMATS: Mapping[str, Callable[[Report], str]] = {
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
}
