"""Rendered objects, and how a test finds its way in them."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Document = dict[str, Any]

_ADDRESS = re.compile(r"(?P<kind>[A-Z][A-Za-z]+)(?:\[(?P<name>[^\]]+)\])?(?P<pointer>/.*)?")


class Manifests(Sequence[Document]):
    """The objects of one release, each test's own copy."""

    def __init__(self, documents: Iterable[Mapping[str, Any]]) -> None:
        self._documents: list[Document] = [copy.deepcopy(dict(document)) for document in documents]

    def __len__(self) -> int:
        return len(self._documents)

    def __getitem__(self, index: Any) -> Any:
        return self._documents[index]

    def __iter__(self) -> Iterator[Document]:
        return iter(self._documents)

    def all(self, kind: str) -> list[Document]:
        """Objects of `kind`, in the order of the manifest."""
        return [document for document in self._documents if document["kind"] == kind]

    def one(self, kind: str, name: str | None = None) -> Document:
        """The only object of `kind`, or of `kind` and `name`; anything else fails the test."""
        found = [d for d in self.all(kind) if name in (None, d["metadata"]["name"])]
        assert len(found) == 1, (
            f"{len(found)} objects {kind} {name or ''} where one is expected; rendered: {sorted(self.inventory())}"
        )
        return found[0]

    def inventory(self) -> set[tuple[str, str]]:
        """(kind, name) of every object."""
        return {(document["kind"], document["metadata"]["name"]) for document in self._documents}

    @property
    def pod(self) -> Document:
        """Spec of the workspace's pod."""
        spec: Document = self.one("Deployment")["spec"]["template"]["spec"]
        return spec

    def container(self, name: str) -> Document:
        """Container or init container `name` of the workspace's pod."""
        found = [
            c
            for c in (*self.pod.get("initContainers", ()), *self.pod["containers"])
            if c["name"] == name
        ]
        assert len(found) == 1, f"{len(found)} containers are named {name}, not one"
        container: Document = found[0]
        return container

    def at(self, address: str) -> Any:
        """What lies at `Kind/pointer` or `Kind[name]/pointer`; None when there is nothing.

        The pointer is a JSON pointer, in which an item of a list may also be named by its `name`.
        """
        match = _ADDRESS.fullmatch(address)
        assert match, f"{address!r} is not of the form Kind/pointer or Kind[name]/pointer"
        kind, name, pointer = match["kind"], match["name"], match["pointer"] or ""
        found = [d for d in self.all(kind) if name in (None, d["metadata"]["name"])]
        if not found:
            return None
        return resolve(self.one(kind, name), pointer)


def resolve(document: Any, pointer: str) -> Any:
    """What lies at `pointer` in `document`; None when there is nothing.

    pointer: JSON pointer, in which an item of a list may be named by its `name`.
    """
    node = document
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(node, dict):
            node = node.get(key)
        elif isinstance(node, list):
            node = _item(node, key)
        else:
            return None
    return node


def _item(items: list[Any], key: str) -> Any:
    named = [item for item in items if isinstance(item, dict) and item.get("name") == key]
    if named:
        return named[0]
    return items[int(key)] if key.isdigit() and int(key) < len(items) else None
