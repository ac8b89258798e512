"""What a pod mounts and reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from opencode_workspace.rules.source import Document, items, mapping


class SecretUse(NamedTuple):
    """A Secret that a pod reads; key: empty for the whole of it."""

    name: str
    key: str
    is_optional: bool
    is_environment: bool


def containers(pod: Document) -> list[Document]:
    """Its init containers and containers."""
    return [*items(pod["spec"].get("initContainers")), *items(pod["spec"].get("containers"))]


def volumes(pod: Document) -> list[Document]:
    """Its volumes."""
    return items(pod["spec"].get("volumes"))


def claims(pod: Document) -> list[str]:
    """Names of the claims it mounts."""
    found = (
        mapping(volume.get("persistentVolumeClaim")).get("claimName") for volume in volumes(pod)
    )
    return [str(name) for name in found if name]


def secrets(pod: Document) -> Iterator[SecretUse]:
    """Every use of a Secret; one key at a time where keys are named."""
    for volume in volumes(pod):
        projected = items(mapping(volume.get("projected")).get("sources"))
        sources = [(volume.get("secret"), "secretName")]
        sources += [(source.get("secret"), "name") for source in projected]
        for source, name in sources:
            if isinstance(source, dict):
                yield from _files(source, str(source.get(name)))
    for container in containers(pod):
        for entry in items(container.get("env")):
            source = mapping(mapping(entry.get("valueFrom")).get("secretKeyRef"))
            if source:
                optional = bool(source.get("optional"))
                yield SecretUse(str(source.get("name")), str(source.get("key")), optional, False)
        for entry in items(container.get("envFrom")):
            source = mapping(entry.get("secretRef"))
            if source:
                yield SecretUse(str(source.get("name")), "", bool(source.get("optional")), True)
    for reference in items(pod["spec"].get("imagePullSecrets")):
        yield SecretUse(str(reference.get("name")), "", False, False)


def _files(source: dict[str, Any], name: str) -> Iterator[SecretUse]:
    optional = bool(source.get("optional"))
    keys = items(source.get("items"))
    if not keys:
        yield SecretUse(name, "", optional, False)
    for item in keys:
        yield SecretUse(name, str(item.get("key")), optional, False)
