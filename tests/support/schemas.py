"""Walks values.schema.json: which places it has, and which of them a document touches.

A place is the way to a subschema in the file; in the places that people read, `*` stands for a key
that the user chooses. A way leads from the root of a document to a value in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft7Validator

Schema = Mapping[str, Any]
Place = tuple[str | int, ...]

_MEMBERS = ("properties", "patternProperties", "definitions")
_BRANCHES = ("oneOf", "anyOf", "allOf")
_SINGLE = ("additionalProperties", "propertyNames", "items", "not", "if", "then", "else")


def nodes(schema: Schema) -> Iterator[tuple[Place, Schema]]:
    """Every subschema with its place as people read it, the root first."""
    for place, node in subschemas(schema):
        yield starred(place), node


def subschemas(schema: Any, place: Place = ()) -> Iterator[tuple[Place, Schema]]:
    """Every subschema with its exact place in the file, the root first."""
    if not isinstance(schema, Mapping):
        return
    yield place, schema
    for keyword in _MEMBERS:
        for name, member in schema.get(keyword, {}).items():
            yield from subschemas(member, (*place, keyword, name))
    for keyword in _BRANCHES:
        for index, branch in enumerate(schema.get(keyword, ())):
            yield from subschemas(branch, (*place, keyword, index))
    for keyword in _SINGLE:
        yield from subschemas(schema.get(keyword), (*place, keyword))


def starred(place: Place) -> Place:
    """An exact place with `*` for what stands for the keys that the user chooses."""
    found: list[str | int] = []
    steps = iter(place)
    for step in steps:
        if step in ("patternProperties", "additionalProperties"):
            found.append("*")
            if step == "patternProperties":
                next(steps)
            continue
        found.append(step)
        if step in _MEMBERS or step in _BRANCHES:
            found.append(next(steps))
    return tuple(found)


def applied(root: Schema, document: Any) -> Iterator[tuple[Place, Place, Any]]:
    """Exact place of each subschema that looks at a part of `document`, the way there, the part.

    Every branch of oneOf and anyOf looks; of then and else only the one that `if` chooses.
    """
    yield from _applied(root, root, (), (), document)


def unknown(root: Schema, document: Any) -> list[Place]:
    """Ways to the keys of `document` that no subschema of `root` knows."""
    return list(_unknown(root, root, (), document))


def _unknown(root: Schema, schema: Any, way: Place, value: Any) -> Iterator[Place]:
    schema = _resolved(root, schema)
    while "if" in schema:
        keyword = "then" if _fits(root, schema["if"], value) else "else"
        schema = _resolved(root, schema[keyword])
    # A schema that says nothing about keys takes any.
    if isinstance(value, Mapping) and "additionalProperties" in schema:
        for key, item in value.items():
            below = _below(schema, key)
            if below is None:
                yield (*way, key)
            else:
                yield from _unknown(root, below, (*way, key), item)
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown(root, schema.get("items", {}), (*way, index), item)


def _below(schema: Schema, key: str) -> Any:
    """The subschema of `key`; None when it is not known."""
    return _members(schema, key)[0][1] or None


def generalised(place: Place) -> tuple[str, ...]:
    """One place for what an init container shares with a container, and the home volume with a claim."""
    same = {"initContainer": "container", "config": "persistentVolumeClaim"}
    names = [str(step) for step in place]
    return (*names[:1], *(same.get(name, name) for name in names[1:2]), *names[2:])


def properties(schema: Schema) -> set[Place]:
    """Places of all named properties: what a person can write."""
    return {place for place, _ in nodes(schema) if _is_named(place)}


def touched(root: Schema, document: Any) -> set[Place]:
    """Places of the named properties that `document`, which fits `root`, uses."""
    return {starred(place) for place, _, _ in applied(root, document) if _is_named(place)}


def holders(root: Schema, document: Any, text: str) -> set[Place]:
    """Places of the named properties that are `text`, or a list or a map with `text` in it."""
    return {
        starred(place)
        for place, _, value in applied(root, document)
        if _is_named(place) and _holds(value, text)
    }


def accepts(root: Schema, schema: Schema, text: str) -> bool:
    """Whether a property with this schema can be `text`, or a list or a map with `text` in it."""
    resolved = _resolved(root, schema)
    inner = [resolved.get(keyword) for keyword in ("items", "additionalProperties")]
    inner += resolved.get("patternProperties", {}).values()
    return any(
        _fits(root, candidate, text)
        for candidate in (resolved, *(s for s in inner if isinstance(s, Mapping)))
    )


def _holds(value: Any, text: str) -> bool:
    if isinstance(value, Mapping):
        return text in value.values()
    return bool(value == text or (isinstance(value, list) and text in value))


def _resolved(root: Schema, schema: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    target: Schema = root["definitions"][schema["$ref"].rpartition("/")[2]]
    return _resolved(root, target)


def _is_named(place: Place) -> bool:
    return len(place) > 1 and place[-2] == "properties"


def _applied(
    root: Schema, schema: Any, place: Place, way: Place, value: Any
) -> Iterator[tuple[Place, Place, Any]]:
    if not isinstance(schema, Mapping):
        return
    yield place, way, value
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from _applied(root, root["definitions"][name], ("definitions", name), way, value)
        return
    for where, branch in _conditions(root, schema, value):
        yield from _applied(root, branch, (*place, *where), way, value)
    if isinstance(value, Mapping):
        for key, item in value.items():
            for where, below in _members(schema, key):
                yield from _applied(root, below, (*place, *where), (*way, key), item)
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _applied(root, schema.get("items"), (*place, "items"), (*way, index), item)


def _members(schema: Schema, key: str) -> list[tuple[Place, Any]]:
    """Subschemas of a member called `key`, with their places below `schema`."""
    found: list[tuple[Place, Any]] = []
    if key in schema.get("properties", {}):
        found.append((("properties", key), schema["properties"][key]))
    for pattern, below in schema.get("patternProperties", {}).items():
        if re.search(pattern, key):
            found.append((("patternProperties", pattern), below))
    return found or [(("additionalProperties",), schema.get("additionalProperties"))]


def _conditions(root: Schema, schema: Schema, value: Any) -> Iterator[tuple[Place, Any]]:
    for keyword in _BRANCHES:
        for index, branch in enumerate(schema.get(keyword, ())):
            yield (keyword, index), branch
    if "if" in schema:
        yield ("if",), schema["if"]
        keyword = "then" if _fits(root, schema["if"], value) else "else"
        yield (keyword,), schema.get(keyword)


def _fits(root: Schema, schema: Schema, value: Any) -> bool:
    return Draft7Validator({**schema, "definitions": root["definitions"]}).is_valid(value)
