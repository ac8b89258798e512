"""References between Flux's own objects."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_workspace.rules.deployment import Applied, Deployment
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.source import Document, mapping, numbered
from opencode_workspace.violation import Steps


@check("unknown-dependency", "deployment")
def unknown_dependency(deployment: Deployment) -> Iterator[Finding]:
    """dependsOn of Kustomizations and HelmReleases."""
    entry = deployment.entry
    for index, one in numbered(entry.spec.get("dependsOn")):
        message = _missing(deployment, "Kustomization", one, entry.namespace, entry.name)
        if message:
            yield entry.finding(
                message,
                ("spec", "dependsOn", index, "name"),
                severity=deployment.provided.unknown_severity,
            )
    for release in deployment.releases:
        applied = release.applied
        for index, one in numbered(applied.spec.get("dependsOn")):
            message = _missing(deployment, "HelmRelease", one, applied.namespace, applied.name)
            if message:
                yield applied.finding(
                    message,
                    ("spec", "dependsOn", index, "name"),
                    severity=deployment.provided.unknown_severity,
                )


def _missing(
    deployment: Deployment, kind: str, reference: Document, namespace: str, own: str
) -> str:
    name = str(reference.get("name"))
    wanted = str(reference.get("namespace") or namespace)
    if (name, wanted) == (own, namespace):
        return f"{kind} {name} depends on itself"
    known = deployment.exists if kind == "Kustomization" else deployment.has
    if known(kind, wanted, name):
        return ""
    return f"no {kind} {name} in namespace {wanted}{deployment.elsewhere(kind, name)}"


@check("unknown-source", "deployment")
def unknown_source(deployment: Deployment) -> Iterator[Finding]:
    """sourceRef of the Kustomization; chartRef and sourceRef of its releases."""
    entry = deployment.entry
    message = _no_source(deployment, entry.spec.get("sourceRef"), entry.namespace)
    if message:
        yield entry.finding(
            message, ("spec", "sourceRef", "name"), severity=deployment.provided.unknown_severity
        )
    for release in deployment.releases:
        yield from _chart_source(deployment, release.applied)


def _chart_source(deployment: Deployment, applied: Applied) -> Iterator[Finding]:
    inner = mapping(mapping(applied.spec.get("chart")).get("spec"))
    references: list[tuple[object, Steps]] = [
        (applied.spec.get("chartRef"), ("spec", "chartRef", "name")),
        (inner.get("sourceRef"), ("spec", "chart", "spec", "sourceRef", "name")),
    ]
    for reference, pointer in references:
        message = _no_source(deployment, reference, applied.namespace)
        if message:
            # In its own namespace it is applied beside the release, so not to find it there is a mistake.
            elsewhere = mapping(reference).get("namespace") not in (None, applied.namespace)
            severity = deployment.provided.unknown_severity if elsewhere else ""
            yield applied.finding(message, pointer, severity=severity)


def _no_source(deployment: Deployment, reference: object, namespace: str) -> str:
    found = mapping(reference)
    if not found:
        # A parent may patch it in.
        return ""
    kind, name = str(found.get("kind")), str(found.get("name"))
    wanted = str(found.get("namespace") or namespace)
    if deployment.has(kind, wanted, name):
        return ""
    return f"no {kind} {name} in namespace {wanted}{deployment.elsewhere(kind, name)}"


@check("unknown-substitution-source", "deployment")
def unknown_substitution_source(deployment: Deployment) -> Iterator[Finding]:
    """ConfigMaps and Secrets of postBuild.substituteFrom that must be there before anything is applied."""
    entry = deployment.entry
    for index, one in numbered(mapping(entry.spec.get("postBuild")).get("substituteFrom")):
        kind, name = str(one.get("kind")), str(one.get("name"))
        # A parent's postBuild substitutes this text as well.
        if one.get("optional") or "${" in name or deployment.exists(kind, entry.namespace, name):
            continue
        where = f" in namespace {entry.namespace}" if entry.namespace else ""
        yield entry.finding(
            f"no {kind} {name}{where}{deployment.elsewhere(kind, name)}",
            ("spec", "postBuild", "substituteFrom", index, "name"),
            severity=deployment.provided.unknown_severity,
        )
