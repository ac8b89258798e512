"""A part of the cluster fails in the middle of a change: the change arrives, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.rig.api import condition, wait_for
from tests.cluster.rig.cluster import CHART, SYSTEM, Cluster, version
from tests.cluster.rig.processes import Process
from tests.cluster.rig.workspace import NAMESPACE

PARTS = ("source-controller", "kustomize-controller", "helm-controller", "kube-apiserver")
HOST = "moved.opencode.example.test"


def move(catalogue: dict[str, Any]) -> None:
    """A change that no pod has to be restarted for."""
    catalogue["workspaces"]["ha"]["host"] = "moved.opencode.${SECRET_DOMAIN}"


def part(cluster: Cluster, name: str) -> Process:
    return {**cluster.flux, "kube-apiserver": cluster.plane.server}[name]


@pytest.fixture
def kept(cluster: Cluster) -> Iterator[None]:
    """Claims and pods of both workspaces are the same ones afterwards."""

    def seen() -> list[str]:
        both = [cluster.workspace(name) for name in ("flux", "ha")]
        return [
            uid
            for each in both
            for uid in (each.claim()["metadata"]["uid"], each.wait_pod()["metadata"]["uid"])
        ]

    before = seen()
    yield
    assert seen() == before


def wait_moved(cluster: Cluster) -> None:
    """The change has reached the route."""

    def moved() -> bool:
        route = cluster.api.read("HTTPRoute", "opencode-ha", NAMESPACE)
        assert route["spec"]["hostnames"] == [HOST], route["spec"]["hostnames"]
        return True

    wait_for(moved, "moved route")


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("name", PARTS)
def test_a_change_arrives_although_a_part_is_killed(cluster: Cluster, name: str) -> None:
    process = part(cluster, name)
    with cluster.restoring():
        cluster.fleet.edit(move)
        revision = cluster.push("Another host")
        process.kill()
        process.start()
        cluster.fetch()
        cluster.wait_applied(revision)
        wait_moved(cluster)


@pytest.mark.usefixtures("kept")
def test_a_change_arrives_when_the_git_server_is_well_again(cluster: Cluster) -> None:
    def failed() -> bool:
        source = cluster.api.read("GitRepository", "home-kubernetes", SYSTEM)
        state = condition(source, "Ready")
        return state.get("status") == "False" and "500" in state["message"]

    with cluster.restoring():
        cluster.forge.fault = 500
        try:
            cluster.fleet.edit(move)
            revision = cluster.push("Another host")
            wait_for(failed, "message about the Git server")
        finally:
            cluster.forge.fault = 0
        cluster.fetch()
        cluster.wait_applied(revision)
        wait_moved(cluster)


@pytest.mark.usefixtures("kept")
def test_workspaces_run_on_while_the_registry_has_lost_everything(cluster: Cluster) -> None:
    def failed() -> bool:
        source = cluster.api.read("OCIRepository", "opencode-ha", NAMESPACE)
        return condition(source, "Ready").get("status") == "False"

    cluster.registry.process.stop()
    cluster.ask("OCIRepository", "opencode-ha", NAMESPACE)
    wait_for(failed, "message about the registry")
    cluster.registry.process.start()
    cluster.registry.push_chart(CHART, version(CHART))
    cluster.ask("OCIRepository", "opencode-ha", NAMESPACE)
    cluster.api.wait_ready("OCIRepository", "opencode-ha", NAMESPACE)
    cluster.api.wait_ready("HelmRelease", "opencode-ha", NAMESPACE)
