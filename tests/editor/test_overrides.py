"""Is a schema of merged values turned into one of what is laid over defaults? Schemas as small as can be."""

from __future__ import annotations

from typing import Any

from opencode_workspace import editor, schema


def overrides(chart_schema: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """The schema of the values, with the definitions it refers to."""
    made = editor.document({"definitions": {}, **chart_schema}, defaults)
    values: dict[str, Any] = made["properties"]["spec"]["properties"]["values"]
    return {**values, "definitions": made["definitions"]}


def takes(made: dict[str, Any], values: dict[str, Any]) -> bool:
    return schema.validate(values, made) == []


def kind(name: str, field: str, otherwise: dict[str, Any] | None = None) -> dict[str, Any]:
    """What is of that kind has that field, too, and no other; and what holds for the other kinds."""
    is_it = {"required": ["kind"], "properties": {"kind": {"const": name}}}
    members = {"kind": {"type": "string"}, field: {"type": "integer"}}
    then = {"type": "object", "additionalProperties": False, "properties": members}
    return {"if": is_it, "then": then, "else": otherwise or {}}


def test_a_choice_between_keys_is_left_to_the_merged_values() -> None:
    either = {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}
    assert takes(overrides({"type": "object", **either}, {"a": 1}), {})


def test_what_no_default_provides_is_still_required() -> None:
    made = overrides({"type": "object", "required": ["a", "b"]}, {"a": 1})
    assert takes(made, {"b": 2})
    assert not takes(made, {})


def test_a_default_that_the_schema_refuses_can_only_be_taken_away() -> None:
    made = overrides({"type": "object", "additionalProperties": False}, {"a": 1})
    assert takes(made, {"a": None})
    assert not takes(made, {"a": 2})
    assert "Not used" in made["properties"]["a"]["description"]


def test_a_condition_may_refer_to_a_definition() -> None:
    node = kind("x", "a")
    node["if"]["properties"]["kind"] = {"$ref": "#/definitions/x"}
    made = overrides({**node, "definitions": {"x": {"const": "x"}}}, {"kind": "x"})
    assert not takes(made, {"b": 1})


def test_a_condition_may_require_nothing() -> None:
    node = kind("x", "a")
    del node["if"]["required"]
    made = overrides(node, {"kind": "x"})
    assert takes(made, {"a": 1})
    assert not takes(made, {"b": 1})


def test_what_an_override_turns_into_another_kind_stays_open() -> None:
    node = kind("x", "a", kind("y", "b", {"additionalProperties": False, "properties": {"c": {}}}))
    node["else"]["else"]["properties"]["kind"] = {}
    made = overrides(node, {"kind": "z", "c": 1})
    assert takes(made, {"kind": "y", "b": 1})
    assert takes(made, {"c": 2})
    assert not takes(made, {"b": 1})


def test_a_default_that_no_pattern_matches_is_one_of_the_other_keys() -> None:
    node = {
        "type": "object",
        "patternProperties": {"^x": {"type": "integer"}},
        "additionalProperties": {"type": "string"},
    }
    made = overrides(node, {"y": "text"})
    assert takes(made, {"y": "another"})
    assert not takes(made, {"y": 3})
