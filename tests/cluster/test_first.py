"""From an empty cluster and this repository's flux/ in Git, both workspaces are there."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cluster.conftest import WORKSPACES
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.fleet import repository_of
from tests.cluster.rig.workspace import NAMESPACE, Workspace


def test_secret_comes_from_the_store(cluster: Cluster, workspace: Workspace) -> None:
    cluster.api.ready("ExternalSecret", f"{workspace.name}-secret", NAMESPACE)


def test_release_is_ready(cluster: Cluster, workspace: Workspace) -> None:
    cluster.api.ready("HelmRelease", workspace.name, NAMESPACE)


def test_claim_is_bound_and_the_pod_ready(workspace: Workspace) -> None:
    workspace.claim()
    workspace.pod()


@pytest.mark.parametrize("name", WORKSPACES)
def test_workspace_holds_its_own_repository(cluster: Cluster, name: str) -> None:
    text = cluster.workspace(name).run("cat", "/home/user/workspace/README.md")
    assert text == f"This is {repository_of(name)}\n"


def test_page_asks_for_the_password_and_opens_with_it(
    cluster: Cluster, workspace: Workspace
) -> None:
    password = cluster.doppler.secrets["OPENCODE_SERVER_PASSWORD"]
    assert workspace.get()[0] == 401
    assert workspace.get(password="wrong")[0] == 401
    assert workspace.get(password=password)[0] == 200


@pytest.mark.parametrize(("name", "other"), [("flux", "ha"), ("ha", "flux")])
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
    assert workspace.run("sh", "-c", "touch /usr/x 2>/dev/null || echo read-only") == "read-only\n"
