"""Does the comparison with the golden files see every change, and are they written only by people?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.charts import Chart
from tests.support.goldens import Folder, neutral
from tests.support.manifests import Manifests
from tests.support.rendering import Renderer


@pytest.fixture
def release(render_chart: Renderer, chart: Chart) -> Manifests:
    return Manifests(neutral(render_chart(hooks=True), chart))


@pytest.fixture
def folder(release: Manifests, tmp_path: Path) -> Folder:
    """A folder that was written for `release`."""
    kept = Folder(tmp_path / "case")
    kept.write(list(release))
    return kept


def test_what_was_written_is_equal(folder: Folder, release: Manifests) -> None:
    assert folder.compare(list(release)) == []


def test_a_changed_value_is_told_with_its_way(folder: Folder, release: Manifests) -> None:
    release.one("Deployment")["spec"]["replicas"] = 0
    (change,) = folder.compare(list(release))
    assert "deployment-opencode-flux.yaml" in change
    assert "root['spec']['replicas']" in change


def test_another_type_is_a_change(folder: Folder, release: Manifests) -> None:
    release.one("Service")["spec"]["ports"][0]["port"] = "4096"
    (change,) = folder.compare(list(release))
    assert "root['spec']['ports'][0]['port']" in change


def test_true_for_one_is_a_change(folder: Folder, release: Manifests) -> None:
    release.one("Deployment")["spec"]["replicas"] = True
    assert len(folder.compare(list(release))) == 1


def test_another_order_is_a_change(folder: Folder, release: Manifests) -> None:
    release.container("app")["args"].reverse()
    assert len(folder.compare(list(release))) == 1


def test_an_object_more_is_told(folder: Folder, release: Manifests) -> None:
    more = {"kind": "Secret", "metadata": {"name": "new"}}
    assert folder.compare([*release, more]) == ["secret-new.yaml is rendered, but not kept"]


def test_an_object_less_is_told(folder: Folder, release: Manifests) -> None:
    rest = [document for document in release if document["kind"] != "Service"]
    assert folder.compare(rest) == ["service-opencode-flux.yaml is kept, but not rendered"]


def test_a_folder_that_is_not_there_lacks_everything(release: Manifests, tmp_path: Path) -> None:
    assert len(Folder(tmp_path / "none").compare(list(release))) == len(release)


def test_writing_again_takes_away_what_is_no_longer_rendered(
    folder: Folder, release: Manifests
) -> None:
    rest = [document for document in release if document["kind"] != "Service"]
    folder.write(rest)
    assert folder.compare(rest) == []


def test_a_private_key_is_never_written(folder: Folder, release: Manifests) -> None:
    release.one("ConfigMap")["data"]["key"] = "-----BEGIN OPENSSH PRIVATE KEY-----"
    with pytest.raises(ValueError, match="would hold a secret"):
        folder.write(list(release))


def test_scripts_and_version_are_left_to_their_own_tests(release: Manifests) -> None:
    documents = list(release)
    (configmap,) = [d for d in documents if d["kind"] == "ConfigMap"]
    assert configmap["data"]["serve.sh"] == "<files/serve.sh>\n"
    assert configmap["metadata"]["labels"]["helm.sh/chart"] == "<chart>-<version>"


def test_a_damaged_script_is_not_left_to_them(render_chart: Renderer, chart: Chart) -> None:
    rendered = render_chart()
    data = rendered.one("ConfigMap")["data"]
    data["serve.sh"] = data["serve.sh"].replace("\n", "\n ")
    (configmap,) = [d for d in neutral(rendered, chart) if d["kind"] == "ConfigMap"]
    assert configmap["data"]["serve.sh"] == data["serve.sh"]


@pytest.mark.slow
def test_ci_may_not_write_golden_files(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--update-golden", "--collect-only", "tests/golden"],
        cwd=repository,
        env={**os.environ, "CI": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--update-golden is for people" in done.stderr
