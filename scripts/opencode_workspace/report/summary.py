"""What a person wants to know about a rendered workspace, in one row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from opencode_workspace.catalogue import Catalogue, Workspace
from opencode_workspace.flux import Reconciliation
from opencode_workspace.repository import has_placeholder

# The official image: it has OpenCode, but neither git nor ssh.
BARE_IMAGE = "ghcr.io/anomalyco/opencode"


@dataclass(frozen=True)
class Row:
    """One line of the preview. objects: number of objects by kind."""

    workspace: str
    host: str
    repository: str
    image: str
    volume: str
    objects: Mapping[str, int]
    warnings: tuple[str, ...]


def row(catalogue: Catalogue, reconciliation: Reconciliation) -> Row:
    """Summarises one workspace from its rendered objects, not from what was asked for."""
    workspace = reconciliation.workspace
    objects: dict[str, int] = {}
    for document in reconciliation.objects:
        objects[document["kind"]] = objects.get(document["kind"], 0) + 1
    return Row(
        workspace=workspace.app,
        host=", ".join(_hosts(reconciliation)),
        repository=workspace.repository or "(a new, empty one)",
        image=", ".join(_images(reconciliation)),
        volume=", ".join(_volumes(reconciliation)),
        objects=objects,
        warnings=tuple(_warnings(catalogue, workspace, reconciliation)),
    )


def _of_kind(reconciliation: Reconciliation, kind: str) -> Iterator[dict[str, Any]]:
    return (document for document in reconciliation.objects if document["kind"] == kind)


def _hosts(reconciliation: Reconciliation) -> list[str]:
    return [
        host
        for route in _of_kind(reconciliation, "HTTPRoute")
        for host in route["spec"]["hostnames"]
    ]


def _images(reconciliation: Reconciliation) -> list[str]:
    pods = (
        deployment["spec"]["template"]["spec"]
        for deployment in _of_kind(reconciliation, "Deployment")
    )
    return [container["image"] for pod in pods for container in pod["containers"]]


def _volumes(reconciliation: Reconciliation) -> list[str]:
    specs = [claim["spec"] for claim in _of_kind(reconciliation, "PersistentVolumeClaim")]
    return [
        f"{spec['resources']['requests']['storage']} {spec.get('storageClassName', '')}".strip()
        for spec in specs
    ]


def _warnings(
    catalogue: Catalogue, workspace: Workspace, reconciliation: Reconciliation
) -> Iterator[str]:
    images = _images(reconciliation)
    if has_placeholder(workspace.repository):
        yield "repository: replace the placeholder owner"
    if any(map(has_placeholder, (*images, catalogue.chart["repository"]))):
        yield "chart or image: replace the placeholder owner"
    if any(image.startswith(BARE_IMAGE) for image in images):
        yield "image: no git and no ssh in it"
    if not _hosts(reconciliation):
        yield "no host: reachable only inside the cluster"
    if workspace.secret_keys.copilot_auth is None:
        yield "no login: sign in to an LLM provider in the web UI"
    if workspace.parked:
        yield "parked: no pod runs"
