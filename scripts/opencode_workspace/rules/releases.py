"""HelmReleases of the chart: their values, their chart, and what a failure does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from opencode_workspace.rules.deployment import Deployment, Release
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.source import mapping
from opencode_workspace.rules.tree import Tree
from opencode_workspace.violation import Steps, values_path

_QUOTED = re.compile(r"'([^']+)'")
_PLACE = re.compile(r"(?P<message>.*?) \[(?P<path>[A-Za-z].*)\]", re.DOTALL)
_STEP = re.compile(r'\["([^"]*)"\]|\[(\d+)\]|([^.\[\]]+)')


@check("refused-values", "deployment")
def refused_values(deployment: Deployment) -> Iterator[Finding]:
    """Values that fail values.schema.json, as Helm coalesces them with the chart's."""
    for release in deployment.releases:
        for violation in release.violations:
            # The schema says of globalMounts only that it does not know it; a rule of its own says why.
            if (
                "'globalMounts'" not in violation.message
                and "globalMounts" not in violation.pointer
            ):
                where = values_path(violation.pointer) or "the values"
                pointer = ("spec", "values", *violation.pointer)
                name = _QUOTED.search(violation.message)
                deeper = (
                    (*pointer, name[1]) if name and _has(release, pointer, name[1]) else pointer
                )
                yield release.applied.finding(f"{where}: {violation.message}", deeper)


@check("ignored-values", "deployment")
def ignored_values(deployment: Deployment) -> Iterator[Finding]:
    """Values that are no mapping: helm-controller reads them as none at all."""
    for release in deployment.releases:
        if release.has_odd_values:
            is_list = isinstance(release.applied.spec["values"], list)
            message = f"spec.values is {'a list' if is_list else 'text or a number'}, no mapping"
            yield release.applied.finding(message, ("spec", "values"))


def _has(release: Release, pointer: Steps, name: str) -> bool:
    value: object = release.applied.document
    for step in pointer:
        value = mapping(value).get(str(step)) if isinstance(value, dict) else None
    return isinstance(value, dict) and name in value


@check("refused-release", "deployment")
def refused_release(deployment: Deployment) -> Iterator[Finding]:
    """What the chart's own checks, or Helm, refuse."""
    for release in deployment.releases:
        for refusal in release.refusals:
            message, pointer = _told(refusal)
            if "globalMounts" not in pointer:
                yield release.applied.finding(message, ("spec", "values", *pointer))


def _told(refusal: str) -> tuple[str, Steps]:
    """What the chart says, and the place in the values that it names in brackets at the end."""
    match = _PLACE.fullmatch(refusal)
    if match is None:
        return refusal.rstrip("."), ()
    steps = _STEP.findall(match["path"])
    pointer = tuple(int(number) if number else key or name for key, number, name in steps)
    return match["message"].rstrip("."), pointer


@check("global-mounts", "deployment")
def global_mounts(deployment: Deployment) -> Iterator[Finding]:
    """Volumes that go into every container."""
    for release in deployment.releases:
        for name, item in mapping(release.values.get("persistence")).items():
            if "globalMounts" in mapping(item):
                yield release.applied.finding(
                    f"persistence.{name} has globalMounts",
                    ("spec", "values", "persistence", name, "globalMounts"),
                )


@check("cluster-values", "deployment")
def cluster_values(deployment: Deployment) -> Iterator[Finding]:
    """Values from ConfigMaps and Secrets of the cluster."""
    for release in deployment.releases:
        if release.applied.spec.get("valuesFrom"):
            message = "valuesFrom cannot be known without the cluster"
            yield release.applied.finding(message, ("spec", "valuesFrom"))


@check("chart-not-found", "tree")
def chart_not_found(tree: Tree) -> Iterator[Finding]:
    """Releases whose chart is not there to render them with."""
    if tree.chart is not None:
        return
    written = tree.provided.chart_path
    if tree.catalogue is not None and written is not None:
        line = tree.catalogue.line(("chart", "path"))
        yield Finding(f"there is no chart at {written}", tree.catalogue.path, line)
        return
    for entry in tree.deploying[:1]:
        yield entry.finding("there is no folder charts/opencode-workspace above this file")


@check("other-chart-version", "deployment")
def other_chart_version(deployment: Deployment) -> Iterator[Finding]:
    """OCIRepositories that deploy another version than the one on disk."""
    for release in deployment.releases:
        if release.source is None or release.chart_version is None:
            continue
        reference = mapping(release.source.spec.get("ref"))
        tag = str(reference.get("tag", "")).partition("@")[0]
        # A source for many releases is not substituted here.
        if "${" not in tag and tag.replace("_", "+") not in ("", release.chart_version):
            yield release.source.finding(
                f"{tag} is deployed, the chart on disk is {release.chart_version}",
                ("spec", "ref", "tag"),
            )


@check("destructive-remediation", "deployment")
def destructive_remediation(deployment: Deployment) -> Iterator[Finding]:
    """What makes helm-controller uninstall a release that failed."""
    for release in deployment.releases:
        applied = release.applied
        install, upgrade = (mapping(applied.spec.get(action)) for action in ("install", "upgrade"))
        if install.get("remediation") is not None:
            message = "install.remediation uninstalls between attempts"
            yield applied.finding(message, ("spec", "install", "remediation"))
        if mapping(install.get("strategy")).get("name") == "RemediateOnFailure":
            message = "the strategy RemediateOnFailure uninstalls a failed install"
            yield applied.finding(message, ("spec", "install", "strategy", "name"))
        if mapping(upgrade.get("remediation")).get("strategy") == "uninstall":
            message = "upgrade.remediation.strategy uninstalls a failed upgrade"
            yield applied.finding(message, ("spec", "upgrade", "remediation", "strategy"))
