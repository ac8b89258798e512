"""From an empty cluster and this repository's flux/ in Git, both workspaces are there."""

from __future__ import annotations

import pytest

from tests.cluster.conftest import WORKSPACES
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.fleet import repository_of
from tests.cluster.rig.workspace import DIRECTORY, NAMESPACE, Workspace


def test_both_workspaces_become_ready(cluster: Cluster) -> None:
    cluster.wait_applied(cluster.fleet.revision)


def test_secret_comes_from_the_store(cluster: Cluster, workspace: Workspace) -> None:
    cluster.api.ready("ExternalSecret", f"{workspace.name}-secret", NAMESPACE)


def test_release_is_ready(cluster: Cluster, workspace: Workspace) -> None:
    cluster.api.ready("HelmRelease", workspace.name, NAMESPACE)


def test_claim_is_bound_and_the_pod_ready(workspace: Workspace) -> None:
    workspace.claim()
    workspace.pod()


@pytest.mark.parametrize("name", WORKSPACES)
def test_workspace_holds_its_own_repository(cluster: Cluster, name: str) -> None:
    text = cluster.workspace(name).run("cat", f"{DIRECTORY}/README.md")
    assert text == f"This is {repository_of(name)}\n"


def test_page_asks_for_the_password_and_opens_with_it(workspace: Workspace, password: str) -> None:
    assert workspace.get()[0] == 401
    assert workspace.get(password="wrong")[0] == 401
    assert workspace.get(password=password)[0] == 200
