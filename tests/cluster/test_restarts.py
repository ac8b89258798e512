"""A pod may go at any time; the work stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cluster.rig.api import Object
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.work import found_in, work_in
from tests.cluster.rig.workspace import NAMESPACE, Workspace


def delete(workspace: Workspace, pod: Object) -> None:
    workspace.api.delete("Pod", pod["metadata"]["name"], NAMESPACE)


def vanish(workspace: Workspace, pod: Object) -> None:
    workspace.api.delete("Pod", pod["metadata"]["name"], NAMESPACE, grace=0)


def evict(workspace: Workspace, pod: Object) -> None:
    name = pod["metadata"]["name"]
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": name, "namespace": NAMESPACE},
    }
    workspace.api.request("POST", f"{workspace.api.path('Pod', NAMESPACE, name)}/eviction", body)


@pytest.fixture
def password(cluster: Cluster) -> str:
    """The password of every workspace."""
    return cluster.doppler.secrets["OPENCODE_SERVER_PASSWORD"]


@pytest.mark.parametrize("end", [delete, vanish, evict])
def test_a_pod_that_goes_comes_back_with_the_work(
    cluster: Cluster, password: str, end: Callable[[Workspace, Object], None]
) -> None:
    workspace = cluster.workspace("flux")
    work = work_in(workspace, password, "before the restart")
    pod = workspace.pod()
    end(workspace, pod)
    workspace.wait_pod(other_than=pod["metadata"]["uid"])
    assert found_in(workspace, password, work) == work


def test_a_killed_container_comes_back_with_the_work(cluster: Cluster, password: str) -> None:
    workspace = cluster.workspace("flux")
    work = work_in(workspace, password, "before the crash")
    workspace.crash()
    assert found_in(workspace, password, work) == work


def test_the_second_start_keeps_the_clone(cluster: Cluster) -> None:
    workspace = cluster.workspace("flux")
    pod = workspace.pod()
    delete(workspace, pod)
    workspace.wait_pod(other_than=pod["metadata"]["uid"])
    log = workspace.log("init-workspace")
    assert "holds a repository; kept as it is" in log
    assert "cloning" not in log
