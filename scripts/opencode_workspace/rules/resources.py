"""What containers ask for of a node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from opencode_workspace.rules.deployment import Deployment, Release
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.podspec import containers
from opencode_workspace.rules.quantities import amount
from opencode_workspace.rules.registry import also, check
from opencode_workspace.rules.source import Document, mapping
from opencode_workspace.violation import Steps

_GROUPS = ("containers", "initContainers")
_BYTES = ("memory", "ephemeral-storage")
_LITTLE = 1_000_000


class _Share(NamedTuple):
    """A container's requests and limits; of: what it is called."""

    release: Release
    of: str
    container: str
    requests: Document
    limits: Document

    def pointers(self, field: str, resource: str) -> list[Steps]:
        """Where the values may have an amount."""
        start = ("controllers", "workspace")
        end = (self.container, "resources", field, resource)
        return [(*start, group, *end) for group in _GROUPS]


def _shares(deployment: Deployment) -> Iterator[_Share]:
    for release in deployment.releases:
        for of, pod in release.pods:
            for container in containers(pod):
                resources = mapping(container.get("resources"))
                limits, requests = (
                    mapping(resources.get("limits")),
                    mapping(resources.get("requests")),
                )
                if limits or requests:
                    name = str(container.get("name"))
                    yield _Share(release, f"{of}: container {name}", name, requests, limits)


@also("refused-object", "deployment")
def request_above_limit(deployment: Deployment) -> Iterator[Finding]:
    """Containers that ask for more than they may have."""
    for share in _shares(deployment):
        for resource, wanted in share.requests.items():
            limit = share.limits.get(resource)
            least, most = amount(wanted), amount(limit)
            if least is None or most is None or least <= most:
                continue
            places = [*share.pointers("requests", resource), *share.pointers("limits", resource)]
            if not _is_guess(deployment, share.release, places):
                message = f"{share.of}: requests.{resource} {wanted} is above its limit {limit}"
                yield share.release.finding_at(message, *places)


@check("tiny-memory", "deployment")
def tiny_memory(deployment: Deployment) -> Iterator[Finding]:
    """Memory or storage of less than a megabyte, whose unit is missing or means a thousandth."""
    for share in _shares(deployment):
        for field, amounts in (("requests", share.requests), ("limits", share.limits)):
            for resource in _BYTES:
                value = amounts.get(resource)
                size = amount(value)
                # With a unit of its own a small size is what is meant.
                if not size or size >= _LITTLE or str(value).endswith(("k", "Ki")):
                    continue
                places = share.pointers(field, resource)
                if not _is_guess(deployment, share.release, places):
                    message = f"{share.of}: {field}.{resource} {value} is {float(size):g} bytes"
                    yield share.release.finding_at(message, *places)


def _is_guess(deployment: Deployment, release: Release, pointers: list[Steps]) -> bool:
    return any(deployment.is_guess(release.applied, ("spec", "values", *p)) for p in pointers)
