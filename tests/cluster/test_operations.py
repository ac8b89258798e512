"""Every page of docs/operations does what it says: its commands are run as they stand in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.cluster.rig.api import condition, wait_for
from tests.cluster.rig.backup import PROGRAMS
from tests.cluster.rig.cluster import SYSTEM, Cluster
from tests.cluster.rig.desk import desk
from tests.cluster.rig.howto import PAGES as FOLDER
from tests.cluster.rig.howto import HowTo, following
from tests.cluster.rig.work import LOGIN, found_in, work_in
from tests.cluster.rig.workspace import NAMESPACE, Workspace

# Names of the pages that a test runs.
PAGES: set[str] = set()
Test = TypeVar("Test", bound=Callable[..., None])


def runs(name: str) -> Callable[[Test], Test]:
    """Gives a test its page: the only way to one."""
    PAGES.add(f"{name}.md")
    return pytest.mark.parametrize("page", [name], indirect=True, ids=[""])


@pytest.fixture
def page(request: pytest.FixtureRequest, cluster: Cluster, tmp_path: Path) -> Iterator[HowTo]:
    """A page; afterwards all of it has been run, and the repository is what it was."""
    with (
        cluster.restoring(),
        desk(cluster, tmp_path / "desk") as shell,
        following(FOLDER / f"{request.param}.md", shell, cluster.fleet.catalogue) as opened,
    ):
        yield opened
    cluster.workspace("ha").wait_pod()


@pytest.fixture
def workspace(cluster: Cluster) -> Workspace:
    """The workspace that the pages are about."""
    return cluster.workspace("ha")


def age_backup(cluster: Cluster, workspace: Workspace, when: str) -> None:
    """Adds a copy of the newest backup that says it was made at that time."""
    secrets = cluster.doppler.secrets
    repository = f"{secrets['VOLSYNC_REPOSITORY_TEMPLATE']}/{workspace.name}"
    environment = {
        **os.environ,
        "RESTIC_REPOSITORY": repository,
        "RESTIC_PASSWORD": secrets["RESTIC_PASSWORD"],
        "AWS_ACCESS_KEY_ID": secrets["MINIO_ROOT_USER"],
        "AWS_SECRET_ACCESS_KEY": secrets["MINIO_ROOT_PASSWORD"],
    }
    command = [str(PROGRAMS / "restic"), "--no-cache", "rewrite", "--new-time", when, "latest"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def leftovers(cluster: Cluster) -> list[str]:
    """Volumes that a restore was made in, and that it does not need any more."""
    claims = [each["metadata"]["name"] for each in cluster.api.list("PersistentVolumeClaim")]
    return [name for name in claims if name.startswith(("volsync-opencode-ha-dst", "vs-prime"))]


def size(folder: Path) -> str:
    """What a folder holds, in MB."""
    total = sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file())
    return f"{total / 1e6:.1f} MB"


@pytest.mark.timeout(900)
@runs("restore")
def test_a_lost_volume_is_restored_with_all_work(
    page: HowTo,
    cluster: Cluster,
    workspace: Workspace,
    password: str,
    record_property: Callable[[str, Any], None],
) -> None:
    older = work_in(workspace, password, "older work")
    page.run("Stop and back up")
    age_backup(cluster, workspace, "2026-10-20 12:00:00")
    page.run("Start and look")

    newer = work_in(workspace, password, "newer work")
    claim, home = workspace.claim()["metadata"]["uid"], workspace.home
    page.run("Stop and back up")
    record_property("size of the volume that was lost", size(home))
    shutil.rmtree(home)
    started = time.monotonic()
    assert "restoring" in page.run("Restore the newest backup"), "what restic said"
    wait_for(lambda: not leftovers(cluster), "end of what the restore needed")
    page.run("Exchange the volume")
    looked = page.run("Start and look")
    record_property("lost volume to ready workspace", f"{time.monotonic() - started:.0f} s")
    assert workspace.claim()["metadata"]["uid"] != claim
    assert found_in(workspace, password, newer) == newer
    assert "newer work" in looked, "the page's list of sessions"
    assert "?? draft.txt" in looked, "the page's list of changes"

    page.run("An older state")
    page.run("Exchange the volume")
    page.run("Start and look")
    assert found_in(workspace, password, older) == older
    assert found_in(workspace, password, newer).session == ""
    # Whatever restores next takes the newest backup.
    cluster.api.delete("ReplicationDestination", f"{workspace.name}-dst", NAMESPACE)


@pytest.mark.timeout(900)
@runs("move")
def test_a_moved_workspace_has_all_work(
    page: HowTo,
    cluster: Cluster,
    workspace: Workspace,
    password: str,
    record_property: Callable[[str, Any], None],
) -> None:
    work = work_in(workspace, password, "work that moves")
    page.run("In the old cluster")
    assert workspace.claim(), "the page says that the claim stays"
    # From here on this cluster is the other one: what is left is not there.
    home = workspace.home
    lose_claim(cluster, workspace)
    shutil.rmtree(home)
    started = time.monotonic()
    looked = page.run("In the new cluster")
    record_property("workspace in the new cluster", f"{time.monotonic() - started:.0f} s")
    assert found_in(workspace, password, work) == work
    assert "work that moves" in looked, "the page's list of sessions"


def lose_claim(cluster: Cluster, workspace: Workspace) -> None:
    """Deletes the claim, and waits until it has gone."""
    cluster.api.delete("PersistentVolumeClaim", workspace.name, NAMESPACE)
    for pod in workspace.pods:
        cluster.api.delete("Pod", pod["metadata"]["name"], NAMESPACE)
    wait_for(
        lambda: cluster.api.get("PersistentVolumeClaim", workspace.name, NAMESPACE) is None,
        "end of the claim",
    )


def refused(cluster: Cluster, workspace: Workspace) -> bool:
    """AssertionError unless Flux says that the volume of the workspace cannot shrink."""
    state = condition(cluster.api.read("Kustomization", workspace.name, SYSTEM), "Ready")
    assert "field can not be less than status.capacity" in state.get("message", ""), state
    return True


@runs("grow")
def test_a_volume_grows_under_a_running_workspace(
    page: HowTo, cluster: Cluster, workspace: Workspace
) -> None:
    pod = workspace.wait_pod()["metadata"]["uid"]
    assert page.run("").splitlines()[0] == "true"
    assert workspace.claim()["status"]["capacity"]["storage"] == "10Gi"
    assert workspace.pod()["metadata"]["uid"] == pod, "the workspace was restarted"
    name = f"{workspace.name}-dst"
    destination = cluster.api.read("ReplicationDestination", name, NAMESPACE)
    assert destination["spec"]["restic"]["capacity"] == "10Gi"
    cluster.fleet.edit(lambda catalogue: catalogue["workspaces"]["ha"].pop("volume"))
    cluster.push("Less space for workspace ha")
    wait_for(partial(refused, cluster, workspace), "refusal of a smaller volume")
    # The repository's 5Gi can come back on a new claim only, and not before the Kustomization has them.
    cluster.api.delete("ReplicationDestination", name, NAMESPACE)
    lose_claim(cluster, workspace)


@runs("park")
def test_a_parked_workspace_has_no_pod_and_resumes_with_the_work(
    page: HowTo, cluster: Cluster, workspace: Workspace, password: str
) -> None:
    other = cluster.workspace("flux")
    work = work_in(workspace, password, "work before the break")
    claim, neighbour = workspace.claim()["metadata"]["uid"], other.pod()["metadata"]["uid"]
    page.run("Park")
    assert workspace.pods == []
    page.run("Resume")
    assert found_in(workspace, password, work) == work
    assert workspace.claim()["metadata"]["uid"] == claim
    assert other.pod()["metadata"]["uid"] == neighbour


def told(workspace: Workspace, words: str) -> bool:
    """AssertionError with all that its last start has told, unless these words are in it."""
    log = workspace.log("init-workspace")
    assert words in log, log
    return True


@runs("rotate")
def test_rotated_secrets_are_the_ones_that_work(
    page: HowTo, cluster: Cluster, workspace: Workspace, password: str
) -> None:
    both = [cluster.workspace(name) for name in ("flux", "ha")]
    page.run("Password")
    page.run("Into the cluster")
    new = cluster.password
    for each in both:
        assert (each.get(password=password)[0], each.get(password=new)[0]) == (401, 200)

    # The forge takes the new key only: a fetch shows that the workspace has it.
    page.run("Deploy key")
    page.run("Into the cluster")
    wait_for(partial(told, workspace, "fetched from"), "fetch with the new key")

    # What `opencode auth login` leaves behind.
    login = json.dumps({"github-copilot": {"type": "oauth", "refresh": "new", "expires": 0}})
    before = {each.name: each.run("cat", LOGIN) for each in both}
    workspace.run("sh", "-c", f"printf %s '{login}' > {LOGIN}")
    page.run("Copilot login")
    page.run("Into the cluster")
    assert [each.run("cat", LOGIN) for each in both] == [login, login]
    kept = both[0].run("sh", "-c", f"cat {LOGIN}.*")
    assert before[both[0].name] in kept, "the old login of the other workspace"


@runs("logs")
def test_logs_say_what_happened(page: HowTo, cluster: Cluster, workspace: Workspace) -> None:
    def backed_up() -> object:
        source = cluster.api.read("ReplicationSource", workspace.name, NAMESPACE)
        return source.get("status", {}).get("lastSyncTime")

    wait_for(backed_up, "first backup")
    workspace.crash()
    said = page.run("The workspace")
    assert "a repository" in said, "init-workspace's log"
    assert '"exitCode":137' in said, "how the container before ended"
    objects = page.run("Flux")
    for kind in (
        "externalsecret",
        "ocirepository",
        "helmrelease",
        "persistentvolumeclaim",
        "deployment",
    ):
        assert kind in objects
    backup = page.run("The backup")
    assert "Successful" in backup
    datetime.fromisoformat(backup.splitlines()[0])
