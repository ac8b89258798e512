"""The JSON schema that an editor completes and checks a HelmRelease with, its values included.

Values in a HelmRelease are partial: Helm lays them over the chart's values.yaml. So what the defaults
already provide is not required again, and null is a value wherever it takes a default away. Everything
else is as strict as values.schema.json. What depends on defaults and overrides together (a handler taken
away and another one given) is left to `opencode-workspace check` and to Helm, which see the merged document.
"""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Mapping
from typing import Any

from opencode_workspace import re2, schema

SCHEMA_NAME = "helmrelease.schema.json"

Node = Mapping[str, Any]

# They count or compare the members of the merged object, of which an override shows only a part.
_OF_THE_WHOLE = ("minProperties", "maxProperties", "anyOf", "oneOf")
_USELESS = "Not used by what stands here instead of the default: null takes it away."


def text(chart_schema: Node, defaults: Mapping[str, Any], comment: str) -> str:
    """The schema as JSON text; see `document`. comment: its `$comment`, which comes first."""
    content = {"$comment": comment, **document(chart_schema, defaults)}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def document(chart_schema: Node, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """A self-contained draft-07 schema of HelmReleases (helm.toolkit.fluxcd.io/v2) of one chart.

    chart_schema: its values.schema.json, draft-07, with references to its own definitions only.
    defaults: its values.yaml, which fits chart_schema.

    Where a default matches several patternProperties, or one that leaves other keys open, anything may stand.
    """
    source = importlib.resources.files("opencode_workspace").joinpath(SCHEMA_NAME)
    wrapper: dict[str, Any] = json.loads(source.read_text("utf-8"))
    values = _Overrides(chart_schema).of(chart_schema, defaults)
    for key in ("$schema", "title", "definitions"):
        values.pop(key, None)
    wrapper["properties"]["spec"]["properties"]["values"] = values
    wrapper["definitions"] = chart_schema["definitions"]
    return wrapper


class _Overrides:
    """Turns a schema of merged values into one of the values that are laid over defaults."""

    def __init__(self, root: Node) -> None:
        self._root = root

    def of(self, node: Node, default: Any) -> dict[str, Any]:
        """The schema of what may stand where the chart has `default`."""
        while "$ref" in node:
            node = self._root["definitions"][node["$ref"].rpartition("/")[2]]
        if isinstance(default, Mapping):
            return self._map(node, default)
        # Scalars and lists are replaced whole: the schema holds unchanged.
        return {**node, "default": default}

    def _map(self, node: Node, default: Mapping[str, Any]) -> dict[str, Any]:
        result = {key: value for key, value in node.items() if key not in _OF_THE_WHOLE}
        self._choose(result, node, default)
        needed = node.get("required", ())
        _require(result, [key for key in needed if key not in default])
        members = dict(node.get("properties", {}))
        for key, value in default.items():
            allowed = self._member(result, node, key)
            if allowed is False:
                # It belongs to another kind of object than the one this branch describes.
                members[key] = {"description": _USELESS, "type": "null"}
            elif allowed is not True:
                member = self.of(allowed, value)
                members[key] = member if key in needed else _or_null(member)
        if members:
            result["properties"] = members
        return result

    def _choose(self, result: dict[str, Any], node: Node, default: Mapping[str, Any]) -> None:
        """Follows if, then and else to the branch of `default`; what an override turns into another kind stays open."""
        others = []
        while "if" in node:
            condition = node["if"]
            if not schema.validate(
                default, {**condition, "definitions": self._root["definitions"]}
            ):
                own = dict(condition)
                _require(own, [key for key in condition.get("required", ()) if key not in default])
                result |= {"if": own, "then": self._map(self._branch(node, "then"), default)}
                result.pop("else", None)
                return
            others.append(condition)
            node = self._branch(node, "else")
        if others:
            result |= {"if": {"anyOf": others}, "else": self._map(node, default)}
            result.pop("then", None)

    def _branch(self, node: Node, name: str) -> Node:
        """`then` or `else` of a node; without one anything may stand there."""
        branch: Node = node.get(name, {})
        if "$ref" in branch:
            branch = self._root["definitions"][branch["$ref"].rpartition("/")[2]]
        return branch

    def _member(self, result: dict[str, Any], node: Node, key: str) -> Any:
        """The schema that `node` has for `key`: a mapping, or True or False; may rewrite `result`."""
        if key in node.get("properties", {}):
            return node["properties"][key]
        patterns = node.get("patternProperties", {})
        matching = [pattern for pattern in patterns if re2.compiled(pattern).search(key)]
        others = node.get("additionalProperties", True)
        if not matching:
            return others
        # A pattern would hold for `key` as well, unrelaxed; additionalProperties leaves it out.
        result.pop("patternProperties", None)
        if len(patterns) > 1 or others is not False:
            result.pop("additionalProperties", None)
            return True
        result["propertyNames"] = {"description": "An identifier.", "pattern": matching[0]}
        result["additionalProperties"] = patterns[matching[0]]
        return patterns[matching[0]]


def _require(node: dict[str, Any], keys: list[str]) -> None:
    if keys:
        node["required"] = keys
    else:
        node.pop("required", None)


def _or_null(node: dict[str, Any]) -> dict[str, Any]:
    result = dict(node)
    if "else" in result:
        result["else"] = _or_null(result["else"])
    if "const" in result:
        result["enum"] = [result.pop("const"), None]
    elif "enum" in result:
        result["enum"] = [*result["enum"], None]
    if "type" in result:
        kinds = result["type"]
        result["type"] = [*([kinds] if isinstance(kinds, str) else kinds), "null"]
    return result
