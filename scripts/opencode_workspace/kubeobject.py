"""What kustomize takes for an object, and for which kinds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from opencode_workspace.violation import Steps

Document = dict[str, Any]

_LOCAL_CONFIG = "config.kubernetes.io/local-config"


def flattened(documents: Iterable[Any]) -> list[tuple[Steps, Any]]:
    """Objects with their places, which begin with the index of the document.

    Items of a `List` come last, as kustomize has them.
    """
    objects: list[tuple[Steps, Any]] = []
    queue: list[tuple[Steps, Any]] = [((index,), one) for index, one in enumerate(documents)]
    # It grows while it is gone through: a list may hold lists.
    for place, document in queue:
        items = document.get("items", ()) if _is_list(document) else ()
        if items is None or isinstance(items, list):
            queue.extend(((*place, "items", n), item) for n, item in enumerate(items or ()) if item)
        else:
            objects.append((place, document))
    return objects


def _is_list(document: Any) -> bool:
    return (
        isinstance(document, dict)
        and str(document.get("kind", "")).endswith("List")
        and "items" in document
    )


def object_problem(document: Any) -> str:
    """Why it is not a Kubernetes object; empty when it is one."""
    if not isinstance(document, dict):
        return "it is not a mapping"
    for name in ("apiVersion", "kind"):
        if not isinstance(document.get(name), str) or not document[name]:
            return f"no {name}"
    if _is_list(document):
        return "its items are not a list"
    metadata = document.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        return "no metadata.name"
    for name in ("labels", "annotations"):
        values = metadata.get(name) or {}
        if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
            return f"metadata.{name} is not a mapping of strings"
    if not isinstance(metadata.get("namespace", ""), str | None):
        return "metadata.namespace is not a string"
    return "" if metadata["name"] else "metadata.name is empty"


def is_builtin(document: Document) -> bool:
    """Whether kustomize knows the kind: it follows names in no other."""
    group = str(document["apiVersion"]).rpartition("/")[0]
    return "." not in group or group.endswith(".k8s.io")


def mentions(value: Any, name: str) -> bool:
    """Whether any string in a document is `name`."""
    if isinstance(value, dict):
        return any(mentions(item, name) for item in value.values())
    if isinstance(value, list):
        return any(mentions(item, name) for item in value)
    return bool(value == name)


def is_local(document: Document) -> bool:
    """Whether it is for tools alone, and left out of the build."""
    annotations = document["metadata"].get("annotations") or {}
    return bool(annotations.get(_LOCAL_CONFIG, "false") != "false")
