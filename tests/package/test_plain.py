"""Does a copy of plain data hold the same, and share nothing that can be changed?"""

from __future__ import annotations

from types import MappingProxyType

from opencode_workspace.plain import copied


def test_a_copy_shares_no_map_and_no_list() -> None:
    inner: dict[str, object] = {"b": [1, {"c": "d"}], "e": None, "f": True, "g": 1.5}
    original = {"a": inner, "list": [[1], "text"]}
    copy = copied(original)
    assert copy == original
    assert copy is not original
    assert copy["a"] is not inner
    assert copy["a"]["b"] is not inner["b"]
    assert copy["a"]["b"][1] is not inner["b"][1]  # type: ignore[index]  # a list
    assert copy["list"][0] is not original["list"][0]  # type: ignore[index]  # a list


def test_any_map_becomes_a_dict() -> None:
    copy = copied(MappingProxyType({"a": MappingProxyType({"b": 1})}))
    assert copy == {"a": {"b": 1}}
    assert type(copy) is dict
    assert type(copy["a"]) is dict


def test_a_scalar_is_itself() -> None:
    assert [copied(value) for value in ("text", 1, 1.5, True, None)] == ["text", 1, 1.5, True, None]
