"""A pod may go at any time; the work stays."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import pytest

from tests.cluster.conftest import WORKSPACES, Record
from tests.cluster.rig.api import Object, condition, wait_for
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.work import Work, found_in, work_in
from tests.cluster.rig.workspace import NAMESPACE, Workspace

End = Callable[[Workspace, Object], None]


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


# Minutes: external-secrets asks again later and later meanwhile, and its Secrets stay.
OUTAGE_SECONDS = 130
SECRETS = [f"opencode-{name}-secret" for name in WORKSPACES]
ENDS = [
    pytest.param(vanish, "a deletion without grace", id="vanish"),
    pytest.param(evict, "an eviction", id="evict"),
]


@dataclass(frozen=True)
class Outage:
    """The time that Doppler is down: when it began (monotonic), workspace ha and the Secrets at that time."""

    began: float
    life: str
    secrets: list[Object]

    @property
    def seconds(self) -> float:
        """How long it has lasted."""
        return time.monotonic() - self.began


def secrets_of(cluster: Cluster) -> list[Object]:
    return [cluster.api.read("Secret", name, NAMESPACE)["data"] for name in SECRETS]


def states_of(cluster: Cluster) -> set[str | None]:
    """Whether the ExternalSecrets are Ready: "True", "False", None before anything is known."""
    found = [cluster.api.read("ExternalSecret", name, NAMESPACE) for name in SECRETS]
    return {condition(item, "Ready").get("status") for item in found}


@pytest.fixture(scope="module", autouse=True)
def outage(cluster: Cluster) -> Iterator[Outage]:
    """Doppler is down for all of this file: a workspace that comes back asks nobody for its Secret."""
    seen = Outage(time.monotonic(), cluster.workspace("ha").life, secrets_of(cluster))
    with cluster.doppler.failing("500"):
        for name in SECRETS:
            cluster.ask_store(name)
        wait_for(lambda: states_of(cluster) == {"False"}, "failure of every ExternalSecret")
        yield seen
    # By themselves the store and what reads from it look again later and later, minutes apart in the end.
    cluster.look_again("ClusterSecretStore", "doppler-secrets", None)
    cluster.api.wait_ready("ClusterSecretStore", "doppler-secrets")
    for name in SECRETS:
        cluster.ask_store(name)
        cluster.api.wait_ready("ExternalSecret", name, NAMESPACE)


@dataclass(frozen=True)
class Restart:
    """A pod that came after one that was deleted, the work from before, and seconds without a pod."""

    pod: Object
    work: Work
    seconds: float


def restarted(workspace: Workspace, password: str, end: End) -> Restart:
    work = work_in(workspace, password, "before the restart")
    pod = workspace.pod()
    began = time.monotonic()
    end(workspace, pod)
    pod = workspace.wait_pod(other_than=pod["metadata"]["uid"])
    return Restart(pod, work, time.monotonic() - began)


@pytest.fixture(scope="module")
def restart(cluster: Cluster) -> Restart:
    """What a deleted pod was followed by."""
    return restarted(cluster.workspace("flux"), cluster.password, delete)


def test_a_deleted_pod_comes_back_with_the_work(
    cluster: Cluster, password: str, restart: Restart, record_property: Record
) -> None:
    record_property("from a pod's deletion to the next one Ready", f"{restart.seconds:.1f} s")
    assert found_in(cluster.workspace("flux"), password, restart.work) == restart.work


@pytest.mark.usefixtures("restart")
def test_the_second_start_keeps_the_clone(cluster: Cluster) -> None:
    log = cluster.workspace("flux").log("init-workspace")
    assert "holds a repository; kept as it is" in log
    assert "cloning" not in log


def test_the_second_start_is_made_ready_in_under_two_seconds(
    restart: Restart, record_property: Record
) -> None:
    (state,) = [
        each["state"]["terminated"]
        for each in restart.pod["status"]["initContainerStatuses"]
        if each["name"] == "init-workspace"
    ]
    start, end = (datetime.fromisoformat(state[time]) for time in ("startedAt", "finishedAt"))
    # Both are cut to whole seconds: whatever took two seconds or more is two apart.
    apart = (end - start).total_seconds()
    assert apart < 2
    record_property("init container of a restart", f"under {apart + 1:.0f} s")


@pytest.mark.parametrize(("end", "what"), ENDS)
def test_a_pod_that_goes_comes_back_with_the_work(
    cluster: Cluster, password: str, end: End, what: str, record_property: Record
) -> None:
    workspace = cluster.workspace("flux")
    after = restarted(workspace, password, end)
    record_property(f"from {what} to the next pod Ready", f"{after.seconds:.1f} s")
    assert found_in(workspace, password, after.work) == after.work


def test_a_killed_container_comes_back_with_the_work(
    cluster: Cluster, password: str, record_property: Record
) -> None:
    workspace = cluster.workspace("flux")
    work = work_in(workspace, password, "before the crash")
    began = time.monotonic()
    workspace.crash()
    seconds = time.monotonic() - began
    record_property("from SIGKILL to the container Ready", f"{seconds:.1f} s")
    assert found_in(workspace, password, work) == work


def test_nothing_restarts_and_no_secret_changes_while_doppler_is_down(
    cluster: Cluster, outage: Outage, record_property: Record
) -> None:
    time.sleep(max(0, OUTAGE_SECONDS - outage.seconds))
    assert states_of(cluster) == {"False"}, "external-secrets knows of no outage"
    assert cluster.workspace("ha").life == outage.life
    assert secrets_of(cluster) == outage.secrets
    record_property("Doppler was down for", f"{outage.seconds:.0f} s")
