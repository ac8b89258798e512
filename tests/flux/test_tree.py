"""Is the committed tree the one that the catalogue asks for, and can it be moved?"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from opencode_workspace import catalogue, flux, generate, kustomize, substitution, yamlio
from opencode_workspace.errors import UserError


@pytest.fixture
def copy(repository: Path, tmp_path: Path) -> Path:
    """A copy of flux/ and the chart that a test may change."""
    for folder in ("flux", "charts"):
        shutil.copytree(repository / folder, tmp_path / folder)
    return tmp_path


def test_the_committed_tree_is_what_the_catalogue_asks_for(shipped: catalogue.Catalogue) -> None:
    planned = generate.plan(shipped)
    assert planned.is_clean, (
        f"run `opencode-workspace generate`: {planned.missing + planned.stale + planned.orphaned}"
    )


def test_generating_twice_writes_the_same_bytes(copy: Path) -> None:
    def snapshot() -> dict[str, bytes]:
        return {str(p): p.read_bytes() for p in sorted((copy / "flux").rglob("*")) if p.is_file()}

    before = snapshot()
    shutil.rmtree(copy / "flux/apps")
    loaded = catalogue.load(copy / "flux/workspaces.yaml")
    generate.write(loaded, generate.plan(loaded))
    assert snapshot() == before


def test_every_generated_file_says_so_and_names_its_schema(repository: Path) -> None:
    for path in (repository / "flux/apps").rglob("*.yaml"):
        first, second = path.read_text().splitlines()[:2]
        assert first.startswith("# yaml-language-server: $schema="), path
        assert "Generated from workspaces.yaml" in second, path


def test_the_tree_uses_no_variable_but_the_declared_ones(shipped: catalogue.Catalogue) -> None:
    for document in _kustomizations(shipped):
        declared = set(shipped.variables) | set(document["spec"]["postBuild"]["substitute"])
        for built in kustomize.build(
            shipped.resolve(document["spec"]["path"]), boundary=shipped.directory
        ):
            used = substitution.names(yamlio.dump(built))
            optional = {name for name in used if name.startswith("VOLSYNC_")}
            assert used - optional <= declared


def test_strict_and_lenient_substitution_give_the_same(shipped: catalogue.Catalogue) -> None:
    for document in _kustomizations(shipped):
        variables = {**shipped.variables, **document["spec"]["postBuild"]["substitute"]}
        for built in kustomize.build(
            shipped.resolve(document["spec"]["path"]), boundary=shipped.directory
        ):
            strict = substitution.apply(built, variables, strict=True)
            assert substitution.apply(built, variables, strict=False) == strict


def test_a_parent_that_substitutes_the_tree_changes_nothing(shipped: catalogue.Catalogue) -> None:
    folder = shipped.directory / "apps" / shipped.cluster["namespace"]
    for document in kustomize.build(folder, boundary=shipped.directory):
        assert substitution.names(yamlio.dump(document)) == set()


def test_a_copy_under_another_root_renders_the_same_objects(
    copy: Path, cluster: flux.Cluster
) -> None:
    path = copy / "flux/workspaces.yaml"
    path.write_text(path.read_text().replace("root: ./flux", "root: ./kubernetes"))
    (copy / "flux").rename(copy / "kubernetes")
    loaded = catalogue.load(copy / "kubernetes/workspaces.yaml")
    generate.write(loaded, generate.plan(loaded))
    moved = flux.reconcile(loaded)
    for before, after in zip(cluster.reconciliations, moved.reconciliations, strict=True):
        assert after.kustomization["spec"]["path"].startswith("./kubernetes/apps/opencode/")
        assert after.applied == before.applied
        assert after.manifests == before.manifests


def test_the_generator_never_touches_the_volume_template(copy: Path) -> None:
    own = copy / "flux/templates/volsync/kustomization.yaml"
    own.write_text("# mine\n" + own.read_text())
    loaded = catalogue.load(copy / "flux/workspaces.yaml")
    generate.write(loaded, generate.plan(loaded))
    assert own.read_text().startswith("# mine\n")


def test_a_tree_that_lost_a_workspace_is_refused(copy: Path) -> None:
    shutil.rmtree(copy / "flux/apps")
    with pytest.raises(UserError, match="the tree is not there"):
        flux.reconcile(catalogue.load(copy / "flux/workspaces.yaml"))


def test_an_undefined_variable_is_refused_as_flux_would(copy: Path) -> None:
    path = copy / "flux/apps/opencode/opencode-ha/app/helmrelease.yaml"
    path.write_text(path.read_text().replace("${SECRET_DOMAIN}", "${SECRET_DOMIAN}"))
    with pytest.raises(UserError, match="SECRET_DOMIAN"):
        flux.reconcile(catalogue.load(copy / "flux/workspaces.yaml"))


def test_values_that_fail_the_schema_are_refused_when_rendered(copy: Path) -> None:
    path = copy / "flux/apps/opencode/opencode-ha/app/helmrelease.yaml"
    path.write_text(path.read_text().replace("  values:\n", "  values:\n    persistance: {}\n"))
    with pytest.raises(UserError, match="persistance"):
        flux.reconcile(catalogue.load(copy / "flux/workspaces.yaml"))


def test_a_chart_of_another_version_than_the_deployed_one_is_refused(copy: Path) -> None:
    chart = copy / "charts/opencode-workspace/Chart.yaml"
    chart.write_text(chart.read_text().replace("version: 0.1.0", "version: 0.2.0"))
    with pytest.raises(UserError, match=r"the chart on disk has version 0\.2\.0"):
        flux.reconcile(catalogue.load(copy / "flux/workspaces.yaml"))


def test_the_bootstrap_files_point_at_the_tree(shipped: catalogue.Catalogue) -> None:
    source, root = yamlio.load(shipped.directory / "bootstrap/flux-system.yaml")
    assert (source["kind"], source["metadata"]["name"]) == (
        "GitRepository",
        shipped.cluster["source"]["name"],
    )
    assert root["spec"]["sourceRef"] == {
        "kind": "GitRepository",
        "name": source["metadata"]["name"],
    }
    built = kustomize.build(shipped.resolve(root["spec"]["path"]), boundary=shipped.directory)
    assert {d["kind"] for d in built} == {"Namespace", "Kustomization"}


def _kustomizations(shipped: catalogue.Catalogue) -> list[flux.Document]:
    folder = shipped.directory / "apps" / shipped.cluster["namespace"]
    built = kustomize.build(folder, boundary=shipped.directory)
    return [d for d in built if d["kind"] == "Kustomization"]
