"""Nothing of one workspace is readable in the other, and nothing of the cluster in either."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.fleet import repository_of
from tests.cluster.rig.workspace import DIRECTORY, Workspace

PAIRS = [("flux", "ha"), ("ha", "flux")]
# Files below everything that is mounted or written, and the environment of every process.
SEARCH = """
for file in /proc/[0-9]*/environ; do tr '\\0' '\\n' <"$file"; done 2>/dev/null | grep -F -e "$1"
grep -rlsF -e "$1" /home /run /scripts /secrets /tmp /var /etc || :
"""


@pytest.mark.parametrize(("name", "other"), PAIRS)
def test_a_deploy_key_opens_its_own_repository_alone(
    cluster: Cluster, tmp_path: Path, name: str, other: str
) -> None:
    key, hosts = tmp_path / "key", tmp_path / "hosts"
    key.write_text(cluster.doppler.secrets[f"OPENCODE_{name.upper()}_DEPLOY_KEY"])
    key.chmod(0o600)
    hosts.write_text(cluster.forge.known_hosts)
    ssh = (
        f"ssh -i {key} -o UserKnownHostsFile={hosts} -o StrictHostKeyChecking=yes -o BatchMode=yes"
    )
    codes = [
        subprocess.run(
            ["git", "ls-remote", cluster.forge.ssh_url(repository_of(each))],
            env={**os.environ, "GIT_SSH_COMMAND": ssh},
            capture_output=True,
        ).returncode
        for each in (name, other)
    ]
    assert codes[0] == 0
    assert codes[1] != 0


def test_a_workspace_has_one_secret_and_one_claim_and_both_are_its_own(
    workspace: Workspace,
) -> None:
    volumes = workspace.pod()["spec"]["volumes"]
    secrets = {each["secret"]["secretName"] for each in volumes if "secret" in each}
    claims = {
        each["persistentVolumeClaim"]["claimName"]
        for each in volumes
        if "persistentVolumeClaim" in each
    }
    assert secrets == {f"{workspace.name}-secret"}
    assert claims == {workspace.name}


def test_the_app_sees_neither_deploy_key_nor_cluster_token(workspace: Workspace) -> None:
    found = workspace.run(
        "sh", "-c", "ls -d /secrets /var/run/secrets/kubernetes.io 2>/dev/null || echo none"
    )
    assert found == "none\n"
    assert "PRIVATE KEY" not in workspace.run("env")


def test_the_app_is_nobody_special_on_a_read_only_root(workspace: Workspace) -> None:
    assert workspace.run("id", "-u") == "1000\n"
    mounts = [line.split() for line in workspace.run("cat", "/proc/self/mounts").splitlines()]
    (options,) = (mount[3].split(",") for mount in mounts if mount[1] == "/")
    assert "ro" in options


def search(workspace: Workspace, text: str) -> str:
    """Where the app can read a text: lines of environments and paths of files."""
    return workspace.run("sh", "-c", SEARCH, "search", text)


@pytest.mark.parametrize(("name", "other"), PAIRS)
def test_no_file_and_no_environment_holds_anything_of_the_other(
    cluster: Cluster, name: str, other: str
) -> None:
    workspace = cluster.workspace(name)
    assert f"{DIRECTORY}/README.md" in search(workspace, f"This is {repository_of(name)}")
    assert search(workspace, f"This is {repository_of(other)}") == ""
    assert search(workspace, f"opencode-{other}") == ""
    # One line of a key is enough to find it, whatever it is wrapped in; the first is the same in all keys.
    key = cluster.doppler.secrets[f"OPENCODE_{other.upper()}_DEPLOY_KEY"].splitlines()[3]
    assert search(workspace, key) == ""
    known = search(workspace, cluster.password)
    assert f"OPENCODE_SERVER_PASSWORD={cluster.password}" in known, "environments are searched"


@pytest.mark.parametrize(("name", "other"), PAIRS)
def test_the_volume_of_the_other_is_not_mounted(cluster: Cluster, name: str, other: str) -> None:
    mounts = cluster.workspace(name).run("cat", "/proc/self/mountinfo")
    assert cluster.workspace(name).claim()["spec"]["volumeName"] in mounts
    assert cluster.workspace(other).claim()["spec"]["volumeName"] not in mounts
