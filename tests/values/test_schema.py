"""Is values.schema.json complete, closed, and of use where there is no network?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from opencode_workspace import schema as validator
from tests.support import schemas
from tests.support.charts import Chart

# Where the user, or Kubernetes, chooses the keys. Everything else is closed.
FREE = {
    "definitions/advancedMounts/properties/workspace": "containers by identifier, checked by the chart",
    "definitions/annotations": "annotations",
    "definitions/labels": "labels",
    "definitions/stringMap": "labels of nodes",
    "definitions/custom/properties/volumeSpec": "a volume of Kubernetes",
    "definitions/config/properties/dataSource": "a reference of Kubernetes",
    "definitions/config/properties/dataSourceRef": "a reference of Kubernetes",
    "definitions/persistentVolumeClaim/properties/dataSource": "a reference of Kubernetes",
    "definitions/persistentVolumeClaim/properties/dataSourceRef": "a reference of Kubernetes",
    "definitions/networkPolicy/properties/rules/properties/egress/items": "a rule of Kubernetes",
    "definitions/networkPolicy/properties/rules/properties/ingress/items": "a rule of Kubernetes",
    "definitions/podOptions/properties/affinity": "a field of Kubernetes",
    "definitions/podOptions/properties/dnsConfig": "a field of Kubernetes",
    "definitions/podOptions/properties/topologySpreadConstraints/items": "a field of Kubernetes",
    "definitions/routeRule/properties/filters/items": "a field of Gateway API",
    "definitions/routeRule/properties/matches/items": "a field of Gateway API",
    "definitions/routeRule/properties/retry": "a field of Gateway API",
    "definitions/routeRule/properties/sessionPersistence": "a field of Gateway API",
    "properties/global": "values of a parent chart",
    "properties/persistence": "volumes by identifier, checked by the chart",
}


def named(place: schemas.Place) -> str:
    return "/".join(map(str, place))


def test_helm_and_the_package_can_use_the_schema(chart: Chart) -> None:
    # Draft-07, no $ref out of the file, patterns that RE2 and Python read alike, known keywords.
    assert validator.schema_errors(chart.schema) == []


def test_every_node_has_a_description(chart: Chart) -> None:
    without = [
        named(place)
        for place, node in schemas.nodes(chart.schema)
        if "$ref" not in node and not str(node.get("description", "")).strip()
    ]
    assert not without, f"write a description for {without}"


def test_every_description_ends_as_a_sentence_does(chart: Chart) -> None:
    for place, node in schemas.nodes(chart.schema):
        text = node.get("description", ".")
        assert text[-1] in ".?", f"{named(place)}: {text}"


def test_every_object_is_closed_but_for_the_free_maps(chart: Chart) -> None:
    # `if` only asks; what it asks about is closed by `then` and `else`.
    open_places = {
        named(place)
        for place, node in schemas.nodes(chart.schema)
        if is_object(node) and node.get("additionalProperties") is not False and "if" not in place
    }
    # A volume of any kind: each kind is closed.
    assert open_places - {"definitions/persistence"} == set(FREE)


def is_object(node: Mapping[str, Any]) -> bool:
    kinds = node.get("type", [])
    return "object" in ([kinds] if isinstance(kinds, str) else kinds)


def test_every_object_says_that_it_is_one(chart: Chart) -> None:
    for place, node in schemas.nodes(chart.schema):
        if {"properties", "patternProperties", "additionalProperties"} & node.keys():
            assert is_object(node), f"{named(place)}: without a type it takes a list, too"


def test_every_definition_is_used(chart: Chart) -> None:
    text = json.dumps(chart.schema)
    for name in chart.schema["definitions"]:
        assert f'"#/definitions/{name}"' in text, name


def test_every_pattern_is_closed_at_its_start(chart: Chart) -> None:
    for place, node in schemas.nodes(chart.schema):
        for pattern in (node.get("pattern", "^"), *node.get("patternProperties", {})):
            assert pattern.startswith("^"), f"{named(place)}: {pattern}"


def test_the_defaults_are_valid(chart: Chart) -> None:
    assert validator.validate(validator.coalesce(chart.values, {}), chart.schema) == []


@pytest.mark.parametrize("key", ["workspace", "controllers", "persistence"])
def test_a_default_that_is_taken_away_is_missed(key: str, chart: Chart) -> None:
    rest = {name: value for name, value in chart.values.items() if name != key}
    assert [v.json_pointer for v in validator.validate(rest, chart.schema)] == [""]


def test_every_leaf_of_the_values_is_in_the_schema(chart: Chart) -> None:
    unknown = [named(path) for path in schemas.unknown(chart.schema, chart.values)]
    assert not unknown, f"values.yaml has, but the schema has not: {unknown}"


def test_every_setting_of_the_workspace_block_has_a_default(chart: Chart) -> None:
    block = chart.schema["properties"]["workspace"]
    assert list(block["properties"]) == list(chart.values["workspace"])
    for key, node in block["properties"].items():
        if "properties" in node:
            assert list(node["properties"]) == list(chart.values["workspace"][key]), key


def test_values_and_schema_speak_of_the_same_blocks(chart: Chart) -> None:
    assert set(chart.values) == set(chart.schema["properties"])
