"""A part of the cluster fails in the middle of a change: the change arrives, and nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from tests.cluster.conftest import Record
from tests.cluster.rig.api import condition, wait_for
from tests.cluster.rig.cluster import SYSTEM, Cluster, push_charts
from tests.cluster.rig.fleet import DOMAIN
from tests.cluster.rig.processes import Process
from tests.cluster.rig.registry import Registry
from tests.cluster.rig.workspace import NAMESPACE

NAME = "opencode-ha"


@pytest.fixture(scope="module", autouse=True)
def undone(cluster: Cluster) -> Iterator[None]:
    """Each test changes the workspace once more; one commit undoes it all."""
    with cluster.restoring():
        yield


def move(cluster: Cluster, host: str) -> None:
    """A change that no pod has to be restarted for."""
    name = f"{host}.opencode.${{SECRET_DOMAIN}}"
    cluster.fleet.edit(lambda catalogue: catalogue["workspaces"]["ha"].update(host=name))


def wait_moved(cluster: Cluster, host: str) -> None:
    """The change has reached the route."""

    def moved() -> bool:
        route = cluster.api.read("HTTPRoute", NAME, NAMESPACE)
        assert route["spec"]["hostnames"] == [f"{host}.opencode.{DOMAIN}"], route["spec"]
        return True

    wait_for(moved, "moved route")


@pytest.fixture
def still(cluster: Cluster) -> Iterator[None]:
    """The workspace's pod is the same one afterwards."""
    before = cluster.workspace("ha").life
    yield
    assert cluster.workspace("ha").life == before


@pytest.mark.usefixtures("kept", "still")
def test_a_change_arrives_although_source_controller_is_killed_while_it_fetches(
    cluster: Cluster,
) -> None:
    process = cluster.flux["source-controller"]
    move(cluster, "first")
    with cluster.forge.holding():
        asked = cluster.forge.asked
        revision = cluster.push("Another host")
        wait_for(lambda: cluster.forge.asked > asked, "fetch in progress")
        process.kill()
    process.start()
    cluster.wait_applied(revision)
    wait_moved(cluster, "first")


def part(cluster: Cluster, name: str) -> Process:
    return {**cluster.flux, "kube-apiserver": cluster.plane.server}[name]


def revision_of(cluster: Cluster) -> int:
    """How often the pod of the workspace has been replaced by another kind of pod."""
    meta = cluster.api.read("Deployment", NAME, NAMESPACE)["metadata"]
    return int(meta["annotations"]["deployment.kubernetes.io/revision"])


def upgrading(cluster: Cluster) -> bool:
    """Whether Helm is within the upgrade, and kustomize-controller waits for what becomes of it."""
    release = condition(cluster.api.read("HelmRelease", NAME, NAMESPACE), "Reconciling")
    whole = condition(cluster.api.read("Kustomization", NAME, SYSTEM), "Reconciling")
    assert "Running 'upgrade' action" in release.get("message", ""), release
    assert "Running health checks" in whole.get("message", ""), whole
    return True


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("name", ["kustomize-controller", "helm-controller", "kube-apiserver"])
def test_an_upgrade_ends_well_although_a_part_is_killed_within_it(
    cluster: Cluster, name: str, record_property: Record
) -> None:
    def renew(catalogue: dict[str, Any]) -> None:
        app = {"env": {"KILLED": name}}
        values = {"controllers": {"workspace": {"containers": {"app": app}}}}
        catalogue["workspaces"]["ha"]["values"] = values

    before = revision_of(cluster)
    process = part(cluster, name)
    cluster.fleet.edit(renew)
    # An API server that has just started may not know HTTPRoutes: then the release is tried once more.
    cluster.fleet.replace(NAME, "helmrelease.yaml", "retryInterval: 2m", "retryInterval: 5s")
    began = time.monotonic()
    revision = cluster.push("Another environment")
    wait_for(lambda: upgrading(cluster), "upgrade in progress")
    process.kill()
    process.start()
    cluster.wait_applied(revision)
    seconds = time.monotonic() - began
    record_property("from a push to Ready", f"{seconds:.1f} s")
    assert cluster.workspace("ha").run("printenv", "KILLED") == f"{name}\n"
    assert revision_of(cluster) == before + 1, "the pod was replaced more than once"


@pytest.mark.usefixtures("kept", "still")
def test_a_change_arrives_when_the_git_server_is_well_again(cluster: Cluster) -> None:
    def failed() -> bool:
        source = cluster.api.read("GitRepository", "home-kubernetes", SYSTEM)
        state = condition(source, "Ready")
        return state.get("status") == "False" and "500" in state["message"]

    move(cluster, "second")
    cluster.forge.fault = 500
    try:
        revision = cluster.push("Another host")
        wait_for(failed, "message about the Git server")
    finally:
        cluster.forge.fault = 0
    cluster.fetch()
    cluster.wait_applied(revision)
    wait_moved(cluster, "second")


def told(cluster: Cluster, kind: str, namespace: str, words: str) -> bool:
    """AssertionError with what it says, unless it is not Ready and says this."""
    state = condition(cluster.api.read(kind, NAME, namespace), "Ready")
    assert state.get("status") == "False", state
    assert words in state["message"], state
    return True


@pytest.mark.usefixtures("kept", "still")
@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (lambda registry: registry.process.stop(), "connection refused"),
        (Registry.lose_everything, "NAME_UNKNOWN"),
    ],
    ids=["down", "emptied"],
)
def test_workspaces_run_on_while_the_registry_is_of_no_use(
    cluster: Cluster, fault: Callable[[Registry], None], says: str
) -> None:
    fault(cluster.registry)
    try:
        cluster.ask("OCIRepository", NAME, NAMESPACE)
        source = partial(told, cluster, "OCIRepository", NAMESPACE, says)
        wait_for(source, "message about the registry")
        cluster.ask("Kustomization", NAME, SYSTEM)
        named = f"OCIRepository/{NAMESPACE}/{NAME} status: 'Failed'"
        whole = partial(told, cluster, "Kustomization", SYSTEM, named)
        wait_for(whole, "message about the source")
    finally:
        cluster.registry.process.stop()
        cluster.registry.process.start()
        push_charts(cluster.registry)
    cluster.ask("OCIRepository", NAME, NAMESPACE)
    cluster.api.wait_ready("OCIRepository", NAME, NAMESPACE)
    cluster.reconcile("Kustomization", NAME, SYSTEM)
    cluster.api.wait_ready("Kustomization", NAME, SYSTEM)
    cluster.api.wait_ready("HelmRelease", NAME, NAMESPACE)
