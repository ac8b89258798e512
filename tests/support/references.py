"""Do the objects of a release fit each other, and the parts of an object one another?

What the API server cannot see in one object, or accepts and only the kubelet or a gateway stumbles over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from tests.support.pods import Document, containers, pods

LEFTOVERS = ("<no value>", "%!", ".Values.", "{{")
"""What a template leaves behind when it went wrong."""

Check = Callable[[Sequence[Document], Collection[str]], Iterator[str]]


def mistakes(documents: Sequence[Document], external: Collection[str] = ()) -> list[str]:
    """What does not fit, one line each.

    external: objects that exist without this release, as `Kind/name`.
    """
    return [line for check in CHECKS for line in check(documents, external)]


def leftovers(documents: Sequence[Document]) -> list[str]:
    """Strings in which a template left something behind; ConfigMap data is not looked at."""
    return [
        f"{document['kind']} {document['metadata']['name']}: {mark!r} in {text!r}"
        for document in documents
        for text in _texts({key: value for key, value in document.items() if key != "data"})
        for mark in LEFTOVERS
        if mark in text
    ]


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield str(key)
            yield from _texts(value)
    elif isinstance(node, list):
        for item in node:
            yield from _texts(item)


def _twice(names: list[Any]) -> list[Any]:
    return [name for name, count in Counter(names).items() if count > 1]


def one_object_a_name(documents: Sequence[Document], external: Collection[str]) -> Iterator[str]:
    """Two objects of one kind and name overwrite each other."""
    keys = [(d["kind"], d["metadata"].get("namespace"), d["metadata"]["name"]) for d in documents]
    for kind, namespace, name in _twice(keys):
        yield f"{kind} {name} is there twice in namespace {namespace}"


def names_in_pods(documents: Sequence[Document], external: Collection[str]) -> Iterator[str]:
    """Containers, volumes, variables, ports and mount paths are unique: server-side apply refuses others."""
    for place, pod in pods(documents):
        for name in _twice([container["name"] for container in containers(pod)]):
            yield f"{place}: container {name} is there twice"
        for name in _twice([volume["name"] for volume in pod["spec"].get("volumes", ())]):
            yield f"{place}: volume {name} is there twice"
        for container in containers(pod):
            where = f"{place}, container {container['name']}"
            ports = container.get("ports", ())
            lists = {
                "variable": [entry["name"] for entry in container.get("env", ())],
                "port name": [port["name"] for port in ports if "name" in port],
                "port": [
                    f"{port['containerPort']}/{port.get('protocol', 'TCP')}" for port in ports
                ],
                "mount path": [mount["mountPath"] for mount in container.get("volumeMounts", ())],
            }
            for what, names in lists.items():
                for name in _twice(names):
                    yield f"{where}: {what} {name} is there twice"


def mounts_and_volumes(documents: Sequence[Document], external: Collection[str]) -> Iterator[str]:
    """Every mount has its volume, every volume is mounted."""
    for place, pod in pods(documents):
        volumes = {volume["name"] for volume in pod["spec"].get("volumes", ())}
        mounted = {
            mount["name"]
            for container in containers(pod)
            for mount in container.get("volumeMounts", ())
        }
        for name in sorted(mounted - volumes):
            yield f"{place}: no volume {name}, which is mounted"
        for name in sorted(volumes - mounted):
            yield f"{place}: volume {name} is mounted nowhere"


def what_pods_name(documents: Sequence[Document], external: Collection[str]) -> Iterator[str]:
    """Claims, ConfigMaps and ServiceAccounts exist; files taken from a ConfigMap are in it."""
    known = (
        {f"{d['kind']}/{d['metadata']['name']}" for d in documents}
        | set(external)
        | {"ServiceAccount/default"}
    )
    data = {
        d["metadata"]["name"]: set(d.get("data", ())) for d in documents if d["kind"] == "ConfigMap"
    }
    for place, pod in pods(documents):
        wanted = [f"ServiceAccount/{pod['spec'].get('serviceAccountName', 'default')}"]
        files: dict[str, set[str]] = {}
        for volume in pod["spec"].get("volumes", ()):
            if "persistentVolumeClaim" in volume:
                wanted.append(
                    f"PersistentVolumeClaim/{volume['persistentVolumeClaim']['claimName']}"
                )
            if "configMap" in volume and not volume["configMap"].get("optional"):
                source = volume["configMap"]
                wanted.append(f"ConfigMap/{source['name']}")
                keys = {item["path"] for item in source.get("items", ())} or data.get(
                    source["name"]
                )
                if keys is not None:
                    files[volume["name"]] = keys
        for name in wanted:
            if name not in known:
                yield f"{place}: no {name.replace('/', ' ')}"
        for container in containers(pod):
            for mount in container.get("volumeMounts", ()):
                if (
                    "subPath" in mount
                    and mount["name"] in files
                    and mount["subPath"] not in files[mount["name"]]
                ):
                    yield f"{place}: volume {mount['name']} has no file {mount['subPath']}"


def selectors(documents: Sequence[Document], external: Collection[str]) -> Iterator[str]:
    """Deployment, Services and NetworkPolicies mean the workspace's pod, and only that."""
    labels = {place: pod["metadata"].get("labels", {}) for place, pod in pods(documents)}
    for document in documents:
        place = f"{document['kind']} {document['metadata']['name']}"
        match document["kind"]:
            case "Deployment":
                wanted = document["spec"]["selector"]["matchLabels"]
            case "Service":
                wanted = document["spec"]["selector"]
            case "NetworkPolicy":
                wanted = document["spec"]["podSelector"]["matchLabels"]
            case _:
                continue
        selected = sorted(name for name, found in labels.items() if wanted.items() <= found.items())
        expected = sorted(name for name in labels if name.startswith("Deployment "))
        if selected != expected:
            yield f"{place}: selects {selected or 'nothing'}, not {expected}"


