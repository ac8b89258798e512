"""What a pod mounts and reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from opencode_workspace.rules.source import Document, items, mapping


class Use(NamedTuple):
    """A Secret or ConfigMap that a pod reads; key: empty for the whole of it.

    is_environment: its keys become variables. is_pull_secret: the kubelet reads it, for the registry.
    """

    name: str
    key: str
    is_optional: bool
    is_environment: bool = False
    is_pull_secret: bool = False


class _Fields(NamedTuple):
    """What the fields are called that name an object of one kind."""

    volume: str
    name_in_volume: str
    key_of: str
    all_of: str


_SECRET = _Fields("secret", "secretName", "secretKeyRef", "secretRef")
_MAP = _Fields("configMap", "name", "configMapKeyRef", "configMapRef")


def containers(pod: Mapping[str, Any]) -> list[Document]:
    """Its init containers and containers."""
    return [*items(pod["spec"].get("initContainers")), *items(pod["spec"].get("containers"))]


def volumes(pod: Mapping[str, Any]) -> list[Document]:
    """Its volumes."""
    return items(pod["spec"].get("volumes"))


def claims(pod: Document) -> list[str]:
    """Names of the claims it mounts."""
    found = (
        mapping(volume.get("persistentVolumeClaim")).get("claimName") for volume in volumes(pod)
    )
    return [str(name) for name in found if name]


def secrets(pod: Document) -> Iterator[Use]:
    """Every use of a Secret; one key at a time where keys are named."""
    yield from _uses(pod, _SECRET)
    for reference in items(pod["spec"].get("imagePullSecrets")):
        # The kubelet tries without one that is missing.
        yield Use(str(reference.get("name")), "", True, is_pull_secret=True)


def maps(pod: Document) -> Iterator[Use]:
    """Every use of a ConfigMap; one key at a time where keys are named."""
    yield from _uses(pod, _MAP)


def _uses(pod: Document, fields: _Fields) -> Iterator[Use]:
    for volume in volumes(pod):
        projected = items(mapping(volume.get("projected")).get("sources"))
        sources = [(volume.get(fields.volume), fields.name_in_volume)]
        sources += [(source.get(fields.volume), "name") for source in projected]
        for source, name in sources:
            if isinstance(source, dict):
                yield from _files(source, str(source.get(name)))
    for container in containers(pod):
        for entry in items(container.get("env")):
            source = mapping(mapping(entry.get("valueFrom")).get(fields.key_of))
            if source:
                optional = bool(source.get("optional"))
                yield Use(str(source.get("name")), str(source.get("key")), optional)
        for entry in items(container.get("envFrom")):
            source = mapping(entry.get(fields.all_of))
            if source:
                yield Use(str(source.get("name")), "", bool(source.get("optional")), True)


def _files(source: dict[str, Any], name: str) -> Iterator[Use]:
    optional = bool(source.get("optional"))
    keys = items(source.get("items"))
    if not keys:
        yield Use(name, "", optional)
    for item in keys:
        yield Use(name, str(item.get("key")), optional)
