"""Damages values.schema.json in one place at a time: what a slip of the hand could do to it.

A mutant takes more than the schema (a keyword is dropped, a bound is moved away), takes less
(a bound is moved in, a property is forgotten), or asks another question in `if`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from tests.support import schemas
from tests.support.schemas import Place, Schema

TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
# They say something to people, or hold subschemas that are damaged on their own.
HARMLESS = {"$schema", "title", "description", "definitions", "items"}

_WILD = "other"
_REPEAT = re.compile(r"\{(?P<least>[0-9]+)(?:,(?P<most>[0-9]+))?\}")

Change = tuple[str, Schema]


class Mutant(NamedTuple):
    """One damage.

    place: exact way to the damaged subschema in the file.
    keyword: the damaged keyword.
    damage: what was done, in words.
    node: the damaged subschema.
    """

    place: Place
    keyword: str
    damage: str
    node: Schema

    @property
    def name(self) -> str:
        """Name in the list of equivalent mutants, and in messages."""
        return f"{self.where}: {self.what}"

    @property
    def where(self) -> str:
        """The place in words."""
        return "/".join(map(str, self.place)) or "root"

    @property
    def what(self) -> str:
        """The keyword, and what was done to it."""
        return f"{self.keyword} {self.damage}"

    def original(self, root: Schema) -> Schema:
        """The subschema of `root` before it was damaged."""
        node: Any = root
        for step in self.place:
            node = node[step]
        return dict(node)

    def within(self, root: Schema) -> Schema:
        """The whole damaged schema; all that is not damaged is shared with `root`."""
        damaged: Schema = _replaced(root, self.place, self.node)
        return damaged


def mutants(root: Schema) -> list[Mutant]:
    """Every mutant of the schema `root`; KeyError for a keyword that no operator damages."""
    return [
        Mutant(place, keyword, damage, node)
        for place, subschema in schemas.subschemas(root)
        for keyword in subschema
        if keyword not in HARMLESS
        for operator in OPERATORS[keyword]
        for damage, node in operator(subschema, keyword)
    ]


def _replaced(value: Any, place: Place, node: Schema) -> Any:
    if not place:
        return node
    step, below = place[0], place[1:]
    copy: Any = dict(value) if isinstance(value, Mapping) else list(value)
    copy[step] = _replaced(value[step], below, node)
    return copy


def _dropped(node: Schema, keyword: str) -> Iterator[Change]:
    yield "dropped", {key: value for key, value in node.items() if key != keyword}


def _opened(node: Schema, keyword: str) -> Iterator[Change]:
    if node[keyword] is False:
        yield from _dropped(node, keyword)
    else:
        yield "closed", {**node, keyword: False}


def _moved(step: int) -> Callable[[Schema, str], Iterator[Change]]:
    def change(node: Schema, keyword: str) -> Iterator[Change]:
        bound = node[keyword] + step
        if bound >= 0 or keyword in ("minimum", "maximum"):
            yield f"moved to {bound}", {**node, keyword: bound}

    return change


def _without_an_entry(node: Schema, keyword: str) -> Iterator[Change]:
    entries = node[keyword]
    if isinstance(entries, Mapping):
        for name in entries:
            rest = {key: value for key, value in entries.items() if key != name}
            yield f"without {name}", {**node, keyword: rest}
    elif len(entries) > 1 or keyword == "required":
        for index, entry in enumerate(entries):
            label = index if isinstance(entry, Mapping) else entry
            rest_of_list = [*entries[:index], *entries[index + 1 :]]
            yield f"without {label}", {**node, keyword: rest_of_list}


def _with_another_value(node: Schema, keyword: str) -> Iterator[Change]:
    known = [node[keyword]] if keyword == "const" else node[keyword]
    other = _WILD if isinstance(known[0], str) else max(known) + 1
    rest = {key: value for key, value in node.items() if key != keyword}
    yield f"with {other}", {**rest, "enum": [*known, other]}


def _other_types(node: Schema, keyword: str) -> Iterator[Change]:
    known = [node[keyword]] if isinstance(node[keyword], str) else node[keyword]
    for name in TYPES:
        # Where any number is welcome, a whole one is already.
        if name not in known and (name != "integer" or "number" not in known):
            yield f"with {name}", {**node, keyword: [*known, name]}
    if len(known) > 1:
        for name in known:
            yield f"without {name}", {**node, keyword: [one for one in known if one != name]}


def _more_required(node: Schema, keyword: str) -> Iterator[Change]:
    required = node.get("required", [])
    for name in node[keyword]:
        if name not in required:
            yield f"{name} required", {**node, "required": [*required, name]}


def _weaker_pattern(node: Schema, keyword: str) -> Iterator[Change]:
    for damage, pattern in _patterns(node[keyword]):
        yield damage, {**node, keyword: pattern}


def _weaker_keys(node: Schema, keyword: str) -> Iterator[Change]:
    for key, value in node[keyword].items():
        rest = {name: member for name, member in node[keyword].items() if name != key}
        for damage, pattern in (("any key", ""), *_patterns(key)):
            yield f"{key} {damage}", {**node, keyword: {**rest, pattern: value}}


def _patterns(pattern: str) -> Iterator[tuple[str, str]]:
    """The same without an anchor, and with each counted repetition longer or shorter by one."""
    if pattern.startswith("^"):
        yield "open at its start", pattern[1:]
    if pattern.endswith("$"):
        yield "open at its end", pattern[:-1]
    for match in _REPEAT.finditer(pattern):
        least, most = int(match["least"]), int(match["most"] or match["least"])
        for low, high in (
            (least, most + 1),
            (least, most - 1),
            (least + 1, most),
            (least - 1, most),
        ):
            if 0 <= low <= high:
                text = pattern[: match.start()] + f"{{{low},{high}}}" + pattern[match.end() :]
                yield f"{match[0]} as {{{low},{high}}}", text


def _asked_nothing(node: Schema, keyword: str) -> Iterator[Change]:
    yield "always true", {**node, keyword: {}}
    yield "never true", {**node, keyword: {"not": {}}}


_RAISED, _LOWERED = _moved(1), _moved(-1)
_BOUND = (_dropped, _RAISED, _LOWERED)

OPERATORS: Mapping[str, tuple[Callable[[Schema, str], Iterator[Change]], ...]] = {
    "$ref": (_dropped,),
    "type": (_dropped, _other_types),
    "enum": (_dropped, _with_another_value, _without_an_entry),
    "const": (_dropped, _with_another_value),
    "pattern": (_dropped, _weaker_pattern),
    **dict.fromkeys(("minimum", "maximum"), _BOUND),
    **dict.fromkeys(("minLength", "maxLength"), _BOUND),
    **dict.fromkeys(("minItems", "maxItems"), _BOUND),
    **dict.fromkeys(("minProperties", "maxProperties"), _BOUND),
    "uniqueItems": (_dropped,),
    "required": (_without_an_entry,),
    "properties": (_without_an_entry, _more_required),
    "patternProperties": (_without_an_entry, _weaker_keys),
    "additionalProperties": (_opened,),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), (_dropped, _without_an_entry)),
    "not": (_dropped,),
    "if": (_dropped, _asked_nothing),
    **dict.fromkeys(("then", "else"), (_dropped,)),
}
