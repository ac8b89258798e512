"""The ways to run Helm agree, and the tests would notice if they did not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import helm, schema, yamlio
from opencode_workspace.errors import UserError
from tests.package.fixtures import minicharts
from tests.package.fixtures.tables import table
from tests.support import helmcli

RELEASE = helm.Release("app", "apps")
DRAFT = "http://json-schema.org/draft-07/schema#"
Outcome = tuple[helm.Manifest, ...] | UserError

CHARTS: dict[str, tuple[dict[str, str], list[dict[str, Any]]]] = {
    "order": (minicharts.ORDER, [{}]),
    "hooks": (minicharts.HOOKS, [{}]),
    "parent": (minicharts.PARENT, [{}, {"child": {"enabled": False}}, {"global": {"a": 1}}]),
    "ignoring": (minicharts.IGNORING, [{}]),
    "refusing": (minicharts.REFUSING, [{}, {"name": "x"}, {"count": "x"}, {"mode": "fail"}]),
}


def _outcomes(
    way: str, chart: Path, values: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> list[Outcome]:
    """What `way` makes of the chart with each of `values`; `many` is the way for hundreds."""
    jobs = [helm.Job(chart, RELEASE, value) for value in values]
    if way in helmcli.CLIS:
        monkeypatch.setenv("HELM_BIN", str(helmcli.binary(way)))
        return list(helm.outcomes(jobs, engine="cli", hooks=True))
    if way == "many":
        padding = [helm.Job(chart, RELEASE, {})] * 10
        return list(helm.outcomes([*padding, *jobs], engine="embedded", hooks=True))[10:]
    return [
        outcome for job in jobs for outcome in helm.outcomes([job], engine="embedded", hooks=True)
    ]


def _told(outcome: Outcome) -> list[Any]:
    """An outcome in a form that can be compared."""
    if isinstance(outcome, UserError):
        return sorted(str(outcome).splitlines())
    return [(manifest.source, manifest.document) for manifest in outcome]


@pytest.mark.parametrize(
    "way", ["many", *(pytest.param(cli, marks=pytest.mark.slow) for cli in helmcli.CLIS)]
)
@pytest.mark.parametrize("name", CHARTS)
def test_engines_make_the_same_of_a_chart(
    name: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, values = CHARTS[name]
    chart = minicharts.write(files, tmp_path)
    wanted = _outcomes("embedded", chart, values, monkeypatch)
    found = _outcomes(way, chart, values, monkeypatch)
    assert [_told(outcome) for outcome in found] == [_told(outcome) for outcome in wanted]


@pytest.mark.parametrize("way", ["many", *helmcli.EACH_CLI])
def test_engines_make_the_same_of_the_projects_chart(
    way: str, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chart = repository / "charts/opencode-workspace"
    values = [{}, *(yamlio.load_one(path) for path in sorted(chart.glob("ci/*-values.yaml")))]
    wanted = _outcomes("embedded", chart, values, monkeypatch)
    assert not any(isinstance(outcome, UserError) for outcome in wanted)
    found = _outcomes(way, chart, values, monkeypatch)
    assert [_told(outcome) for outcome in found] == [_told(outcome) for outcome in wanted]


def test_a_difference_between_engines_would_be_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A negative control: engines that are told different versions are seen to differ."""
    chart = minicharts.write(minicharts.ECHO, tmp_path)
    (wanted,) = _outcomes("embedded", chart, [{}], monkeypatch)
    monkeypatch.setattr(helm, "DEFAULT_KUBE_VERSION", "1.31.0")
    (found,) = _outcomes("many", chart, [{}], monkeypatch)
    assert _told(found) != _told(wanted)


def _chart_with(content: dict[str, Any], directory: Path) -> Path:
    files = {
        "Chart.yaml": minicharts.ECHO["Chart.yaml"],
        "values.schema.json": json.dumps({"$schema": DRAFT, **content}),
        "templates/all.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\n",
    }
    return minicharts.write(files, directory)


@pytest.mark.parametrize("entry", table("violations.yaml"), ids=lambda e: str(e["schema"])[:60])
def test_values_checked_here_are_refused_as_helm_refuses_them(
    entry: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chart = _chart_with(entry["schema"], tmp_path)
    values = [case["values"] for case in entry["cases"]]
    wanted = _outcomes("embedded", chart, values, monkeypatch)
    found = _outcomes("many", chart, values, monkeypatch)
    assert [_told(outcome) for outcome in found] == [_told(outcome) for outcome in wanted]
    refused = [isinstance(outcome, UserError) for outcome in wanted]
    assert any(refused), "the table needs a bad case for each schema"
    assert not all(refused), "the table needs a good case for each schema"


def test_values_that_were_not_checked_here_would_be_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A negative control: the way for many releases does leave the checking to us."""
    chart = _chart_with({"properties": {"a": {"type": "string"}}}, tmp_path)
    (refused,) = _outcomes("many", chart, [{"a": 1}], monkeypatch)
    assert isinstance(refused, UserError)
    monkeypatch.setattr(schema, "validate", lambda values, content: [])
    (passed,) = _outcomes("many", chart, [{"a": 1}], monkeypatch)
    assert not isinstance(passed, UserError)


def test_schema_that_only_helm_understands_is_left_to_helm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chart = _chart_with({"properties": {"a": {"format": "date"}}}, tmp_path)
    good, bad = _outcomes("many", chart, [{"a": "2026-01-01"}, {"a": "tomorrow"}], monkeypatch)
    assert not isinstance(good, UserError)
    assert isinstance(bad, UserError)
    assert "is not valid date" in str(bad)


def test_helm_has_the_last_word_on_what_is_refused_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chart = _chart_with({"properties": {"a": {"type": "string"}}}, tmp_path)
    refuse = [schema.Violation(("a",), "refused here")]
    monkeypatch.setattr(schema, "validate", lambda values, content: refuse)
    (passed,) = _outcomes("many", chart, [{"a": "fine"}], monkeypatch)
    assert not isinstance(passed, UserError)
