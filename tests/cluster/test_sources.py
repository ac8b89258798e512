"""Chart and volume template straight from Git, by the factories of pytest-helm-charts."""

from __future__ import annotations

import io
import shutil
import tarfile
import urllib.request
from functools import partial

import pytest
from pytest_helm_charts.clusters import Cluster as KubeCluster
from pytest_helm_charts.flux.git_repository import GitRepositoryFactoryFunc
from pytest_helm_charts.flux.helm_release import (
    ChartTemplate,
    CrossNamespaceObjectReference,
    HelmReleaseFactoryFunc,
)
from pytest_helm_charts.flux.kustomization import KustomizationFactoryFunc
from pytest_helm_charts.k8s.fixtures import NamespaceFactoryFunc

from tests.cluster.rig import sample
from tests.cluster.rig.api import condition, wait_for
from tests.cluster.rig.cluster import CHART, Cluster
from tests.cluster.rig.fleet import NAME
from workbench.remotes import git

PLACE = "chart-from-git"


@pytest.fixture(scope="module")
def template(
    cluster: Cluster,
    namespace_factory: NamespaceFactoryFunc,
    git_repository_factory: GitRepositoryFactoryFunc,
) -> ChartTemplate:
    """The chart's folder in the fleet's repository."""
    namespace_factory(PLACE, extra_metadata={"labels": sample.RESTRICTED})
    cluster.api.apply([sample.secret("sample", PLACE)])
    git_repository_factory(
        "charts", PLACE, "1h", cluster.forge.http_url(NAME), "main", wait_timeout_sec=120
    )
    source = CrossNamespaceObjectReference("GitRepository", "charts", namespace=PLACE)
    return ChartTemplate("./charts/opencode-workspace", source)


def ready(cluster: Cluster, name: str) -> bool:
    """Whether the release is Ready."""
    state = condition(cluster.api.read("HelmRelease", name, PLACE), "Ready")
    return bool(state.get("status") == "True")


def test_the_chart_installs_from_git(
    cluster: Cluster,
    kube_cluster: KubeCluster,
    template: ChartTemplate,
    helm_release_factory: HelmReleaseFactoryFunc,
) -> None:
    helm_release_factory(
        "sample", PLACE, template, "1h", values=sample.values(cluster.fleet), wait_timeout_sec=180
    )
    # The factory looks at the first condition there is, which may be another one than Ready.
    wait_for(lambda: ready(cluster, "sample"), "release from Git")
    claims = kube_cluster.kubectl("get pvc", namespace=PLACE)
    assert [claim["status"]["phase"] for claim in claims] == ["Bound"]


def test_the_schema_is_enforced_from_git(cluster: Cluster, template: ChartTemplate) -> None:
    chart = {"chart": template.chart, "sourceRef": {"kind": "GitRepository", "name": "charts"}}
    values = {"workspace": {"repositry": "x"}}
    release = sample.release("typo", PLACE, values, {"chart": {"spec": chart}})
    cluster.api.apply([release])

    def refused() -> bool:
        state = condition(cluster.api.read("HelmRelease", "typo", PLACE), "Ready")
        assert "additional properties 'repositry' not allowed" in state.get("message", ""), state
        return True

    try:
        wait_for(refused, "message about the typo")
    finally:
        cluster.api.delete("HelmRelease", "typo", PLACE)
        wait_for(lambda: cluster.api.get("HelmRelease", "typo", PLACE) is None, "end of typo")


@pytest.mark.usefixtures("template")
def test_the_volume_template_serves_any_app_and_its_claim_outlives_it(
    cluster: Cluster, kustomization_factory_function_scope: KustomizationFactoryFunc
) -> None:
    def bound() -> str:
        claim = cluster.api.read("PersistentVolumeClaim", "notes", PLACE)
        assert claim["status"]["phase"] == "Bound", claim["status"]
        return str(claim["metadata"]["uid"])

    variables = {"APP": "notes", "VOLSYNC_CAPACITY": "1Gi"}
    spec = {"targetNamespace": PLACE, "postBuild": {"substitute": variables}}
    made = kustomization_factory_function_scope(
        *("notes", PLACE, True, "1h", "./flux/templates/volsync", "charts", "2m"),
        extra_spec=spec,
        wait_timeout_sec=120,
    )
    uid = wait_for(bound, "claim of another app")
    made.delete()
    for kind in ("Kustomization", "ReplicationSource"):
        wait_for(partial(gone, cluster, kind), f"end of the {kind}")
    assert bound() == uid


def gone(cluster: Cluster, kind: str) -> bool:
    """Whether there is no object `notes` of a kind."""
    return cluster.api.get(kind, "notes", PLACE) is None


@pytest.fixture(scope="module")
def linked(cluster: Cluster, template: ChartTemplate) -> str:
    """A GitRepository like `charts`, but the chart's schema is a link to a file beside the charts."""
    repository = "owner/linked.git"
    cluster.forge.create(repository)
    tree = cluster.forge.root / "scratch" / repository
    chart = tree / "charts/opencode-workspace"
    shutil.copytree(CHART, chart)
    (chart / "values.schema.json").rename(tree / "values.schema.json")
    (chart / "values.schema.json").symlink_to("../../values.schema.json")
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "--message", "A chart with a link")
    git(tree, "push", "--quiet", "origin", "main")
    source = {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": {"name": "linked", "namespace": PLACE},
        "spec": {
            "interval": "1h",
            "url": cluster.forge.http_url(repository),
            "ref": {"branch": "main"},
        },
    }
    cluster.api.apply([source])
    return "linked"


def packaged(cluster: Cluster, source: str) -> set[str]:
    """Names of the files in the archive that source-controller makes of the chart in this source."""
    chart = {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "HelmChart",
        "metadata": {"name": f"only-{source}", "namespace": PLACE},
        "spec": {
            "interval": "1h",
            "chart": "./charts/opencode-workspace",
            "sourceRef": {"kind": "GitRepository", "name": source},
        },
    }
    cluster.api.apply([chart])

    def address() -> str:
        # Flux writes the conditions first and the rest of the status with a second request.
        status = cluster.api.ready("HelmChart", f"only-{source}", PLACE)["status"]
        return str(status["artifact"]["url"]) if "artifact" in status else ""

    with urllib.request.urlopen(wait_for(address, "archive of the chart"), timeout=10) as answer:
        content = io.BytesIO(answer.read())
    with tarfile.open(fileobj=content) as archive:
        return {name.removeprefix("opencode-workspace/") for name in archive.getnames()}


def test_flux_hands_on_every_file_of_the_chart(cluster: Cluster, template: ChartTemplate) -> None:
    files = {str(file.relative_to(CHART)) for file in CHART.rglob("*") if file.is_file()}
    ignored = {name for name in files if name == ".helmignore" or name.startswith("ci/")}
    assert files - ignored <= packaged(cluster, "charts")


def test_flux_would_drop_a_schema_that_is_a_link(cluster: Cluster, linked: str) -> None:
    names = packaged(cluster, linked)
    assert "values.yaml" in names
    assert "values.schema.json" not in names, "the trap is gone: the chart may use links again"
