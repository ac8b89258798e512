"""Workspaces come and go by one commit each; what they hold stays."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

import pytest

from tests.cluster.conftest import Record
from tests.cluster.rig.api import wait_for
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.fleet import repository_of
from tests.cluster.rig.workspace import DIRECTORY, NAMESPACE, Workspace


@pytest.fixture
def third(cluster: Cluster, record_property: Record) -> Iterator[Workspace]:
    """A workspace that one commit has added; afterwards all of it is gone."""
    fleet, name = cluster.fleet, "third"
    key = "OPENCODE_THIRD_DEPLOY_KEY"
    cluster.doppler.secrets[key] = cluster.forge.create(repository_of(name))
    workspace = cluster.workspace(name)
    with cluster.restoring():
        fleet.command("new", name, "--repository", cluster.forge.ssh_url(repository_of(name)))
        began = time.monotonic()
        revision = cluster.push("A third workspace")
        workspace.wait_pod()
        record_property("from a push to the new pod Ready", f"{time.monotonic() - began:.1f} s")
        cluster.wait_applied(revision)
        seconds = time.monotonic() - began
        record_property("from a push to its Kustomization Ready", f"{seconds:.1f} s")
        yield workspace
    wait_for(lambda: not workspace.pods, "end of the third workspace")
    cluster.api.delete("PersistentVolumeClaim", workspace.name, NAMESPACE)
    del cluster.doppler.secrets[key]


def is_gone(cluster: Cluster, kind: str, name: str) -> bool:
    """Whether the workspaces' namespace has no such object any more."""
    return cluster.api.get(kind, name, NAMESPACE) is None


def test_a_workspace_comes_goes_and_finds_its_data_again(
    cluster: Cluster, third: Workspace
) -> None:
    others = [cluster.workspace(name).pod()["metadata"]["uid"] for name in ("flux", "ha")]
    third.run("sh", "-c", f"echo mine > {DIRECTORY}/mine.txt")
    claim = third.claim()["metadata"]["uid"]

    cluster.fleet.command("remove", "third")
    cluster.wait_applied(cluster.push("No third workspace"))
    for kind, name in {
        "HelmRelease": third.name,
        "Deployment": third.name,
        "HTTPRoute": third.name,
        "Secret": f"{third.name}-secret",
    }.items():
        wait_for(partial(is_gone, cluster, kind, name), f"end of {kind} {name}")
    wait_for(lambda: not third.pods, "end of its pod")
    assert third.claim()["metadata"]["uid"] == claim, "the claim was made anew"
    assert (third.home / "workspace/mine.txt").read_text() == "mine\n"

    url = cluster.forge.ssh_url(repository_of("third"))
    cluster.fleet.command("new", "third", "--repository", url)
    cluster.wait_applied(cluster.push("The third workspace again"))
    third.wait_pod()
    assert third.run("cat", f"{DIRECTORY}/mine.txt") == "mine\n"
    assert third.claim()["metadata"]["uid"] == claim
    assert others == [cluster.workspace(n).pod()["metadata"]["uid"] for n in ("flux", "ha")]


def test_namespace_survives_being_dropped_from_git(cluster: Cluster) -> None:
    before = cluster.api.read("Namespace", NAMESPACE)["metadata"]["uid"]
    folder = cluster.fleet.tree / "flux/apps/opencode"
    with cluster.restoring():
        listing = folder / "kustomization.yaml"
        lines = listing.read_text().splitlines(keepends=True)
        listing.write_text("".join(line for line in lines if "namespace.yaml" not in line))
        (folder / "namespace.yaml").unlink()
        cluster.wait_applied(cluster.push("No namespace"))
        namespace = cluster.api.read("Namespace", NAMESPACE)
        assert namespace["metadata"]["uid"] == before
        assert namespace["status"]["phase"] == "Active"