def service_ports(documents: Sequence[Document], external: Collection[str]) -> Iterator[str]:
    """A container declares the port that a Service sends to."""
    declared: set[tuple[Any, str]] = set()
    for place, pod in pods(documents):
        if place.startswith("Deployment "):
            for container in containers(pod):
                for port in container.get("ports", ()):
                    protocol = port.get("protocol", "TCP")
                    declared |= {(port["containerPort"], protocol), (port.get("name"), protocol)}
    for service in (document for document in documents if document["kind"] == "Service"):
        for port in service["spec"]["ports"]:
            target, protocol = port["targetPort"], port["protocol"]
            if (target, protocol) not in declared:
                name = service["metadata"]["name"]
                yield f"Service {name}: no container declares {target}/{protocol}"


def route_backends(documents: Sequence[Document], external: Collection[str]) -> Iterator[str]:
    """A route's backend is a Service of the release, on a port that it has."""
    services = {
        (d["metadata"]["namespace"], d["metadata"]["name"]): {
            port["port"] for port in d["spec"]["ports"]
        }
        for d in documents
        if d["kind"] == "Service"
    }
    for route in (document for document in documents if document["kind"] == "HTTPRoute"):
        place = f"HTTPRoute {route['metadata']['name']}"
        for rule in route["spec"]["rules"]:
            for backend in rule["backendRefs"]:
                if f"{backend['kind']}/{backend['name']}" in external:
                    continue
                ports = services.get((backend["namespace"], backend["name"]))
                if backend["kind"] != "Service" or ports is None:
                    yield f"{place}: no {backend['kind']} {backend['name']} in namespace {backend['namespace']}"
                elif backend.get("port") not in ports:
                    yield f"{place}: Service {backend['name']} has no port {backend.get('port')}"


CHECKS: tuple[Check, ...] = (
    one_object_a_name,
    names_in_pods,
    mounts_and_volumes,
    what_pods_name,
    selectors,
    service_ports,
    route_backends,
)
