"""The API server takes what we render, and refuses what nobody may run; the oldest one as the newest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.cluster.conftest import WORKSPACES
from tests.cluster.rig import sandbox
from tests.cluster.rig.api import Api
from tests.cluster.rig.cluster import SYSTEM, Cluster
from tests.cluster.rig.controlplane import oldest_server
from tests.cluster.rig.workspace import NAMESPACE, Workspace

Documents = list[dict[str, Any]]


def rendered(cluster: Cluster, name: str) -> Documents:
    """Everything that Flux and Helm apply for a workspace, and the pod that its Deployment makes."""
    documents: Documents = list(yaml.safe_load_all(cluster.fleet.output("render", name)))
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {**template["metadata"], "name": "sample", "namespace": NAMESPACE},
            "spec": template["spec"],
        }
        for template in [d["spec"]["template"] for d in documents if d["kind"] == "Deployment"]
    ]
    return [*documents, *pods]


def privileged(image: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "privileged", "namespace": NAMESPACE},
        "spec": {
            "containers": [{"name": "app", "image": image, "securityContext": {"privileged": True}}]
        },
    }


def namespace(cluster: Cluster, name: str) -> dict[str, Any]:
    """A namespace as it is in the cluster, its level of Pod Security included."""
    labels = cluster.api.read("Namespace", name)["metadata"]["labels"]
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": labels},
    }


@pytest.fixture(scope="module")
def oldest(cluster: Cluster) -> Iterator[Api]:
    """The oldest API server, with the namespaces and service accounts that objects need to be taken."""
    documents = [document for name in WORKSPACES for document in rendered(cluster, name)]
    accounts = [each for each in documents if each["kind"] == "ServiceAccount"]
    default = {"name": "default", "namespace": NAMESPACE}
    logs = sandbox.run_folder() / "logs"
    kinds = {each["kind"] for each in documents}
    with oldest_server(sandbox.STATE / "oldest", logs, kinds) as server:
        server.apply([namespace(cluster, name) for name in (NAMESPACE, SYSTEM)])
        # No controller makes the default one here.
        server.apply(
            [*accounts, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": default}]
        )
        yield server


@pytest.fixture(params=["newest", "oldest"])
def server(request: pytest.FixtureRequest, cluster: Cluster) -> Api:
    """API servers of the oldest and the newest Kubernetes there is a program of."""
    found: Api = request.getfixturevalue("oldest") if request.param == "oldest" else cluster.api
    return found


def test_the_oldest_server_is_of_the_oldest_version_that_the_chart_is_for(
    oldest: Api, supported_versions: tuple[str, str]
) -> None:
    version = json.loads(oldest.request("GET", "version"))
    assert f"{version['major']}.{version['minor']}" == supported_versions[0]


def test_every_rendered_object_passes_a_strict_server_side_dry_run(
    cluster: Cluster, server: Api, workspace: Workspace
) -> None:
    documents = rendered(cluster, workspace.short_name)
    assert len(documents) > 9, [each["kind"] for each in documents]
    server.apply(documents, "--dry-run=server", "--validate=strict")


def test_a_misspelt_field_is_refused(cluster: Cluster, server: Api) -> None:
    (document,) = [each for each in rendered(cluster, "ha") if each["kind"] == "Deployment"]
    document["spec"]["template"]["spec"]["hostUser"] = False
    with pytest.raises(AssertionError, match="hostUser"):
        server.apply([document], "--dry-run=server", "--validate=strict")


def test_a_privileged_pod_is_refused(server: Api) -> None:
    with pytest.raises(AssertionError, match='violates PodSecurity "restricted'):
        server.apply([privileged("localhost/any:1")])
