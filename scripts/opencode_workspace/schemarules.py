"""What Helm's schema engine refuses, ignores or reads differently in a values.schema.json."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from opencode_workspace import formats, re2
from opencode_workspace.violation import Steps, Violation

DRAFT = "http://json-schema.org/draft-07/schema#"

_ANNOTATIONS = ("$comment", "title", "description", "default", "examples")
_ONE = (
    *("additionalProperties", "additionalItems", "contains", "propertyNames"),
    *("if", "then", "else", "not"),
)
_LIST = ("allOf", "anyOf", "oneOf")
_MAP = ("properties", "patternProperties", "definitions", "dependencies")
_PLAIN = (
    *("$schema", "$id", "$ref", "type", "enum", "const", "required", "pattern", "format"),
    *("minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    *("multipleOf", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
    *("readOnly", "writeOnly"),
)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_KEYWORDS = frozenset((*_ANNOTATIONS, *_ONE, *_LIST, *_MAP, *_PLAIN, "items"))


@lru_cache(maxsize=8)
def read(text: str) -> tuple[Any, tuple[Violation, ...]]:
    """A schema from its JSON text, with what `schema_errors` says of it.

    The same object for the same text, because to look through a schema takes longer than to use it: do not
    change it. Raises json.JSONDecodeError.
    """
    schema = json.loads(text)
    return schema, tuple(schema_errors(schema)) if isinstance(schema, dict) else ()


def schema_errors(schema: Mapping[str, Any]) -> list[Violation]:
    """Reasons not to use `schema` as values.schema.json, ordered by pointer; empty if none.

    Draft-07 has to be declared, because Helm asserts formats for it alone. Refused are patterns
    outside the common part of RE2 and Python, `$ref` that leaves the file, leads nowhere or in a
    circle, keywords beside `$ref` and keywords and formats that draft-07 or this package ignore,
    and whatever the draft-07 meta-schema refuses.
    """
    found = set(_meta_errors(schema))
    if schema.get("$schema") not in (DRAFT, DRAFT.rstrip("#")):
        found.add(Violation(("$schema",), f"must be {DRAFT}, or Helm does not check formats"))
    for path, subschema in _subschemas(schema, ()):
        found.update(Violation((*path, *step), text) for step, text in _problems(subschema, schema))
    return sorted(found, key=lambda violation: violation.order)


def _meta_errors(schema: Mapping[str, Any]) -> Iterator[Violation]:
    # jsonschema takes 70 ms to import, which commands that check no schema need not pay.
    import jsonschema

    meta = jsonschema.Draft7Validator(jsonschema.Draft7Validator.META_SCHEMA)
    for error in meta.iter_errors(schema):
        yield Violation(tuple(error.absolute_path), error.message)


def _subschemas(schema: Any, path: Steps) -> Iterator[tuple[Steps, Mapping[str, Any]]]:
    if not isinstance(schema, Mapping):
        return
    yield path, schema
    for keyword in _ONE:
        yield from _subschemas(schema.get(keyword), (*path, keyword))
    items = schema.get("items")
    if isinstance(items, Mapping):
        yield from _subschemas(items, (*path, "items"))
    for keyword in (*_LIST, "items"):
        entries = schema.get(keyword)
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            yield from _subschemas(entry, (*path, keyword, index))
    for keyword in _MAP:
        members = schema.get(keyword)
        for name, member in (members if isinstance(members, Mapping) else {}).items():
            yield from _subschemas(member, (*path, keyword, name))


def _problems(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Iterator[tuple[Steps, str]]:
    for keyword in schema:
        if keyword not in _KEYWORDS:
            yield (keyword,), "is not a draft-07 keyword, so Helm ignores it"
    expression = schema.get("pattern")
    if isinstance(expression, str) and (reason := re2.problem(expression)):
        yield ("pattern",), f"{expression} {reason}"
    patterns = schema.get("patternProperties")
    for expression in patterns if isinstance(patterns, Mapping) else ():
        if reason := re2.problem(expression):
            yield ("patternProperties", expression), f"{expression} {reason}"
    constant = schema.get("const")
    if isinstance(constant, str) and _NUMBER.fullmatch(constant):
        yield ("const",), f"Helm takes the number {constant} for this text; use enum"
    choices = schema.get("enum")
    if isinstance(choices, list) and any(one in choices[:at] for at, one in enumerate(choices)):
        yield ("enum",), "lists a value twice"
    name = schema.get("format")
    if isinstance(name, str) and name not in formats.CHECKS:
        known = ", ".join(sorted(formats.CHECKS))
        yield ("format",), f"{name} is not checked here as Helm does; use {known}, or a pattern"
    if "$ref" in schema:
        yield from _reference_problems(schema, root)


def _reference_problems(
    schema: Mapping[str, Any], root: Mapping[str, Any]
) -> Iterator[tuple[Steps, str]]:
    for keyword in schema:
        if keyword != "$ref" and keyword not in _ANNOTATIONS and keyword in _KEYWORDS:
            yield (keyword,), "is ignored beside $ref in draft-07; wrap the $ref in allOf"
    target: Any = schema
    seen: list[str] = []
    while isinstance(target, Mapping) and isinstance(target.get("$ref"), str):
        reference = target["$ref"]
        if not reference.startswith("#"):
            yield ("$ref",), f"{reference} is outside the file, where Helm would fetch it"
            return
        if reference in seen:
            yield ("$ref",), f"{reference} leads back to itself"
            return
        seen.append(reference)
        target = _resolved(reference, root)
    if target is None:
        yield ("$ref",), f"{seen[-1]} leads nowhere"


def _resolved(reference: str, root: Mapping[str, Any]) -> Any:
    target: Any = root
    for step in reference.removeprefix("#").split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(target, Mapping):
            target = target.get(name)
        elif isinstance(target, list) and name.isdecimal() and int(name) < len(target):
            target = target[int(name)]
        else:
            return None
    return target
