"""Hosts and gateways of the rendered routes."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_workspace import substitution
from opencode_workspace.errors import UserError
from opencode_workspace.mistakes import covers
from opencode_workspace.rules.deployment import Deployment
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.provided import Reference
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.source import Document, items


@check("host-not-covered", "deployment")
def host_not_covered(deployment: Deployment) -> Iterator[Finding]:
    """Hosts outside the names that the catalogue says the certificate has."""
    names = [_name(pattern, deployment) for pattern in deployment.provided.certificate_names]
    if not names:
        return
    for release in deployment.releases:
        for route in release.of_kind("HTTPRoute"):
            if not _uses_gateway(route, release.namespace, deployment.provided.gateway):
                continue
            for host in route["spec"].get("hostnames") or ():
                if not any(covers(name, host) for name in names):
                    yield release.finding(
                        f"the certificate does not cover {host}: it has {', '.join(names)}",
                        host,
                        "hostnames",
                    )


def _uses_gateway(route: Document, namespace: str, gateway: Reference) -> bool:
    """Whether a route is of the catalogue's gateway; another has a certificate of its own."""
    _, home, name = gateway
    return any(
        one.get("name") == name and home in ("", str(one.get("namespace") or namespace))
        for one in items(route["spec"].get("parentRefs"))
    )


def _name(pattern: str, deployment: Deployment) -> str:
    try:
        # What a workspace overrides for itself changes its host, but not the certificate.
        variables = {**deployment.variables, **deployment.provided.variables}
        return substitution.substitute(pattern, variables, strict=True)
    except UserError:
        return pattern


@check("unknown-gateway", "deployment")
def unknown_gateway(deployment: Deployment) -> Iterator[Finding]:
    """Gateways that are neither the catalogue's nor in the folder."""
    for release in deployment.releases:
        for route in release.of_kind("HTTPRoute"):
            for parent in items(route["spec"].get("parentRefs")):
                kind, name = str(parent.get("kind", "Gateway")), str(parent.get("name"))
                namespace = str(parent.get("namespace") or release.namespace)
                if kind == "Gateway" and not deployment.has(kind, namespace, name):
                    hint = deployment.elsewhere(kind, name)
                    yield release.finding(
                        f"no Gateway {name} in namespace {namespace}{hint}", name, "parentRefs"
                    )._replace(severity=deployment.provided.unknown_severity)
