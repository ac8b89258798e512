"""What the text of a template uses, as External Secrets evaluates it: Go's text/template."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_QUOTED = r'"(?:\\.|[^"\\\n])*"|`[^`]*`' + r"|'(?:\\.|[^'\\\n])*'"
_LITERAL = re.compile(_QUOTED, re.DOTALL)
_COMMENT = r"(?:-\s+)?/\*.*?\*/(?:\s+-)?"
_COMMENTED = re.compile(rf"{{{{{_COMMENT}}}}}", re.DOTALL)
_ACTION = re.compile(
    rf"{{{{(?:{_COMMENT}|(?!(?:-\s+)?/\*)(?:{_QUOTED}|[^\"`'{{}}])*)}}}}", re.DOTALL
)
_INDEX = re.compile(r"\bindex\s+[.$]\s*[\"`]([^\"`]*)[\"`]")
_FIELD = re.compile(r"(?<![\w.$)])\.([A-Za-z_]\w*)")
# `.` and `$`, which are all values.
_ALL = re.compile(r"(?<![\w.)\]])(?:\.|\$)(?![\w.])")
_WORD = re.compile(r"[\w-]+(?:\.[\w-]+)*")
# Within these, `.` is something else.
_ANOTHER_DOT = re.compile(r"{{-?\s*(?:range|with|define|block)\b")
# What is not chosen is not evaluated.
_CHOOSING = frozenset(["if", "hasKey"])
_WITHOUT = frozenset(["and", "coalesce", "default", "empty", "or", "ternary", "with"])


class Uses(NamedTuple):
    """fields: `.NAME`. looked_up: `index . "NAME"`. words: all that may be a name.

    has_all: whether it may use any value.
    """

    fields: tuple[str, ...]
    looked_up: tuple[str, ...]
    words: frozenset[str]
    has_all: bool


@lru_cache(maxsize=1024)
def uses(text: str) -> Uses:
    """What a text uses, as far as it is certain."""
    actions = " ".join(one for one in _ACTION.findall(text) if not _COMMENTED.match(one))
    words = frozenset(_WORD.findall(actions))
    bare = _LITERAL.sub("''", _INDEX.sub("index", actions))
    is_plain = not _ANOTHER_DOT.search(text) and not words & _CHOOSING
    fields = tuple(dict.fromkeys(_FIELD.findall(bare))) if is_plain else ()
    # An empty text may be what is wanted.
    is_certain = is_plain and not words & _WITHOUT
    looked_up = tuple(dict.fromkeys(_INDEX.findall(actions))) if is_certain else ()
    return Uses(fields, looked_up, words, _ALL.search(bare) is not None)


@lru_cache(maxsize=1024)
def broken_action(text: str) -> str:
    """The first line of an action that is not closed; empty when all are."""
    begin = text.find("{{")
    while begin >= 0:
        found = _ACTION.match(text, begin)
        if found is None:
            return text[begin:].split("\n")[0]
        begin = text.find("{{", found.end())
    return ""


def filled(text: str, values: dict[str, str]) -> str:
    """`text` with the names of `values` in its actions replaced, to compare it with another."""

    def replace(action: re.Match[str]) -> str:
        return _FIELD.sub(lambda field: values.get(field[1], field[0]), action[0])

    return _ACTION.sub(replace, text)
