"""API versions that are not served any more."""

from __future__ import annotations

import functools
import importlib.resources
import re
from collections.abc import Iterator
from typing import Any

from opencode_workspace import yamlio
from opencode_workspace.rules.deployment import Deployment
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.source import numbered
from opencode_workspace.rules.surroundings import Surroundings

_UNFINISHED = re.compile(r"v\d+(alpha|beta)\d+")


@functools.cache
def _table() -> dict[str, Any]:
    folder = importlib.resources.files("opencode_workspace.rules")
    found: dict[str, Any] = yamlio.parse(
        folder.joinpath("apis.yaml").read_text("utf-8"), "apis.yaml"
    )[0]
    return found


def replacement(api_version: str, kind: str) -> str | None:
    """What to write for a version that is gone; None when it is served, empty when the group is gone."""
    group, _, version = api_version.rpartition("/")
    current: str | None = _table()["versions"].get(group)
    if current is None or kind in _table()["young"] or not _UNFINISHED.fullmatch(version):
        return None
    return f"{group}/{current}" if current else ""


@check("old-api", "deployment", "surroundings")
def old_api(part: Deployment | Surroundings) -> Iterator[Finding]:
    """Alpha and beta versions in objects, and in the health checks that name them."""
    for entry in part.entries:
        current = replacement(entry.api_version, entry.kind)
        if current is not None:
            yield entry.finding(_message(entry.api_version, current), ("apiVersion",))
        for field in ("healthChecks", "healthCheckExprs"):
            for index, target in numbered(entry.spec.get(field)):
                version = str(target.get("apiVersion", ""))
                current = replacement(version, str(target.get("kind")))
                if current is not None:
                    pointer = ("spec", field, index, "apiVersion")
                    yield entry.finding(_message(version, current), pointer)
    for release in part.releases if isinstance(part, Deployment) else ():
        for manifest in release.manifests:
            current = replacement(manifest["apiVersion"], manifest["kind"])
            if current is not None:
                yield release.finding(_message(manifest["apiVersion"], current))


def _message(version: str, current: str) -> str:
    return f"{version} is old; write {current}" if current else f"{version} is gone"
