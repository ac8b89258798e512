"""Can programs read what the check writes, and does the exit code say how it went?"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from opencode_workspace import cli
from opencode_workspace.check import Report
from opencode_workspace.report import findings
from opencode_workspace.rules.finding import Finding
from tests.rules.sarif import CODE_SCANNING, uris
from tests.support.command import Result

MISTAKE = ("  timeout: 20m", "  timeout: 5m")
ANNOTATION = re.compile(
    r"::(error|warning) file=(?P<file>[^,:]+),line=(\d+),title=[^,:]+::(?P<text>.+)"
)


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
    assert len(lines) == 7
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
    CODE_SCANNING.validate(log)
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(run["results"]) == 7
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]


@pytest.fixture(params=["clone", "linked work tree"])
def work_tree(request: pytest.FixtureRequest, mistaken: Path) -> Path:
    """The project in Git, with one error in it; a linked work tree has a file `.git`."""
    git = mistaken / ".git"
    if request.param == "clone":
        git.mkdir()
    else:
        git.write_text("gitdir: elsewhere\n")
    return mistaken


def test_in_a_subfolder_places_are_told_from_the_root_of_the_repository(
    work_tree: Path, command: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(work_tree / "flux/apps")
    wanted = "flux/apps/opencode/opencode-ha/ks.yaml"
    log = command(".", "--format", "sarif").out
    CODE_SCANNING.validate(json.loads(log))
    assert wanted in uris(log)
    assert f"file={wanted},line=48," in command(".", "--format", "github").out


def test_a_person_is_told_places_from_the_current_folder(
    work_tree: Path, command: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(work_tree / "flux/apps")
    assert "opencode/opencode-ha/ks.yaml" in command(".").out.splitlines()


def test_a_place_outside_of_the_repository_is_absolute(
    work_tree: Path, command: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    (elsewhere / ".git").mkdir()
    monkeypatch.chdir(elsewhere)
    path = work_tree / "flux/apps/opencode/opencode-ha/ks.yaml"
    log = command(str(work_tree / "flux"), "--format", "sarif").out
    CODE_SCANNING.validate(json.loads(log))
    assert path.as_uri() in uris(log)
    annotations = command(str(work_tree / "flux"), "--format", "github").out
    assert f"file={path},line=48," in annotations


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("a b:c#d.yaml", "a%20b%3Ac%23d.yaml"),
        ("ü.yaml", "%C3%BC.yaml"),
        ("\udcff.yaml", "%FF.yaml"),
        ("flux/../charts/a.yaml", "charts/a.yaml"),
    ],
)
def test_what_a_uri_may_not_hold_is_escaped(name: str, uri: str) -> None:
    finding = Finding("a", Path(name), 3, "", "short-timeout", "error")
    assert uris(findings.as_sarif(Report((finding,), 1, 1))) == [uri]
