"""Secrets, and what makes them: ExternalSecrets, and Secrets that are written out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from opencode_workspace.rules.deployment import Applied, Deployment, Release
from opencode_workspace.rules.source import Document, items, mapping
from opencode_workspace.violation import Steps


class Place(NamedTuple):
    """Where a key of a Secret is written."""

    applied: Applied
    pointer: Steps


class Product(NamedTuple):
    """A Secret. keys: None when not all of them are known."""

    makers: Sequence[Applied]
    keys: Mapping[str, Place] | None


def secret_products(deployment: Deployment) -> dict[str, Product]:
    """The Secrets that a workspace brings with it, by name."""
    makers: dict[str, list[Applied]] = defaultdict(list)
    for applied in deployment.of_kind("ExternalSecret"):
        if creation_policy(applied) != "None":
            makers[target_name(applied)].append(applied)
    for applied in deployment.of_kind("Secret"):
        makers[applied.name].append(applied)
    return {name: Product(found, _keys(found)) for name, found in makers.items()}


def maps_named(deployment: Deployment, release: Release, name: str) -> Iterator[Document]:
    """ConfigMaps of a name in the release's namespace, applied or rendered here."""
    applied = [one.document for one in deployment.of_kind("ConfigMap")]
    for document in (*applied, *release.of_kind("ConfigMap")):
        metadata = mapping(document.get("metadata"))
        namespace = metadata.get("namespace") or release.namespace
        if (metadata.get("name"), namespace) == (name, release.namespace):
            yield document


def target_name(applied: Applied) -> str:
    """Name of the Secret that an ExternalSecret makes."""
    return str(mapping(applied.spec.get("target")).get("name") or applied.name)


def creation_policy(applied: Applied) -> str:
    """What an ExternalSecret is to its Secret: Owner, Orphan, Merge or None, which makes none."""
    return str(mapping(applied.spec.get("target")).get("creationPolicy") or "Owner")


def remote(applied: Applied, entry: Document) -> str:
    """Store, key and property of a value that an ExternalSecret fetches: what is equal is one value."""
    reference = mapping(entry.get("remoteRef"))
    store = mapping(mapping(entry.get("sourceRef")).get("storeRef")) or mapping(
        applied.spec.get("secretStoreRef")
    )
    kind = str(store.get("kind") or "SecretStore")
    namespace = applied.namespace if kind == "SecretStore" else ""
    key, part = str(reference.get("key")), str(reference.get("property") or "")
    return "|".join((kind, namespace, str(store.get("name")), key, part))


def _keys(makers: Sequence[Applied]) -> dict[str, Place] | None:
    if all(one.kind == "ExternalSecret" and creation_policy(one) == "Merge" for one in makers):
        return None  # they add to a Secret that something else makes
    keys: dict[str, Place] = {}
    for applied in makers:
        found = _external(applied) if applied.kind == "ExternalSecret" else _plain(applied)
        if found is None:
            return None
        keys |= {key: Place(applied, pointer) for key, pointer in found.items()}
    return keys


def _plain(applied: Applied) -> dict[str, Steps]:
    parts = ("data", "stringData")
    return {key: (part, key) for part in parts for key in mapping(applied.document.get(part))}


def _external(applied: Applied) -> dict[str, Steps] | None:
    spec: Document = applied.spec
    template = mapping(mapping(spec.get("target")).get("template"))
    keys: dict[str, Steps] = {
        key: ("spec", "target", "template", "data", key) for key in mapping(template.get("data"))
    }
    merges = template.get("mergePolicy") == "Merge"
    if template.get("templateFrom") or (spec.get("dataFrom") and (not keys or merges)):
        return None
    if not keys or merges:
        for index, entry in enumerate(items(spec.get("data"))):
            keys[str(entry.get("secretKey"))] = ("spec", "data", index, "secretKey")
    return keys
