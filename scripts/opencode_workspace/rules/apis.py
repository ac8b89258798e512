"""API versions that are not served any more."""

from __future__ import annotations

import functools
import importlib.resources
import re
from collections.abc import Iterator

from opencode_workspace import yamlio
from opencode_workspace.rules.deployment import Deployment
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.source import numbered

_BETA = re.compile(r"v\d+beta\d+")
# Still at their first version.
_ONLY_BETA = frozenset(("ReferenceGrant", "GeneratorState"))


@functools.cache
def _current() -> dict[str, str]:
    folder = importlib.resources.files("opencode_workspace.rules")
    found: dict[str, str] = yamlio.parse(
        folder.joinpath("apis.yaml").read_text("utf-8"), "apis.yaml"
    )[0]
    return found


def replacement(api_version: str, kind: str) -> str | None:
    """What to write for a version that is gone; None when it is served, empty when the group is gone."""
    group, _, version = api_version.rpartition("/")
    if group not in _current() or kind in _ONLY_BETA or not _BETA.fullmatch(version):
        return None
    current = _current()[group]
    return f"{group}/{current}" if current else ""


@check("old-api", "deployment")
def old_api(deployment: Deployment) -> Iterator[Finding]:
    """Beta versions in objects, and in the health checks that name them."""
    for entry in deployment.entries:
        current = replacement(entry.api_version, entry.kind)
        if current is not None:
            yield entry.finding(_message(entry.api_version, current), ("apiVersion",))
    spec = deployment.entry.spec
    for field in ("healthChecks", "healthCheckExprs"):
        for index, target in numbered(spec.get(field)):
            version = str(target.get("apiVersion", ""))
            current = replacement(version, str(target.get("kind")))
            if current is not None:
                pointer = ("spec", field, index, "apiVersion")
                yield deployment.entry.finding(_message(version, current), pointer)
    for release in deployment.releases:
        for manifest in release.manifests:
            current = replacement(manifest["apiVersion"], manifest["kind"])
            if current is not None:
                yield release.finding(_message(manifest["apiVersion"], current))


def _message(version: str, current: str) -> str:
    return f"{version} is not served any more; write {current}" if current else f"{version} is gone"
