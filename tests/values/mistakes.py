"""Values just inside and just outside of what one keyword of a schema allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.support.schemas import Schema
from tests.values.mutants import Mutant

# One of each type; a schema that takes it for another reason is told from the others by the rest.
_OF_EACH_TYPE: tuple[Any, ...] = (None, True, 7, 1.5, "x", [], {})
_OTHERS: tuple[Any, ...] = ("other", 2)
# Put before, behind and in place of a good text or key.
_LETTERS = ("", " ", "\n", "/", "-", "A", "a", "0", ".", "=", "ä")
_TEXTS = tuple("a" * length for length in (2, 15, 16, 17, 63, 64, 65))
_KEYS = ("unknown", "Not a key", "not\n", *_TEXTS)

Values = Iterator[Any]


def values(mutant: Mutant, node: Schema, seen: list[Any]) -> Values:
    """Values for the place of `mutant` that may tell it from `node`, which was there before.

    seen: good values for that place, to start from.
    """
    for source in _SOURCES[mutant.keyword]:
        yield from source(node, mutant.keyword, seen)


def _types(node: Schema, keyword: str, seen: list[Any]) -> Values:
    yield from _OF_EACH_TYPE


def _choices(node: Schema, keyword: str, seen: list[Any]) -> Values:
    yield from node.get("enum", ())
    yield from _OTHERS
    yield from _OF_EACH_TYPE


def _numbers(node: Schema, keyword: str, seen: list[Any]) -> Values:
    yield from (node[keyword] + step for step in (0, -1, 1))


def _texts(node: Schema, keyword: str, seen: list[Any]) -> Values:
    yield from _TEXTS
    for text in [*(one for one in seen if isinstance(one, str)), "x"]:
        yield from _near(text)


def _near(text: str) -> Iterator[str]:
    yield from (text[:-1], text[1:], text * 2, text * 4, text * 5)
    for letter in _LETTERS:
        yield from (letter, letter + text, text + letter)


def _lengths(node: Schema, keyword: str, seen: list[Any]) -> Values:
    bound = node[keyword]
    for size in (bound, bound - 1, bound + 1):
        if keyword in ("minLength", "maxLength") and size >= 0:
            yield "x" * size
        for one in seen:
            if isinstance(one, list) and one and size >= 0:
                yield (one * (size + 1))[:size]


def _twice(node: Schema, keyword: str, seen: list[Any]) -> Values:
    yield from ([one[0]] * 2 for one in seen if isinstance(one, list) and one)


def _fewer_keys(node: Schema, keyword: str, seen: list[Any]) -> Values:
    yield {}
    for one in seen:
        if isinstance(one, Mapping):
            yield from ({key: one[key] for key in one if key != name} for name in one)


def _more_keys(node: Schema, keyword: str, seen: list[Any]) -> Values:
    maps = [one for one in seen if isinstance(one, Mapping)]
    for one in maps:
        for other in maps:
            yield {**one, **other}
            yield from ({**one, key: item} for key, item in other.items())


def _other_keys(node: Schema, keyword: str, seen: list[Any]) -> Values:
    yield from ({key: 7} for key in _KEYS)
    for one in seen:
        if isinstance(one, Mapping):
            yield from ({**one, key: 7} for key in (*_KEYS, *one))
            for key, item in one.items():
                yield from ({**one, other: item} for other in (*_KEYS, *_near(key)))


_SOURCES: Mapping[str, tuple[Callable[[Schema, str, list[Any]], Values], ...]] = {
    "type": (_types,),
    **dict.fromkeys(("$ref", "then", "else"), (_types, _other_keys)),
    "if": (_choices, _fewer_keys),
    **dict.fromkeys(("enum", "const"), (_choices,)),
    "pattern": (_texts,),
    **dict.fromkeys(("minimum", "maximum"), (_numbers,)),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), (_lengths,)),
    "uniqueItems": (_twice,),
    **dict.fromkeys(("required", "minProperties"), (_fewer_keys,)),
    "properties": (_fewer_keys, _more_keys, _other_keys),
    "maxProperties": (_more_keys,),
    **dict.fromkeys(("oneOf", "anyOf", "allOf", "not"), (_fewer_keys, _more_keys)),
    **dict.fromkeys(("patternProperties", "additionalProperties"), (_other_keys,)),
}
