"""The objects themselves: would the API server take them, and do they find each other?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from opencode_workspace.rules.deployment import Deployment, Release
from opencode_workspace.rules.fields import mistakes
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.podspec import claims, containers, maps, volumes
from opencode_workspace.rules.products import maps_named
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.schemas import place, violations
from opencode_workspace.rules.source import Document, items, mapping
from opencode_workspace.rules.surroundings import Surroundings
from opencode_workspace.violation import Violation

ROUTES = frozenset(("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "Ingress"))
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


@check("refused-object", "deployment", "surroundings")
def refused_object(part: Deployment | Surroundings) -> Iterator[Finding]:
    """Objects that fail the strict schema of their kind, after substitution and rendering."""
    releases = part.releases if isinstance(part, Deployment) else []
    name = releases[0].name if releases else ""
    for applied in part.applied:
        # What SOPS has encrypted is of another type until Flux decrypts it.
        if "sops" in applied.document:
            continue
        for violation in (
            *violations(applied.document, name),
            *_refused_fields(applied.document, may_lack=part.may_be_patched),
        ):
            if isinstance(part, Deployment) and part.is_guess(applied, violation.pointer):
                continue
            where = place(violation.pointer) or "the object"
            message = f"{applied.kind}: {where}: {violation.message}"
            yield applied.finding(message, violation.pointer)
    for release in releases:
        for manifest in release.manifests:
            of = f"{manifest['kind']} {manifest['metadata']['name']}"
            for violation in (*violations(manifest, name), *_refused_fields(manifest)):
                words = [str(s) for s in reversed(violation.pointer) if isinstance(s, str)]
                message = f"{of}: {place(violation.pointer)}: {violation.message}"
                yield release.finding(message, *words[:1])


def _refused_fields(document: Document, *, may_lack: bool = False) -> Iterator[Violation]:
    """Mistakes in a custom kind; unknown fields have a rule of their own."""
    for mistake in mistakes(document):
        if not mistake.known and not (may_lack and mistake.is_missing):
            yield Violation(mistake.pointer, mistake.message)


@check("standalone-route", "deployment")
def standalone_route(deployment: Deployment) -> Iterator[Finding]:
    """Routes beside the one that the chart makes."""
    for applied in deployment.applied:
        if applied.kind in ROUTES:
            message = f"{applied.kind} {applied.name} is applied in addition to the release"
            yield applied.finding(message, ("kind",))


@check("own-certificate", "deployment")
def own_certificate(deployment: Deployment) -> Iterator[Finding]:
    """Certificates of cert-manager beside the gateway's."""
    for applied in deployment.of_kind("Certificate", "Issuer"):
        message = f"{applied.kind} {applied.name} stands beside the gateway's certificate"
        yield applied.finding(message, ("kind",))


@check("dangling-reference", "deployment")
def dangling_reference(deployment: Deployment) -> Iterator[Finding]:
    """Volumes, claims, ConfigMaps, accounts, ports and services that are named and not there."""
    for release in deployment.releases:
        for of, pod in release.pods:
            yield from _of_pod(deployment, release, of, pod)
        yield from _of_services(release)
        yield from _of_routes(deployment, release)


def _of_pod(deployment: Deployment, release: Release, of: str, pod: Document) -> Iterator[Finding]:
    wanted = [("PersistentVolumeClaim", name) for name in claims(pod)]
    account = pod["spec"].get("serviceAccountName", "default")
    if account != "default":
        wanted.append(("ServiceAccount", account))
    read = [use for use in dict.fromkeys(maps(pod)) if not use.is_optional]
    wanted += [("ConfigMap", use.name) for use in read]
    for kind, name in dict.fromkeys(wanted):
        if not deployment.has(kind, release.namespace, name):
            yield release.finding(f"{of}: nothing here makes the {kind} {name}", name)
    for use in read:
        keys = _keys_of_map(deployment, release, use.name)
        if use.key and keys is not None and use.key not in keys:
            message = f"{of}: the ConfigMap {use.name} has no key {use.key}"
            yield release.finding(message, use.key, use.name)
    names = {volume.get("name") for volume in volumes(pod)}
    for container in containers(pod):
        for mount in items(container.get("volumeMounts")):
            if mount.get("name") not in names:
                yield release.finding(f"{of}: there is no volume {mount.get('name')}")
        yield from _of_probes(release, of, container)


def _keys_of_map(deployment: Deployment, release: Release, name: str) -> set[str] | None:
    """Keys of a ConfigMap that is applied or rendered here; None when there is none."""
    for document in maps_named(deployment, release, name):
        return {*mapping(document.get("data")), *mapping(document.get("binaryData"))}
    return None


def _of_probes(release: Release, of: str, container: Document) -> Iterator[Finding]:
    named = {port.get("name") for port in items(container.get("ports"))}
    for probe in _PROBES:
        for handler in mapping(container.get(probe)).values():
            port = handler.get("port") if isinstance(handler, dict) else None
            if isinstance(port, str) and port not in named:
                message = f"{of}: {probe} of {container['name']} names port {port}, which it lacks"
                yield release.finding(message, port)


def _of_services(release: Release) -> Iterator[Finding]:
    for service in release.of_kind("Service"):
        name, selector = service["metadata"]["name"], mapping(service["spec"].get("selector"))
        pods = [pod for _, pod in release.pods if _selects(selector, pod)]
        if selector and not pods:
            yield release.finding(f"Service {name} selects no pod", "service")
            continue
        ports = [port for pod in pods for c in containers(pod) for port in items(c.get("ports"))]
        # Kubernetes looks for a named port among those of the Service's protocol.
        known = {
            (port.get(key), port.get("protocol") or "TCP")
            for port in ports
            for key in ("name", "containerPort")
        }
        for port in items(service["spec"].get("ports")):
            target = port.get("targetPort", port.get("port"))
            protocol = port.get("protocol") or "TCP"
            if pods and (target, protocol) not in known:
                message = f"Service {name}: no container has the {protocol} port {target}"
                yield release.finding(message, str(target), "service")


def _selects(selector: Mapping[str, object], pod: Document) -> bool:
    labels = mapping(mapping(pod.get("metadata")).get("labels"))
    return selector.items() <= labels.items()


def _of_routes(deployment: Deployment, release: Release) -> Iterator[Finding]:
    services = {
        service["metadata"]["name"]: {
            port.get("port") for port in items(service["spec"].get("ports"))
        }
        for service in release.of_kind("Service")
    }
    for route in release.of_kind("HTTPRoute"):
        for rule in items(route["spec"].get("rules")):
            for backend in items(rule.get("backendRefs")):
                kind, name = backend.get("kind", "Service"), str(backend.get("name"))
                namespace = str(backend.get("namespace") or release.namespace)
                of = f"HTTPRoute {route['metadata']['name']}"
                if kind != "Service":
                    continue
                if name not in services or namespace != release.namespace:
                    if not deployment.has("Service", namespace, name):
                        yield release.finding(f"{of}: there is no Service {name}", name, "route")
                elif backend.get("port") not in services[name]:
                    message = f"{of}: Service {name} has no port {backend.get('port')}"
                    yield release.finding(message, "backendRefs", "route")
