"""Nothing is done to a workspace that nothing was asked for."""

from __future__ import annotations

from typing import Any

from tests.cluster.conftest import WORKSPACES
from tests.cluster.rig.api import wait_for
from tests.cluster.rig.cluster import CHART, SYSTEM, Cluster, version
from tests.cluster.rig.workspace import NAMESPACE

SETTLED = (
    *("Deployment", "Service", "ConfigMap", "HTTPRoute", "NetworkPolicy", "Secret"),
    *("PersistentVolumeClaim", "ExternalSecret", "OCIRepository", "HelmRelease"),
    *("ReplicationSource", "ReplicationDestination"),
)


def generations(cluster: Cluster) -> dict[str, Any]:
    """What changes when somebody changes an object; resourceVersion would move with the status.

    A new Helm revision of a release is one more Secret.
    """
    return {
        f"{kind} {meta['name']}": (meta["uid"], meta.get("labels"), state)
        for kind in SETTLED
        for item in cluster.api.list(kind, NAMESPACE)
        for meta in [item["metadata"]]
        for state in [meta.get("generation") or item.get("data") or item["spec"]]
    }


def pods(cluster: Cluster) -> dict[str, str]:
    """The running pods by workspace."""
    return {name: cluster.workspace(name).life for name in WORKSPACES}


def versions(cluster: Cluster) -> list[str]:
    """Chart versions that the workspaces run with, without the digest that Flux adds."""
    releases = [
        cluster.api.ready("HelmRelease", f"opencode-{name}", NAMESPACE) for name in WORKSPACES
    ]
    return [item["status"]["history"][0]["chartVersion"].partition("+")[0] for item in releases]


def reconcile_all(cluster: Cluster) -> None:
    for name in cluster.kustomizations:
        cluster.reconcile("Kustomization", name, SYSTEM)
    for name in WORKSPACES:
        cluster.reconcile("HelmRelease", f"opencode-{name}", NAMESPACE)


def test_a_second_reconcile_changes_nothing(cluster: Cluster) -> None:
    before, running = generations(cluster), pods(cluster)
    reconcile_all(cluster)
    assert generations(cluster) == before
    assert pods(cluster) == running


def test_an_unrelated_commit_restarts_no_pod(cluster: Cluster) -> None:
    before, running = generations(cluster), pods(cluster)
    (cluster.fleet.tree / "NOTES.md").write_text("Nothing that Flux applies\n")
    cluster.wait_applied(cluster.push("A note"))
    assert generations(cluster) == before
    assert pods(cluster) == running


def test_a_chart_version_bump_restarts_no_pod(cluster: Cluster) -> None:
    newer = f"{version(CHART)}-next"
    cluster.registry.push_chart(CHART, newer)
    running = pods(cluster)
    with cluster.restoring():
        definition = cluster.fleet.tree / "charts/opencode-workspace/Chart.yaml"
        text = definition.read_text()
        definition.write_text(text.replace(f"\nversion: {version(CHART)}", f"\nversion: {newer}"))
        cluster.fleet.edit(lambda catalogue: catalogue["chart"].update(version=newer))
        cluster.wait_applied(cluster.push("A newer chart"))
        wait_for(
            lambda: versions(cluster) == [newer] * len(WORKSPACES), "releases of the new chart"
        )
        assert pods(cluster) == running
    wait_for(lambda: newer not in versions(cluster), "releases of the old chart")
    assert pods(cluster) == running


def test_flux_and_external_secrets_do_not_undo_each_other(cluster: Cluster) -> None:
    """external-secrets writes the whole object once, to add its finalizer; to undo that fetches it all again."""
    for name in WORKSPACES:
        cluster.reconcile("Kustomization", f"opencode-{name}", SYSTEM)
        found = cluster.api.read("ExternalSecret", f"opencode-{name}-volsync", NAMESPACE)
        assert found["metadata"]["generation"] <= 2, found["spec"]


def sources(cluster: Cluster) -> set[str]:
    """Names of the OCIRepositories of the workspaces' namespace."""
    return {item["metadata"]["name"] for item in cluster.api.list("OCIRepository", NAMESPACE)}


def test_to_share_the_charts_source_restarts_no_pod(cluster: Cluster) -> None:
    own, running = sources(cluster), pods(cluster)
    with cluster.changed(lambda catalogue: catalogue["chart"].update(shared=True)):
        wait_for(
            lambda: sources(cluster) == {"opencode-workspace"}, "a source for all, and no other"
        )
        for name in WORKSPACES:
            release = cluster.reconcile("HelmRelease", f"opencode-{name}", NAMESPACE)
            assert release["spec"]["chartRef"]["name"] == "opencode-workspace"
            cluster.api.ready("HelmRelease", f"opencode-{name}", NAMESPACE)
        assert pods(cluster) == running
    wait_for(lambda: sources(cluster) == own, "a source for each again")
    for name in WORKSPACES:
        cluster.reconcile("HelmRelease", f"opencode-{name}", NAMESPACE)
        cluster.api.ready("HelmRelease", f"opencode-{name}", NAMESPACE)
    assert pods(cluster) == running
