"""Does a new version of the chart leave running workspaces alone?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from deepdiff import DeepDiff

from opencode_workspace import yamlio
from tests.stability.cases import BROAD
from tests.support.charts import Chart
from tests.support.copies import copy_chart, replace
from tests.support.rendering import Renderer


def changed_fields(before: Renderer, after: Renderer) -> dict[str, set[str]]:
    """Last steps of the fields that differ, by case."""
    return {case.stem: _fields(_objects(before, case), _objects(after, case)) for case in BROAD}


def restarted(before: Renderer, after: Renderer) -> list[str]:
    """Cases whose pod would be replaced."""
    return [
        case.stem
        for case in BROAD
        if _template(_objects(before, case)) != _template(_objects(after, case))
    ]


def _objects(render: Renderer, case: Path) -> list[Any]:
    return list(render(yamlio.load_one(case), name=f"opencode-{case.stem}", hooks=True))


def _template(documents: list[Any]) -> Any:
    (deployment,) = (d for d in documents if d["kind"] == "Deployment")
    return deployment["spec"]["template"]


def _fields(before: list[Any], after: list[Any]) -> set[str]:
    changes = DeepDiff(before, after, view="tree")
    return {
        str(change.path(output_format="list")[-1]) if kind == "values_changed" else kind
        for kind, found in changes.items()
        for change in found
    }


@pytest.mark.parametrize(
    ("key", "label"),
    [("version", "helm.sh/chart"), ("appVersion", "app.kubernetes.io/version")],
)
def test_a_new_version_changes_one_label_and_restarts_nothing(
    key: str, label: str, chart: Chart, render_chart: Renderer, tmp_path: Path
) -> None:
    newer = Renderer(copy_chart(chart, tmp_path, **{key: "99.0.0-rc.1+build.7"}))
    assert changed_fields(render_chart, newer) == {case.stem: {label} for case in BROAD}
    assert restarted(render_chart, newer) == []


def test_a_version_in_the_pod_template_is_noticed(
    chart: Chart, render_chart: Renderer, tmp_path: Path
) -> None:
    copies = []
    for version in ("1.0.0", "1.0.1"):
        copy = copy_chart(chart, tmp_path / version, version=version)
        replace(
            copy.directory / "templates/deployment.yaml",
            r"(?m)^  template:$",
            "  template:\n    version: {{ .Chart.Version }}",
        )
        copies.append(Renderer(copy))
    assert restarted(*copies) == [case.stem for case in BROAD]
