"""What kustomize and Flux call a resource in their messages, and when two are the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class ResourceId(NamedTuple):
    """Group, version, kind, namespace and name: two resources with equal ids are one object."""

    group: str
    version: str
    kind: str
    namespace: str
    name: str

    @property
    def type(self) -> str:
        """kustomize's name of the kind, such as `Deployment.v1.apps`."""
        return f"{self.kind}.{self.version or '[noVer]'}.{self.group or '[noGrp]'}"

    def __str__(self) -> str:
        return f"{self.type}/{self.name}.{self.namespace or '[noNs]'}"


def resource_id(document: Mapping[str, Any]) -> ResourceId:
    """Id of a Kubernetes object that has apiVersion, kind and metadata.name."""
    group, _, version = str(document["apiVersion"]).rpartition("/")
    metadata = document["metadata"]
    return ResourceId(
        group, version, document["kind"], metadata.get("namespace") or "", metadata["name"]
    )
