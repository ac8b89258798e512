"""Does `check` say when it could not look at everything?"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from opencode_workspace import helmembedded
from opencode_workspace.rules import schemas
from tests.support.command import Command

NO_HELM = "releases were not rendered: Helm is not installed. Install Helm"
NO_SCHEMAS = "Run `pip install kubernetes-validate`"
NO_CHART = "the chart is not beside the tree"
NO_WORKSPACE = "no workspace was found in"


@pytest.fixture
def bare(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The surroundings that `pip install opencode-workspace` makes: neither Helm nor schemas."""
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv("HELM_BIN", raising=False)
    monkeypatch.setattr(helmembedded, "is_installed", lambda: False)
    for module in ("check", "rules.schemas"):
        monkeypatch.setattr(f"opencode_workspace.{module}.is_available", lambda: False)
    schemas._violations.cache_clear()


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
@pytest.mark.usefixtures("bare")
def test_without_helm_and_schemas_it_exits_with_2_and_says_what_to_install(
    form: str, command: Command
) -> None:
    result = command("check", "--format", form)
    assert result.code == 2
    for what in (NO_HELM, NO_SCHEMAS):
        assert sum(line.startswith("error: ") and what in line for line in result.err.splitlines())


@pytest.mark.usefixtures("bare")
def test_an_error_is_told_although_not_everything_was_looked_at(
    project: Path, command: Command
) -> None:
    path = project / "flux/apps/opencode/opencode-ha/ks.yaml"
    path.write_text(path.read_text().replace("timeout: 20m", "timeout: 5m"))
    result = command("check")
    assert result.code == 2
    assert "[short-timeout]" in result.out


@pytest.mark.usefixtures("bare")
def test_github_shows_what_was_not_looked_at_first_and_as_errors(command: Command) -> None:
    renders, objects, *findings = command("check", "--format", "github").out.splitlines()
    assert renders.startswith(f"::error title=opencode-workspace check::{NO_HELM}")
    assert objects.startswith("::error title=opencode-workspace check::")
    assert NO_SCHEMAS in objects
    assert all(line.startswith("::warning file=") for line in findings)


@pytest.mark.usefixtures("bare")
def test_json_lists_what_was_not_looked_at(command: Command) -> None:
    report = json.loads(command("check", "--format", "json").out)
    renders, objects = report["unchecked"]
    assert NO_HELM in renders
    assert NO_SCHEMAS in objects
    assert report["notes"] == []


@pytest.mark.usefixtures("bare")
def test_sarif_says_that_the_run_was_not_successful(command: Command) -> None:
    (run,) = json.loads(command("check", "--format", "sarif").out)["runs"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [one["level"] for one in invocation["toolExecutionNotifications"]] == ["error", "error"]
    assert NO_HELM in invocation["toolExecutionNotifications"][0]["message"]["text"]


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_with_both_it_exits_with_0_and_has_nothing_to_remark(form: str, command: Command) -> None:
    result = command("check", "--format", form)
    assert (result.code, result.err) == (0, "")
    for what in (NO_HELM, NO_SCHEMAS, NO_CHART, NO_WORKSPACE):
        assert what not in result.out


@pytest.mark.parametrize(
    ("folder", "form", "told"),
    [
        ("flux", "text", f"note: {NO_CHART}"),
        ("flux", "github", f"::warning title=opencode-workspace check::{NO_CHART}"),
        ("flux", "json", NO_CHART),
        ("flux", "sarif", NO_CHART),
        ("empty", "text", NO_WORKSPACE),
        ("empty", "github", "::warning title=opencode-workspace check::no workspace was found in "),
    ],
)
def test_what_lies_elsewhere_is_a_note_and_no_failure(
    folder: str, form: str, told: str, project: Path, command: Command
) -> None:
    (project / "empty").mkdir()
    shutil.rmtree(project / "charts")
    result = command("check", folder, "--format", form)
    assert (result.code, result.err) == (0, "")
    assert told in result.out


def test_a_chart_that_lies_elsewhere_does_not_make_sarif_call_the_run_failed(
    project: Path, command: Command
) -> None:
    shutil.rmtree(project / "charts")
    (run,) = json.loads(command("check", "--format", "sarif").out)["runs"]
    assert run["invocations"][0]["executionSuccessful"] is True
