"""Does one OCIRepository serve all workspaces when the catalogue says so, and change nothing else?"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from opencode_workspace import catalogue, check, flux, generate

OWN = "  path: ../charts/opencode-workspace\n"
SOURCE = "flux/apps/opencode/ocirepository.yaml"


def switch(project: Path, old: str, new: str) -> catalogue.Catalogue:
    """Changes the catalogue and generates its tree."""
    path = project / "flux/workspaces.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    loaded = catalogue.load(path)
    generate.write(loaded, generate.plan(loaded))
    return loaded


@pytest.fixture
def project(repository: Path, tmp_path: Path) -> Path:
    """A copy of flux/ and the chart, whose workspaces share a source."""
    for folder in ("flux", "charts"):
        shutil.copytree(repository / folder, tmp_path / folder)
    switch(tmp_path, OWN, f"{OWN}  shared: true\n")
    return tmp_path


@pytest.fixture
def together(project: Path) -> flux.Cluster:
    """What Flux makes of it."""
    return flux.reconcile(catalogue.load(project / "flux/workspaces.yaml"))


def test_one_source_is_applied_beside_the_workspaces(together: flux.Cluster) -> None:
    (source,) = (each for each in together.shared if each["kind"] == "OCIRepository")
    assert source["metadata"] == {"name": "opencode-workspace", "namespace": "opencode"}
    assert source["spec"]["ref"] == {"tag": "0.1.0"}
    for each in together.reconciliations:
        assert "OCIRepository" not in {document["kind"] for document in each.applied}


def test_every_release_takes_its_chart_from_it(together: flux.Cluster) -> None:
    for each in together.reconciliations:
        reference = {"kind": "OCIRepository", "name": "opencode-workspace"}
        assert each.release["spec"]["chartRef"] == reference
        watched = [check["name"] for check in each.kustomization["spec"]["healthChecks"]]
        assert watched == [each.workspace.secret, "opencode-workspace", each.workspace.app]


def test_the_workspaces_are_the_same_as_with_a_source_for_each(
    together: flux.Cluster, cluster: flux.Cluster
) -> None:
    for one, other in zip(together.reconciliations, cluster.reconciliations, strict=True):
        assert one.manifests == other.manifests


def test_the_tree_passes_the_check(project: Path) -> None:
    report = check.run(project / "flux")
    assert report.workspaces == 2
    assert [finding for finding in report.findings if finding.is_error] == []


def test_another_version_in_the_shared_source_is_found_once(project: Path) -> None:
    path = project / SOURCE
    path.write_text(path.read_text().replace('tag: "0.1.0"', 'tag: "0.0.9"'))
    found = check.run(project / "flux").findings
    assert [each.path for each in found if each.rule == "other-chart-version"] == [path]

    path.write_text(path.read_text().replace('tag: "0.0.9"', 'tag: "${CHART_VERSION}"'))
    found = check.run(project / "flux").findings
    assert [each.path for each in found if each.rule == "other-chart-version"] == []


def test_without_it_no_release_has_a_chart(project: Path) -> None:
    (project / SOURCE).unlink()
    root = project / "flux/apps/opencode/kustomization.yaml"
    root.write_text(root.read_text().replace("  - ./ocirepository.yaml\n", ""))
    found = {finding.rule for finding in check.run(project / "flux").findings}
    assert "unknown-source" in found


def test_to_turn_it_off_again_brings_the_tree_back(project: Path, repository: Path) -> None:
    switch(project, "  shared: true\n", "")
    for path in (repository / "flux/apps").rglob("*.yaml"):
        assert (project / path.relative_to(repository)).read_text() == path.read_text()
    assert not (project / SOURCE).exists()
