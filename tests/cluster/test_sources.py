"""The chart straight from Git, by the factories of pytest-helm-charts."""

from __future__ import annotations

import pytest
from pytest_helm_charts.clusters import Cluster as KubeCluster
from pytest_helm_charts.flux.git_repository import GitRepositoryFactoryFunc
from pytest_helm_charts.flux.helm_release import (
    ChartTemplate,
    CrossNamespaceObjectReference,
    HelmReleaseFactoryFunc,
)
from pytest_helm_charts.k8s.fixtures import NamespaceFactoryFunc

from tests.cluster.rig.api import condition, wait_for
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.fleet import NAME, image
from tests.cluster.rig.storage import CLASS

PLACE = "chart-from-git"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
PASSWORD = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "sample-secret", "namespace": PLACE},
    "stringData": {"SERVER_PASSWORD": "only-for-this-test"},
}


def values(cluster: Cluster) -> dict[str, object]:
    """A workspace without a repository, with a volume that the chart makes."""
    repository, _, tag = image(cluster.fleet.catalogue).rpartition(":")
    named = {"image": {"repository": repository, "tag": tag}}
    workspace = {"containers": {"app": named}, "initContainers": {"init-workspace": named}}
    return {
        "controllers": {"workspace": workspace},
        "persistence": {"config": {"storageClass": CLASS}},
    }


@pytest.fixture(scope="module")
def template(
    cluster: Cluster,
    namespace_factory: NamespaceFactoryFunc,
    git_repository_factory: GitRepositoryFactoryFunc,
) -> ChartTemplate:
    """The chart's folder in the fleet's repository."""
    namespace_factory(PLACE, extra_metadata={"labels": RESTRICTED})
    cluster.api.apply([PASSWORD])
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
        "sample", PLACE, template, "1h", values=values(cluster), wait_timeout_sec=180
    )
    # The factory looks at the first condition there is, which may be another one than Ready.
    wait_for(lambda: ready(cluster, "sample"), "release from Git")
    claims = kube_cluster.kubectl("get pvc", namespace=PLACE)
    assert [claim["status"]["phase"] for claim in claims] == ["Bound"]


def test_the_schema_is_enforced_from_git(cluster: Cluster, template: ChartTemplate) -> None:
    """A symlinked schema would be dropped from Flux's artifact, and the typo taken."""
    release = {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": "typo", "namespace": PLACE},
        "spec": {
            "interval": "1h",
            "chart": {
                "spec": {
                    "chart": template.chart,
                    "sourceRef": {"kind": "GitRepository", "name": "charts"},
                }
            },
            "values": {"workspace": {"repositry": "x"}},
        },
    }
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
