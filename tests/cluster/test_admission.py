"""The API server takes what we render, and refuses what nobody may run."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.workspace import NAMESPACE, Workspace


def privileged(image: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "privileged", "namespace": NAMESPACE},
        "spec": {
            "containers": [{"name": "app", "image": image, "securityContext": {"privileged": True}}]
        },
    }


def test_every_rendered_object_passes_a_strict_server_side_dry_run(
    cluster: Cluster, workspace: Workspace
) -> None:
    rendered = cluster.fleet.output("render", workspace.short_name)
    documents = list(yaml.safe_load_all(rendered))
    assert len(documents) > 8, rendered
    cluster.api.apply(documents, "--dry-run=server", "--validate=strict")


def test_a_misspelt_field_is_refused(cluster: Cluster, workspace: Workspace) -> None:
    documents = [
        each
        for each in yaml.safe_load_all(cluster.fleet.output("render", workspace.short_name))
        if each["kind"] == "Deployment"
    ]
    documents[0]["spec"]["template"]["spec"]["hostUser"] = False
    with pytest.raises(AssertionError, match="hostUser"):
        cluster.api.apply(documents, "--dry-run=server", "--validate=strict")


def test_a_privileged_pod_is_refused(cluster: Cluster) -> None:
    with pytest.raises(AssertionError, match='violates PodSecurity "restricted'):
        cluster.api.apply([privileged("localhost/any:1")])
