"""What the API server takes of the custom kinds a workspace is made of, from `fields.yaml`."""

from __future__ import annotations

import functools
import importlib.resources
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from opencode_workspace import yamlio
from opencode_workspace.violation import Steps

_ONE_OF = "exactly one of"


class Mistake(NamedTuple):
    """What a kind does not take at a place.

    known: for a field that is not one, those there are. is_missing: whether it is something that is not there.
    """

    pointer: Steps
    message: str
    known: tuple[str, ...] = ()
    is_missing: bool = False


@dataclass(frozen=True)
class _Text:
    pattern: re.Pattern[str]
    says: str
    or_integer: bool


@dataclass(frozen=True)
class _Words:
    words: tuple[str, ...]


@dataclass(frozen=True)
class _Object:
    """fields: by name. one_of: names of which exactly one is there; none for any."""

    fields: Mapping[str, Any]
    required: tuple[str, ...]
    one_of: tuple[str, ...]


@dataclass(frozen=True)
class _Map:
    values: Any


@dataclass(frozen=True)
class _List:
    items: Any


_SIMPLE = {
    "string": (str, "a text"),
    "boolean": (bool, "true or false"),
    "object": (Mapping, "a mapping"),
}


@functools.cache
def _table() -> dict[tuple[str, str], tuple[Mapping[str, Any], _Object]]:
    """The fields of a kind as they are written, and the whole object."""
    folder = importlib.resources.files("opencode_workspace.rules")
    content = yamlio.parse(folder.joinpath("fields.yaml").read_text("utf-8"), "fields.yaml")[0]
    types = {
        name: _Text(re.compile(entry["pattern"]), entry["says"], entry.get("or") == "integer")
        for name, entry in content["types"].items()
    }
    # Flux takes out what SOPS has put in.
    top = {"apiVersion": "string", "kind": "string", "status": "any", "sops": "any"}
    found = {}
    for entry in content["kinds"]:
        whole = _read({**top, "metadata": content["metadata"], **entry["fields"]}, types)
        found[entry["apiVersion"], entry["kind"]] = (entry["fields"], whole)
    return found


def _read(written: Any, types: Mapping[str, _Text]) -> Any:
    if isinstance(written, list):
        return _List(_read(written[0], types))
    if isinstance(written, dict):
        if "*" in written:
            return _Map(_read(written["*"], types))
        names = [name for name in written if name != _ONE_OF]
        return _Object(
            {name.removesuffix("!"): _read(written[name], types) for name in names},
            tuple(name.removesuffix("!") for name in names if name.endswith("!")),
            tuple(written.get(_ONE_OF, ())),
        )
    if written in types:
        return types[written]
    if written in _SIMPLE or written in ("any", "integer"):
        return written
    if " | " in written or written.startswith("only "):
        return _Words(tuple(written.removeprefix("only ").split(" | ")))
    raise ValueError(f"fields.yaml: {written} is no type")


def known_fields(api_version: str, kind: str) -> frozenset[str]:
    """Fields of a kind beside apiVersion, kind and metadata; none of a kind that is not described."""
    fields = _table().get((api_version, kind), ({}, None))[0]
    return frozenset(name.removesuffix("!") for name in fields)


def is_kustomization_field(name: str) -> bool:
    """Whether kustomize knows a field of that name, whatever becomes of it here."""
    return name in known_fields("kustomize.config.k8s.io/v1beta1", "Kustomization")


def mistakes(
    document: Mapping[str, Any], api_version: str = "", kind: str = ""
) -> Iterator[Mistake]:
    """What is wrong with an object; nothing of a kind that is not described.

    api_version, kind: where the document may leave them out. A text with a variable in it may become
    anything, and what is null counts as not written, as the API server has it.
    """
    identity = (
        api_version or str(document.get("apiVersion", "")),
        kind or str(document.get("kind", "")),
    )
    if identity in _table():
        yield from _object(document, _table()[identity][1], ())


def _mistakes(value: Any, node: Any, pointer: Steps) -> Iterator[Mistake]:
    if value is None or node == "any" or (isinstance(value, str) and "${" in value):
        return
    if isinstance(node, _Object) and isinstance(value, Mapping):
        yield from _object(value, node, pointer)
    elif isinstance(node, _Map) and isinstance(value, Mapping):
        for key, item in value.items():
            yield from _mistakes(item, node.values, (*pointer, key))
    elif isinstance(node, _List) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _mistakes(item, node.items, (*pointer, index))
    elif not _is(value, node):
        yield Mistake(pointer, f"{_told(value)} is not {_wanted(node)}")


def _object(value: Mapping[str, Any], node: _Object, pointer: Steps) -> Iterator[Mistake]:
    for key, item in value.items():
        if key in node.fields:
            yield from _mistakes(item, node.fields[key], (*pointer, key))
        else:
            yield Mistake((*pointer, key), f"there is no field {key}", tuple(sorted(node.fields)))
    for name in node.required:
        if value.get(name) is None:
            yield Mistake(pointer, f"{name} is missing", is_missing=True)
    if node.one_of:
        there = [name for name in node.one_of if value.get(name) is not None]
        if not there:
            yield Mistake(pointer, f"{' or '.join(node.one_of)} is missing", is_missing=True)
        elif len(there) > 1:
            yield Mistake((*pointer, there[-1]), f"it has {' and '.join(there)}, not one of them")


def _is(value: Any, node: Any) -> bool:
    if isinstance(node, _Words):
        return value in node.words
    if isinstance(node, _Text):
        if isinstance(value, str):
            return node.pattern.fullmatch(value) is not None
        return node.or_integer and _is(value, "integer")
    if node == "integer":
        return (isinstance(value, int) and not isinstance(value, bool)) or (
            isinstance(value, float) and value.is_integer()
        )
    return isinstance(node, str) and isinstance(value, _SIMPLE[node][0])


def _wanted(node: Any) -> str:
    if isinstance(node, _Words):
        return ("one of " if len(node.words) > 1 else "") + ", ".join(node.words)
    if isinstance(node, _Text):
        return node.says
    if isinstance(node, _Object | _Map):
        return "a mapping"
    if isinstance(node, _List):
        return "a list"
    return "a whole number" if node == "integer" else _SIMPLE[node][1]


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping | list):
        return "a mapping" if isinstance(value, Mapping) else "a list"
    return repr(value)
