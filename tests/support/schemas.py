"""Walks values.schema.json: which places it has, and which of them a document touches.

A place is the way to a subschema in the file; `*` stands for a key that the user chooses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft7Validator

Schema = Mapping[str, Any]
Place = tuple[str | int, ...]

_MEMBERS = ("properties", "definitions")
_BRANCHES = ("oneOf", "anyOf", "allOf")
_SINGLE = ("propertyNames", "items", "if", "then", "else")


def nodes(schema: Schema) -> Iterator[tuple[Place, Schema]]:
    """Every subschema with its place in the file, the root first."""
    yield from _nodes(schema, ())


def _nodes(schema: Any, place: Place) -> Iterator[tuple[Place, Schema]]:
    if not isinstance(schema, Mapping):
        return
    yield place, schema
    for keyword in _MEMBERS:
        for name, member in schema.get(keyword, {}).items():
            yield from _nodes(member, (*place, keyword, name))
    for member in (
        *schema.get("patternProperties", {}).values(),
        schema.get("additionalProperties"),
    ):
        yield from _nodes(member, (*place, "*"))
    for keyword in _BRANCHES:
        for index, branch in enumerate(schema.get(keyword, ())):
            yield from _nodes(branch, (*place, keyword, index))
    for keyword in _SINGLE:
        yield from _nodes(schema.get(keyword), (*place, keyword))


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
    if key in schema.get("properties", {}):
        return schema["properties"][key]
    for pattern, below in schema.get("patternProperties", {}).items():
        if re.search(pattern, key):
            return below
    return schema.get("additionalProperties") or None


def generalised(place: Place) -> tuple[str, ...]:
    """One place for what an init container shares with a container, and the home volume with a claim."""
    same = {"initContainer": "container", "config": "persistentVolumeClaim"}
    names = [str(step) for step in place]
    return (*names[:1], *(same.get(name, name) for name in names[1:2]), *names[2:])


def properties(schema: Schema) -> set[Place]:
    """Places of all named properties: what a person can write."""
    return {place for place, _ in nodes(schema) if len(place) > 1 and place[-2] == "properties"}


def touched(root: Schema, document: Any) -> set[Place]:
    """Places of the named properties that `document`, which fits `root`, uses."""
    return {place for place, _ in _touched(root, root, (), document)}


def holders(root: Schema, document: Any, text: str) -> set[Place]:
    """Places of the named properties that are `text`, or a list or a map with `text` in it."""
    return {place for place, value in _touched(root, root, (), document) if _holds(value, text)}


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


def _touched(root: Schema, schema: Any, place: Place, value: Any) -> Iterator[tuple[Place, Any]]:
    if not isinstance(schema, Mapping):
        return
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from _touched(root, root["definitions"][name], ("definitions", name), value)
        return
    for where, branch in _chosen(root, schema, value):
        yield from _touched(root, branch, (*place, *where), value)
    if isinstance(value, Mapping):
        for key, item in value.items():
            known = schema.get("properties", {})
            if key in known:
                yield (*place, "properties", key), item
                yield from _touched(root, known[key], (*place, "properties", key), item)
                continue
            for below in (
                *schema.get("patternProperties", {}).values(),
                schema.get("additionalProperties"),
            ):
                yield from _touched(root, below, (*place, "*"), item)
    if isinstance(value, list):
        for item in value:
            yield from _touched(root, schema.get("items"), (*place, "items"), item)


def _chosen(root: Schema, schema: Schema, value: Any) -> Iterator[tuple[Place, Any]]:
    for keyword in ("oneOf", "anyOf"):
        for index, branch in enumerate(schema.get(keyword, ())):
            if _fits(root, branch, value):
                yield (keyword, index), branch
    if "if" in schema:
        keyword = "then" if _fits(root, schema["if"], value) else "else"
        yield (keyword,), schema.get(keyword)


def _fits(root: Schema, schema: Schema, value: Any) -> bool:
    return Draft7Validator({**schema, "definitions": root["definitions"]}).is_valid(value)
