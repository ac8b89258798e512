"""Are equal items of a list those that are equal to Helm?"""

from __future__ import annotations

from typing import Any

import pytest

from opencode_workspace import schema

UNIQUE = {"properties": {"list": {"uniqueItems": True}}}


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ([1, True, 1], "items at 0 and 2 are equal"),
        ([0, False, "", None, False], "items at 1 and 4 are equal"),
        ([{"a": 1}, {"a": True}, {"a": True}], "items at 1 and 2 are equal"),
        ([{"a": 1, "b": [0]}, {"a": 1}, {"b": [0], "a": 1}], "items at 0 and 2 are equal"),
        ([1, "1", 1.0], "items at 0 and 2 are equal"),
    ],
)
def test_the_positions_of_equal_items_are_told(items: list[Any], told: str) -> None:
    (violation,) = schema.validate({"list": items}, UNIQUE)
    assert violation.message == told


@pytest.mark.parametrize("items", [[1, True], [0, False], [[1], [True]], [{"a": 0}, {"a": False}]])
def test_numbers_and_truth_values_are_not_equal(items: list[Any]) -> None:
    assert schema.validate({"list": items}, UNIQUE) == []
