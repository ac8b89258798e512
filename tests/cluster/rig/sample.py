"""A workspace beside the fleet's: a release in a namespace of its own, for what no other should suffer."""

from __future__ import annotations

from typing import Any

from .api import Object
from .fleet import Fleet, image
from .storage import CLASS

# Pod Security as the workspaces' own namespace has it.
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


def values(fleet: Fleet) -> dict[str, Any]:
    """Values of a workspace without a repository, with a volume that the chart makes."""
    repository, _, tag = image(fleet.catalogue).rpartition(":")
    named = {"image": {"repository": repository, "tag": tag}}
    workspace = {"containers": {"app": named}, "initContainers": {"init-workspace": {**named}}}
    return {
        "controllers": {"workspace": workspace},
        "persistence": {"config": {"storageClass": CLASS}},
    }


def secret(release: str, namespace: str) -> Object:
    """The Secret that the release looks for."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": f"{release}-secret", "namespace": namespace},
        "stringData": {"SERVER_PASSWORD": "only-for-this-test"},
    }


def release(name: str, namespace: str, values: Object, source: Object) -> Object:
    """A HelmRelease; `source` is its chart or chartRef."""
    return {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"interval": "1h", "values": values, **source},
    }
