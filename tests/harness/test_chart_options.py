"""Do the options of pytest-helm-charts point the suite at another chart, and does it object to a bad one?"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import helmcli
from tests.support.charts import Chart, open_chart
from tests.support.copies import copy_chart, replace

SUITE = ("names", "labels", "metadata", "configmap")
VALUES = "workspace: {repository: git@github.com:owner/a.git}\n"
OUTCOME = re.compile(r"^(?P<outcome>PASSED|FAILED|ERROR) \S+::(?P<test>\w+)", re.MULTILINE)

Run = Callable[..., dict[str, str]]


@pytest.fixture
def run_suite(repository: Path, tmp_path: Path) -> Run:
    """Runs a part of tests/chart with more options: outcome by test."""

    def run(*options: str) -> dict[str, str]:
        files = [f"tests/chart/test_{name}.py" for name in SUITE]
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-rA",
                "--tb=line",
                f"--override-ini=cache_dir={tmp_path / 'cache'}",
                *options,
                *files,
            ],
            cwd=repository,
            capture_output=True,
            text=True,
            check=False,
        )
        outcomes = {match["test"]: match["outcome"] for match in OUTCOME.finditer(done.stdout)}
        assert outcomes, done.stdout + done.stderr
        return outcomes

    return run


def failed(outcomes: dict[str, str]) -> set[str]:
    return {test for test, outcome in outcomes.items() if outcome != "PASSED"}


@pytest.mark.slow
def test_a_packaged_chart_of_another_version_passes(
    run_suite: Run, chart: Chart, tmp_path: Path
) -> None:
    copy = copy_chart(chart, tmp_path, version="7.8.9")
    archive = helmcli.package("helm4", copy.path, tmp_path)
    values = tmp_path / "values.yaml"
    values.write_text(VALUES)

    outcomes = run_suite(
        f"--chart-path={archive}", "--chart-version=7.8.9", f"--app-config-file-path={values}"
    )

    assert failed(outcomes) == set()


@pytest.mark.slow
def test_a_damaged_chart_another_version_and_bad_values_fail(
    run_suite: Run, chart: Chart, tmp_path: Path
) -> None:
    copy = copy_chart(chart, tmp_path)
    selector = r"(?m)^app.kubernetes.io/controller: workspace$"
    replace(copy.path / "templates/_names.tpl", selector, "app.kubernetes.io/controller: other")
    values = tmp_path / "values.yaml"
    values.write_text("defaultPodOptions: {hostNetwork: true}\n")

    outcomes = run_suite(
        f"--chart-path={copy.path}", "--chart-version=7.8.9", f"--app-config-file-path={values}"
    )

    assert failed(outcomes) == {
        "test_the_deployments_selector_is_the_one_of_the_first_version",
        "test_service_and_network_policy_select_as_the_deployment_does",
        "test_the_pod_has_the_selectors_labels_and_no_other",
        "test_a_release_name_that_yaml_would_change_keeps_its_letters",
        "test_the_chart_is_the_version_that_was_asked_for",
        "test_the_values_files_render_to_what_a_cluster_takes",
    }


def test_what_is_no_chart_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="neither a chart directory nor a packaged chart"):
        open_chart(tmp_path, tmp_path / "scratch")
