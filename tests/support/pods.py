"""Where the pod is in an object that has one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]


def pod_of(document: Document) -> Document | None:
    """The pod that `document` is or makes, with `metadata` and `spec`; None when there is none."""
    if document["kind"] == "Pod":
        return document
    template = document.get("spec", {}).get("template")
    return (
        template
        if isinstance(template, Mapping) and "containers" in template.get("spec", {})
        else None
    )


def pods(documents: Iterable[Document]) -> Iterator[tuple[str, Document]]:
    """(Kind name, pod) of every object with a pod."""
    for document in documents:
        pod = pod_of(document)
        if pod is not None:
            yield f"{document['kind']} {document['metadata']['name']}", pod


def containers(pod: Document) -> list[Document]:
    """Init containers and containers of `pod`."""
    spec = pod["spec"]
    return [*spec.get("initContainers", ()), *spec["containers"]]
