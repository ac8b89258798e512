"""Fields of the custom kinds a workspace is made of, from `fields.yaml`."""

from __future__ import annotations

import functools
import importlib.resources
from collections.abc import Iterator, Mapping
from typing import Any

from opencode_workspace import yamlio
from opencode_workspace.violation import Steps

_METADATA = {
    "name": None,
    "namespace": None,
    "labels": None,
    "annotations": None,
    "finalizers": None,
}


@functools.cache
def _table() -> dict[tuple[str, str], Mapping[str, Any]]:
    folder = importlib.resources.files("opencode_workspace.rules")
    entries = yamlio.parse(folder.joinpath("fields.yaml").read_text("utf-8"), "fields.yaml")[0]
    return {(entry["apiVersion"], entry["kind"]): entry["fields"] for entry in entries}


def known_fields(api_version: str, kind: str) -> Mapping[str, Any]:
    """Fields of a kind beside apiVersion, kind and metadata; empty for a kind that is not listed."""
    return _table().get((api_version, kind), {})


def unknown_fields(
    document: Mapping[str, Any], api_version: str, kind: str
) -> Iterator[tuple[Steps, list[str]]]:
    """Place of each field that the kind does not have, and those it has there."""
    fields = known_fields(api_version, kind)
    if fields:
        top = {"apiVersion": None, "kind": None, "status": None, "metadata": _METADATA, **fields}
        yield from _unknown(document, top, ())


def _unknown(value: Any, fields: Any, pointer: Steps) -> Iterator[tuple[Steps, list[str]]]:
    if isinstance(fields, list) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown(item, fields[0], (*pointer, index))
    elif isinstance(fields, Mapping) and isinstance(value, Mapping):
        for key, item in value.items():
            if key not in fields:
                yield (*pointer, key), sorted(fields)
            elif fields[key] is not None:
                yield from _unknown(item, fields[key], (*pointer, key))
