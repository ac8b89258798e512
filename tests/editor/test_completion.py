"""Can an editor complete every key of the chart, and does it know the defaults?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from opencode_workspace import editor, schema
from tests.support.charts import Chart

Path = tuple[str, ...]

# The key that a person chooses, such as the name of a volume.
ANY = "<name>"


def paths(root: Any, node: Any, at: Path = ()) -> Iterator[Path]:
    """Every place that a document of the schema `root` may have; list items add no step."""
    if "$ref" in node:
        node = root["definitions"][node["$ref"].rpartition("/")[2]]
    if at:
        yield at
    for key, below in node.get("properties", {}).items():
        yield from paths(root, below, (*at, key))
    for below in node.get("patternProperties", {}).values():
        yield from paths(root, below, (*at, ANY))
    for keyword, step in (
        ("additionalProperties", (ANY,)),
        ("items", ()),
        ("then", ()),
        ("else", ()),
    ):
        if isinstance(node.get(keyword), dict):
            yield from paths(root, node[keyword], (*at, *step))


@pytest.fixture(scope="module")
def values(chart: Chart) -> Any:
    wrapper = editor.document(chart.schema, chart.values)
    node = wrapper["properties"]["spec"]["properties"]["values"]
    return {**node, "definitions": wrapper["definitions"]}


def test_every_key_of_the_chart_can_be_completed(values: Any, chart: Chart) -> None:
    missing = set(paths(chart.schema, chart.schema)) - set(paths(values, values))
    # The names of the defaults stand beside the free one, where there is one.
    assert not missing, sorted(missing)


@pytest.mark.parametrize(
    "place",
    [
        ("controllers", "workspace", "containers", "app"),
        ("controllers", "workspace", "initContainers", "init-workspace"),
        ("service", "app"),
        ("service", "app", "ports", "http"),
        ("route", "app"),
        ("networkpolicies", "app"),
    ],
    ids=".".join,
)
def test_what_a_new_entry_may_have_a_default_one_may_have_too(place: Path, values: Any) -> None:
    reachable = set(paths(values, values))
    free = (*place[:-1], ANY)
    fields = {path[len(free) :] for path in reachable if path[: len(free)] == free}
    own = {path[len(place) :] for path in reachable if path[: len(place)] == place}
    assert len(fields) > 5
    assert fields <= own


def test_every_identifier_of_the_defaults_is_offered(values: Any, chart: Chart) -> None:
    reachable = set(paths(values, values))

    def given(node: Any, at: Path = ()) -> Iterator[Path]:
        if isinstance(node, dict):
            for key, below in node.items():
                yield (*at, key)
                yield from given(below, (*at, key))

    assert set(given(chart.values)) <= reachable


def test_the_default_is_shown_beside_a_key(values: Any, chart: Chart) -> None:
    app = values["properties"]["controllers"]["properties"]["workspace"]["properties"]["containers"]
    image = app["properties"]["app"]["properties"]["image"]["properties"]
    assert image["tag"]["default"] == chart.metadata["appVersion"]


def test_every_key_is_described(values: Any) -> None:
    def undescribed(node: Any, at: Path) -> Iterator[Path]:
        if "description" not in node and "$ref" not in node:
            yield at
        for key, below in node.get("properties", {}).items():
            yield from undescribed(below, (*at, key))

    assert not list(undescribed(values, ()))


def test_a_default_of_the_last_kind_is_found_by_what_it_is_not() -> None:
    kind = {"type": "object", "required": ["type"], "properties": {"type": {"const": "a"}}}
    last = {"description": "b", "type": "object", "required": ["size"], "properties": {"size": {}}}
    volume = {"description": "v", "type": "object", "if": kind, "then": {}, "else": last}
    made = editor.document(
        {"definitions": {}, "properties": {"v": volume}}, {"v": {"type": "b", "size": 1}}
    )
    relaxed = made["properties"]["spec"]["properties"]["values"]["properties"]["v"]
    assert relaxed["if"] == {"anyOf": [kind]}
    assert "required" not in relaxed["else"]
    assert "null" in relaxed["else"]["type"]


def test_where_patterns_cannot_be_told_apart_anything_may_stand() -> None:
    node: dict[str, Any] = {
        "definitions": {},
        "patternProperties": {"^a": {"type": "string"}, "b$": {}},
        "additionalProperties": False,
    }
    made = editor.document(node, {"ab": 1})
    assert made["properties"]["spec"]["properties"]["values"] == {}


def test_a_condition_without_a_branch_leaves_it_open() -> None:
    condition = {"required": ["type"], "properties": {"type": {"const": "a"}}}
    volume = {"type": "object", "if": condition}
    for default in ({"type": "a"}, {"type": "b"}):
        made = editor.document({"definitions": {}, "properties": {"v": volume}}, {"v": default})
        values = made["properties"]["spec"]["properties"]["values"]
        assert not schema.validate({"v": {"x": 1}}, values)
