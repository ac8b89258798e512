"""Values are merged and checked as Helm does it; the tables hold Helm's own answers."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import schema
from opencode_workspace.errors import UserError
from opencode_workspace.violation import values_path
from tests.package.fixtures.tables import table

DRAFT = "http://json-schema.org/draft-07/schema#"
SCHEMAS = [
    ({"$schema": DRAFT, **entry["schema"]}, case)
    for entry in table("violations.yaml")
    for case in entry["cases"]
]


def _id(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True)[:80]


@pytest.mark.parametrize("case", table("coalesced.yaml"), ids=_id)
def test_values_are_merged_as_helm_merges_them(case: dict[str, Any]) -> None:
    defaults = {"top": case["default"], "in": {"side": case["default"]}}
    overrides = {}
    if "override" in case:
        overrides = {"top": case["override"], "in": {"side": case["override"]}}
    before = copy.deepcopy((defaults, overrides))
    assert schema.coalesce(defaults, overrides) == case["values"]
    assert (defaults, overrides) == before, "the inputs must not change"


def test_merged_values_share_nothing_with_the_inputs() -> None:
    defaults: dict[str, Any] = {"a": {"list": [{"b": 1}]}}
    overrides: dict[str, Any] = {"c": [{"d": 1}]}
    merged = schema.coalesce(defaults, overrides)
    merged["a"]["list"][0]["b"] = 2
    merged["c"][0]["d"] = 2
    assert (defaults, overrides) == ({"a": {"list": [{"b": 1}]}}, {"c": [{"d": 1}]})


def test_unknown_keys_of_the_release_stay() -> None:
    assert schema.coalesce({}, {"a": None, "b": {"c": None}}) == {"a": None, "b": {"c": None}}


@pytest.mark.parametrize(("content", "case"), SCHEMAS, ids=_id)
def test_values_are_judged_as_helm_judges_them(
    content: dict[str, Any], case: dict[str, Any]
) -> None:
    found = [f"{v.json_pointer}: {v.message}" for v in schema.validate(case["values"], content)]
    if "valid" in case:
        assert bool(found) is not case["valid"]
    else:
        assert sorted(found) == case["violations"]


def test_violations_come_in_the_order_of_their_places() -> None:
    content = {"$schema": DRAFT, "additionalProperties": {"items": {"type": "string"}}}
    values = {"b": [1] * 11, "a": [1]}
    pointers = [violation.pointer for violation in schema.validate(values, content)]
    assert pointers == [("a", 0), *(("b", position) for position in range(11))]


def test_a_failed_alternative_says_what_each_wanted() -> None:
    content = {
        "$schema": DRAFT,
        "properties": {"a": {"oneOf": [{"type": "string"}, {"properties": {"b": {"const": 1}}}]}},
    }
    (violation,) = schema.validate({"a": {"b": 2}}, content)
    assert violation == schema.Violation(
        ("a",),
        "'oneOf' failed, none matched: got object, want string; or at '/a/b': value must be 1",
    )


def test_the_same_mistake_is_found_again() -> None:
    """What was accepted is remembered; what was refused must not be."""
    content = {"$schema": DRAFT, "properties": {"a": {"properties": {"b": {"type": "string"}}}}}
    for _ in range(3):
        assert schema.validate({"a": {"b": "x"}}, content) == []
        assert len(schema.validate({"a": {"b": 1}}, content)) == 1
        assert len(schema.validate({"a": {"b": True}}, content)) == 1


def test_equal_subschemas_do_not_share_what_they_accepted() -> None:
    content = {
        "$schema": DRAFT,
        "properties": {"a": {"type": "object"}, "b": {"type": "object", "maxProperties": 0}},
    }
    assert schema.validate({"a": {"x": 1}}, content) == []
    assert [v.pointer for v in schema.validate({"b": {"x": 1}}, content)] == [("b",)]


def test_many_schemas_are_kept_apart() -> None:
    for limit in range(20):
        content = {"$schema": DRAFT, "properties": {"a": {"maximum": limit}}}
        assert schema.validate({"a": limit}, content) == []
        assert len(schema.validate({"a": limit + 1}, content)) == 1


def test_of_many_schemas_the_one_in_use_stays_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[schema.Schema] = []
    original = schema._compile

    def compile_noted(content: schema.Schema) -> Any:
        compiled.append(content)
        return original(content)

    monkeypatch.setattr(schema, "_compile", compile_noted)
    used, *others = ({"$schema": DRAFT, "type": "object"} for _ in range(20))
    for other in others:
        schema.validate({}, used)
        schema.validate({}, other)
    assert sum(content is used for content in compiled) == 1
    assert len(compiled) == 1 + len(others), "equal schemas are not one"


def test_remote_references_are_not_fetched() -> None:
    content = {"$schema": DRAFT, "properties": {"a": {"$ref": "http://127.0.0.1:9/x.json"}}}
    with pytest.raises(UserError, match=r"the schema refers to http://127\.0\.0\.1:9/x\.json"):
        schema.validate({"a": 1}, content)


REFUSED = [
    ({}, "/$schema: must be http://json-schema.org/draft-07/schema#, or Helm does not check"),
    ({"$schema": "https://json-schema.org/draft/2020-12/schema"}, "/$schema: must be "),
    ({"pattern": "^(?!x)"}, "/pattern: ^(?!x) has (?!x, which RE2 and Python do not both know"),
    ({"pattern": "(?<=a)b"}, "has (?<=, which"),
    ({"pattern": "(?P<n>a)(?P=n)"}, "has (?P=, which"),
    ({"pattern": "a\\Z"}, "has \\Z, which"),
    ({"pattern": "a\\z"}, "has \\z, which"),
    ({"pattern": "(a)\\1"}, "has \\1, which"),
    ({"pattern": "\\p{L}"}, "has \\p, which"),
    ({"pattern": "[[:alpha:]]"}, "has a POSIX class"),
    ({"pattern": "[]a]"}, "has a class that starts with ]"),
    ({"pattern": "[\\b]"}, "has \\b, which"),
    ({"pattern": "a++"}, "repeats a repetition"),
    ({"pattern": "a{2}+"}, "repeats a repetition"),
    ({"pattern": "a{1,1001}"}, "repeats more than 1000 times"),
    ({"pattern": "a{,5}"}, "write {0,"),
    ({"pattern": "("}, "is not a regular expression"),
    ({"pattern": "a\\"}, "ends with a backslash"),
    ({"patternProperties": {"(?=x)": {}}}, "/patternProperties/(?=x): (?=x) has (?=x, which"),
    ({"$ref": "other.json#/x"}, "/$ref: other.json#/x is outside the file"),
    ({"$ref": "https://example.invalid/x"}, "is outside the file"),
    ({"$ref": "#/definitions/none"}, "/$ref: #/definitions/none leads nowhere"),
    ({"definitions": {"a": {"$ref": "#/definitions/a"}}}, "#/definitions/a leads back to itself"),
    (
        {
            "definitions": {"a": {}},
            "properties": {"x": {"$ref": "#/definitions/a", "type": "null"}},
        },
        "/properties/x/type: is ignored beside $ref in draft-07",
    ),
    ({"dependentRequired": {"a": ["b"]}}, "/dependentRequired: is not a draft-07 keyword"),
    (
        {"items": {"unevaluatedProperties": False}},
        "/items/unevaluatedProperties: is not a draft-07",
    ),
    ({"anyOf": [{}, {"requird": ["a"]}]}, "/anyOf/1/requird: is not a draft-07 keyword"),
    ({"format": "date-time"}, "/format: date-time is not checked here as Helm does"),
    ({"const": "1"}, "/const: Helm takes the number 1 for this text; use enum"),
    ({"enum": ["a", "b", "a"]}, "/enum: lists a value twice"),
    ({"type": "strin"}, "/type: 'strin' is not valid"),
    ({"required": "a"}, "/required: 'a' is not of type 'array'"),
]


@pytest.mark.parametrize(("content", "says"), REFUSED, ids=_id)
def test_schema_that_helm_would_refuse_or_ignore_is_refused(
    content: dict[str, Any], says: str
) -> None:
    full = content if "$schema" in content or not content else {"$schema": DRAFT, **content}
    found = [f"{v.json_pointer}: {v.message}" for v in schema.schema_errors(full)]
    assert any(says in line for line in found), found


@pytest.mark.parametrize(("content", "case"), SCHEMAS, ids=_id)
def test_sound_schema_is_accepted(content: dict[str, Any], case: dict[str, Any]) -> None:
    beside_ref = [v for v in schema.schema_errors(content) if "beside $ref" not in v.message]
    assert beside_ref == []


def test_the_charts_schema_is_one_that_helm_takes(repository: Path) -> None:
    path = repository / "charts/opencode-workspace/values.schema.json"
    assert schema.schema_errors(json.loads(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("pointer", "path"),
    [
        ((), ""),
        (("a",), "a"),
        (("persistence", "deploy-key", "items", 0, "key"), "persistence.deploy-key.items[0].key"),
        (("annotations", "a.b/c"), 'annotations["a.b/c"]'),
        ((0, "a"), "[0].a"),
    ],
)
def test_place_is_written_as_in_the_charts_documentation(
    pointer: tuple[str | int, ...], path: str
) -> None:
    assert values_path(pointer) == path
