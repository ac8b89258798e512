"""A pod may go at any time; the work stays."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.rig.api import Object, wait_for
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.workspace import NAMESPACE, Workspace

LOGIN = "/home/user/.local/share/opencode/auth.json"
DRAFT = "/home/user/workspace/draft.txt"


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


def work_in(workspace: Workspace, password: str) -> dict[str, Any]:
    """A session, a login and work that is not committed; what has to be there afterwards."""
    session = workspace.post("/session", password, {"title": "before the restart"})
    workspace.run("sh", "-c", f"echo unfinished > {DRAFT}")
    return {"session": session["id"], "login": workspace.run("cat", LOGIN)}


def assert_work_is_there(workspace: Workspace, password: str, work: dict[str, Any]) -> None:
    assert workspace.run("cat", DRAFT) == "unfinished\n"
    assert workspace.run("cat", LOGIN) == work["login"]
    status, sessions = workspace.get("/session?directory=/home/user/workspace", password)
    assert status == 200
    assert work["session"] in [each["id"] for each in json.loads(sessions)]


@pytest.fixture
def password(cluster: Cluster) -> str:
    """The password of every workspace."""
    return cluster.doppler.secrets["OPENCODE_SERVER_PASSWORD"]


@pytest.mark.parametrize("end", [delete, vanish, evict])
def test_a_pod_that_goes_comes_back_with_the_work(
    cluster: Cluster, password: str, end: Callable[[Workspace, Object], None]
) -> None:
    workspace = cluster.workspace("flux")
    work = work_in(workspace, password)
    pod = workspace.pod()
    end(workspace, pod)
    workspace.wait_pod(other_than=pod["metadata"]["uid"])
    assert_work_is_there(workspace, password, work)


def processes_of(pod: Object) -> list[int]:
    """Ids of the processes of the pod's app container, as this machine sees them."""
    (container,) = pod["status"]["containerStatuses"]
    name = container["containerID"].removeprefix("containerd://")
    return [
        int(entry.parent.name)
        for entry in Path("/proc").glob("[0-9]*/cgroup")
        if name in entry.read_text()
    ]


def test_a_killed_container_comes_back_with_the_work(cluster: Cluster, password: str) -> None:
    workspace = cluster.workspace("flux")
    work = work_in(workspace, password)
    pod = workspace.pod()
    before = pod["status"]["containerStatuses"][0]["restartCount"]
    for process in processes_of(pod):
        os.kill(process, signal.SIGKILL)

    def again() -> bool:
        return bool(workspace.pod()["status"]["containerStatuses"][0]["restartCount"] > before)

    wait_for(again, "restart of the container")
    assert_work_is_there(workspace, password, work)


def test_the_second_start_keeps_the_clone(cluster: Cluster) -> None:
    workspace = cluster.workspace("flux")
    pod = workspace.pod()
    delete(workspace, pod)
    workspace.wait_pod(other_than=pod["metadata"]["uid"])
    log = workspace.log("init-workspace")
    assert "holds a repository; kept as it is" in log
    assert "cloning" not in log


def test_a_parked_workspace_has_no_pod_and_resumes_with_the_work(
    cluster: Cluster, password: str
) -> None:
    workspace, other = cluster.workspace("ha"), cluster.workspace("flux")
    work = work_in(workspace, password)
    claim, neighbour = workspace.claim()["metadata"]["uid"], other.pod()["metadata"]["uid"]
    with cluster.changed(lambda catalogue: catalogue["workspaces"]["ha"].update(parked=True)):
        wait_for(lambda: not workspace.pods, "parked workspace")
    workspace.wait_pod()
    assert_work_is_there(workspace, password, work)
    assert workspace.claim()["metadata"]["uid"] == claim
    assert other.pod()["metadata"]["uid"] == neighbour
