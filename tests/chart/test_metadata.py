"""Chart.yaml and the package."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencode_workspace import yamlio
from opencode_workspace.rules import podsecurity
from tests.support import kubernetes, references
from tests.support.charts import Chart
from tests.support.pods import pods
from tests.support.rendering import Renderer


def test_the_chart_is_the_version_that_was_asked_for(chart: Chart, chart_version: str) -> None:
    assert chart.metadata["version"] == (chart_version or chart.metadata["version"])


def test_the_app_version_is_the_version_of_the_default_image(chart: Chart) -> None:
    image = chart.values["controllers"]["workspace"]["containers"]["app"]["image"]
    assert image["tag"] == chart.metadata["appVersion"]


def test_the_chart_renders_without_any_other(chart: Chart) -> None:
    assert "dependencies" not in chart.metadata
    assert not (chart.directory / "charts").exists()


def test_the_schema_is_a_file_of_its_own(chart: Chart) -> None:
    # Flux leaves symbolic links out of its artifacts: nothing would be checked there.
    assert not (chart.directory / "values.schema.json").is_symlink()


def test_values_files_of_the_ci_are_not_read_as_templates(chart: Chart) -> None:
    assert "ci/" in (chart.directory / ".helmignore").read_text().split()


def values_files(chart: Chart, given: str) -> list[Path]:
    """The values file of --app-config-file-path, or those that chart-testing installs."""
    return [Path(given)] if given else sorted((chart.directory / "ci").glob("*-values.yaml"))


def test_the_values_files_render_to_what_a_cluster_takes(
    chart: Chart, values_file_path: str, render_chart: Renderer, supported_versions: tuple[str, str]
) -> None:
    files = values_files(chart, values_file_path)
    if not files:
        assert chart.path.is_file(), "ci/ holds no values file for chart-testing"
        pytest.skip("a packaged chart has no ci/ folder")
    for file in files:
        rendered = render_chart(yamlio.load_one(file), hooks=True)
        assert kubernetes.all_violations(rendered, supported_versions) == []
        assert references.leftovers(rendered) == []
        claims = {f"PersistentVolumeClaim/{name}" for name in claims_of(rendered)}
        assert references.mistakes(rendered, claims) == []
        assert [line for _, pod in pods(rendered) for line in podsecurity.restricted(pod)] == []


def claims_of(rendered: object) -> set[str]:
    assert hasattr(rendered, "pod")
    return {
        volume["persistentVolumeClaim"]["claimName"]
        for volume in rendered.pod["volumes"]
        if "persistentVolumeClaim" in volume
    }
