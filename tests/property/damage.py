"""Damages plain data: takes something out, puts something of another type in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from opencode_workspace.plain import copied

Way = tuple[str | int, ...]

INTRUDERS: list[Any] = [
    *(None, True, 0, -1, 1.5, 10**30, "", "x", "yes", "${X}", "${X", "{{", "..", "/x"),
    *([], ["a"], [1], [None], [{}], [["a"]], {}, {"a": 1}, {"a": None}, {"": ""}, {"a": {"b": []}}),
]


def ways(node: Any, way: Way = ()) -> Iterator[Way]:
    """Ways to every value below `node`."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for step, value in items:
        yield (*way, step)
        if isinstance(value, dict | list):
            yield from ways(value, (*way, step))


@st.composite
def damaged(draw: st.DrawFn, node: Any, intruders: tuple[Any, ...] = ()) -> Any:
    """A copy of `node`, a map or list with something in it, damaged at one to three places.

    intruders: more values to put in, beside INTRUDERS.
    """
    result: Any = copied(node)
    for _ in range(draw(st.integers(1, 3))):
        found = list(ways(result))
        if found:
            _damage(draw, result, draw(st.sampled_from(found)), [*INTRUDERS, *intruders])
    return result


def _damage(draw: st.DrawFn, root: Any, way: Way, intruders: list[Any]) -> None:
    holder: Any = root
    for part in way[:-1]:
        holder = holder[part]
    step: Any = way[-1]
    match draw(st.sampled_from(["replace", "replace", "remove", "add", "repeat"])):
        case "remove":
            del holder[step]
        case "add" if isinstance(holder, dict):
            holder[draw(st.sampled_from(["zzz", "enabled", "name", "kind", "$ref"]))] = copied(
                draw(st.sampled_from(intruders))
            )
        case "repeat" if isinstance(holder, list):
            holder.append(copied(holder[step]))
        case _:
            holder[step] = copied(draw(st.sampled_from(intruders)))
