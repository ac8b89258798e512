"""Can programs read what the check writes, and does the exit code say how it went?"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from opencode_workspace import cli
from opencode_workspace.check import Report
from opencode_workspace.report import findings
from opencode_workspace.rules.finding import Finding
from tests.support.command import Result

MISTAKE = ("  timeout: 20m", "  timeout: 5m")
ANNOTATION = re.compile(
    r"::(error|warning) file=(?P<file>[^,:]+),line=(\d+),title=[^,:]+::(?P<text>.+)"
)
# The part of the SARIF 2.1.0 schema that GitHub's code scanning reads.
SARIF: dict[str, Any] = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name", "rules"],
                                "properties": {
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "type": "object",
                                            "required": ["id", "shortDescription", "help"],
                                        },
                                    }
                                },
                            }
                        },
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["ruleId", "ruleIndex", "level", "message", "locations"],
                            "properties": {
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "message": {
                                    "type": "object",
                                    "required": ["text"],
                                    "properties": {"text": {"type": "string", "minLength": 1}},
                                },
                                "locations": {
                                    "type": "array",
                                    "minItems": 1,
                                    "items": {"$ref": "#/$defs/location"},
                                },
                            },
                        },
                    },
                },
            },
        },
    },
    "$defs": {
        "location": {
            "type": "object",
            "required": ["physicalLocation"],
            "properties": {
                "physicalLocation": {
                    "type": "object",
                    "required": ["artifactLocation", "region"],
                    "properties": {
                        "artifactLocation": {
                            "type": "object",
                            "required": ["uri"],
                            "properties": {"uri": {"type": "string", "pattern": "^[^/ ][^ ]*$"}},
                        },
                        "region": {
                            "type": "object",
                            "required": ["startLine"],
                            "properties": {"startLine": {"type": "integer", "minimum": 1}},
                        },
                    },
                }
            },
        }
    },
}


@pytest.fixture
def command(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Result]:
    """Runs `opencode-workspace check` in the project."""
    monkeypatch.chdir(project)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> Result:
        monkeypatch.setattr("sys.argv", ["opencode-workspace", "check", *arguments])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        streams = capsys.readouterr()
        assert isinstance(stopped.value.code, int)
        return Result(stopped.value.code, streams.out, streams.err)

    return run


@pytest.fixture
def mistaken(project: Path) -> Path:
    """The project with one error in it."""
    path = project / "flux/apps/opencode/opencode-ha/ks.yaml"
    path.write_text(path.read_text().replace(*MISTAKE))
    return project


def test_warnings_alone_exit_with_0(command: Callable[..., Result]) -> None:
    result = command()
    assert result.code == 0
    assert "0 errors, 5 warnings in 2 workspaces" in result.out


def test_an_error_exits_with_1(mistaken: Path, command: Callable[..., Result]) -> None:
    assert command("flux").code == 1


@pytest.mark.parametrize("path", ["nowhere", "flux/workspaces.yaml"])
def test_what_is_no_folder_exits_with_2(path: str, command: Callable[..., Result]) -> None:
    result = command(path)
    assert result.code == 2
    assert "Name the folder" in result.err
    assert "Traceback" not in result.err


def test_a_folder_without_workspaces_has_no_findings(
    project: Path, command: Callable[..., Result]
) -> None:
    (project / "empty").mkdir()
    result = command("empty")
    assert result.code == 0
    assert "0 errors, 0 warnings in 0 workspaces" in result.out


def test_text_tells_place_rule_and_remedy(mistaken: Path, command: Callable[..., Result]) -> None:
    lines = [line.strip() for line in command().out.splitlines()]
    heading = lines.index("flux/apps/opencode/opencode-ha/ks.yaml")
    assert lines[heading + 1] == (
        "48  error  the timeout 5m is not longer than the 10m of HelmRelease opencode-ha  "
        "[short-timeout]"
    )
    assert lines[heading + 2].startswith("Make the Kustomization's timeout longer")


def test_json_holds_every_finding(mistaken: Path, command: Callable[..., Result]) -> None:
    report = json.loads(command("--format", "json").out)
    assert report["summary"]["errors"] == 1
    (error,) = (f for f in report["findings"] if f["severity"] == "error")
    assert (error["rule"], error["path"], error["line"], error["pointer"]) == (
        "short-timeout",
        "flux/apps/opencode/opencode-ha/ks.yaml",
        48,
        "/spec/timeout",
    )
    assert error["remedy"]


def test_github_gets_one_command_a_line(mistaken: Path, command: Callable[..., Result]) -> None:
    lines = command("--format", "github").out.splitlines()
    assert len(lines) == 6
    for line in lines:
        match = ANNOTATION.fullmatch(line)
        assert match, line
        assert (mistaken / match["file"]).is_file()


def test_github_annotations_are_escaped() -> None:
    finding = Finding("100 % of\r\na, b: c", Path("a,b:c.yaml"), 3, "", "short-timeout", "error")
    text = findings.as_github(Report((finding,), 1, 1))
    assert text.count("\n") == 1
    assert "file=a%2Cb%3Ac.yaml,line=3,title=short-timeout%3A A Kustomization" in text
    assert "::100 %25 of%0D%0Aa, b: c. Make" in text


def test_sarif_has_the_structure_that_code_scanning_reads(
    mistaken: Path, command: Callable[..., Result]
) -> None:
    log = json.loads(command("--format", "sarif").out)
    Draft202012Validator(SARIF).validate(log)
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(run["results"]) == 6
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]


def test_the_sarif_structure_refuses_a_log_without_lines() -> None:
    location = {"physicalLocation": {"artifactLocation": {"uri": "a.yaml"}}}
    result = {"ruleId": "a", "ruleIndex": 0, "level": "error", "message": {"text": "a"}}
    run = {
        "tool": {"driver": {"name": "a", "rules": []}},
        "results": [{**result, "locations": [location]}],
    }
    assert not Draft202012Validator(SARIF).is_valid({"version": "2.1.0", "runs": [run]})
