"""Mutation operators of Helm templates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.mutation.mutant import Change

_ACTION = re.compile(r"\{\{-?\s*(?P<body>/\*.*?\*/|.*?)\s*-?\}\}", re.DOTALL)
_OPENS = re.compile(r"(if|with|range|define|block)\b")
_CONDITION = re.compile(r"(?:else )?if (?P<condition>.*)", re.DOTALL)
# A string, or the rest of a word: what is looked for must not begin inside one.
_STRING = re.compile(r'"(?:\\.|[^"\\])*"|`[^`]*`')
_NUMBER = re.compile(r"(?<![\w.$\"-])\d+(?![\w.\"])")
_SWAPPED = {
    "and": "or",
    "or": "and",
    "eq": "ne",
    "ne": "eq",
    "gt": "lt",
    "lt": "gt",
    "true": "false",
    "false": "true",
    "first": "last",
}
_WORD = re.compile(rf"(?<![\w.$-])({'|'.join(_SWAPPED)})(?![\w.-])")
_NOT = re.compile(r"(?<![\w.$-])not (?=[\w.$(])")
_CONSTANTS = 2
# Text without it is no JSON and no list, which nothing downstream could take.
_NEEDED = ("fromJson", "fromJsonArray", "nindent")
_OPERAND = re.compile(r"\(([\w.$]+)$")
_INDENT = re.compile(r"nindent (\d+)")


def changes(text: str) -> Iterator[Change]:
    """Every change of a template that this project tries; see the operators' names."""
    yield from _lines(text)
    for action in _ACTION.finditer(text):
        body, start = action["body"], action.start("body")
        if not body.startswith(("/*", "end", "define")):
            yield from _conditions(body, start)
            yield from _words(body, start)
            yield from _stages(body, start)
            yield from _constants(body, start)


def _lines(text: str) -> Iterator[Change]:
    """Drops a line, unless it opens or ends a block: that would be no template any more."""
    offset = 0
    comment_ends = 0
    for line in text.splitlines(keepends=True):
        bodies = [action["body"] for action in _ACTION.finditer(line)]
        opened = sum(bool(_OPENS.match(body)) for body in bodies)
        ended = sum(body.startswith("end") for body in bodies)
        lonely = any(body.startswith("else") for body in bodies) and not opened
        comment = line.strip().startswith(("#", "{{/*", "{{- /*"))
        if "{{/*" in line and "*/}}" not in line:
            comment_ends = text.index("*/}}", offset)
        inside = offset < comment_ends
        if line.strip() and opened == ended and not (lonely or comment or inside):
            yield Change("drop line", offset, offset + len(line), "")
        offset += len(line)


def _conditions(body: str, start: int) -> Iterator[Change]:
    found = _CONDITION.fullmatch(body)
    if found:
        here, end = start + found.start("condition"), start + found.end("condition")
        yield Change("negate condition", here, end, f"not ({found['condition']})")
        yield Change("always", here, end, "true")


def _words(body: str, start: int) -> Iterator[Change]:
    bare = _STRING.sub(lambda match: "\0" * len(match[0]), body)
    for found in _WORD.finditer(bare):
        word = _SWAPPED[found[0]]
        yield Change(f"{found[0]} to {word}", start + found.start(), start + found.end(), word)
    for found in _NOT.finditer(bare):
        yield Change("drop not", start + found.start(), start + found.end(), "")
    for found in _INDENT.finditer(bare):
        # Two columns more or less are the same to YAML where nothing else stands beside it.
        here, end = start + found.start(1), start + found.end(1)
        yield Change("indent 0", here, end, "0")


def _stages(body: str, start: int) -> Iterator[Change]:
    """Drops one stage of a pipeline, as `| quote` or `| default "x"`; of what is sorted, reverses the order."""
    for found in re.finditer(r"\|", _STRING.sub(lambda match: "\0" * len(match[0]), body)):
        end = _end_of_stage(body, found.end())
        name = body[found.end() : end].split()[0]
        if name == "sortAlpha":
            # Without it the order of a map is chance, now and then the right one.
            yield Change("reverse sortAlpha", start + end, start + end, " | reverse")
        elif name not in _NEEDED and not _before_indent(body, name, end):
            here = found.start()
            while body[here - 1] == " ":
                here -= 1
            # Without parentheses, as people would write it: Go takes nothing in them for an empty map.
            alone = _OPERAND.search(body[:here])
            if alone and body[end : end + 1] == ")":
                yield Change(f"drop {name}", start + alone.start(), start + end + 1, alone[1])
            else:
                yield Change(f"drop {name}", start + here, start + end, "")


def _before_indent(body: str, name: str, end: int) -> bool:
    """Whether it is a `trim` that takes away an empty line, which is nothing in YAML."""
    return name == "trim" and body[end:].lstrip(" |").startswith("nindent")


def _end_of_stage(body: str, offset: int) -> int:
    depth = 0
    bare = _STRING.sub(lambda match: "\0" * len(match[0]), body)
    for place in range(offset, len(body)):
        if bare[place] == "(":
            depth += 1
        elif bare[place] == ")":
            depth -= 1
        if depth < 0 or (depth == 0 and bare[place] == "|"):
            while body[place - 1] == " ":
                place -= 1
            return place
    return len(body)


def _constants(body: str, start: int) -> Iterator[Change]:
    # The name of a template is left alone, because a wrong one cannot be loaded at all; and so are
    # all but the two longest strings of an action: most of the others are keys of a `dict`.
    strings = [
        found
        for found in _STRING.finditer(body)
        if not body[: found.start()].rstrip().endswith(("include", "define", "template"))
    ]
    for found in sorted(strings, key=lambda match: -len(match[0]))[:_CONSTANTS]:
        here, end = start + found.start(), start + found.end()
        yield Change("change constant", here, end, f'{found[0][:-1]}x"')
    for found in _NUMBER.finditer(_STRING.sub(lambda match: "\0" * len(match[0]), body)):
        if not body[: found.start()].rstrip().endswith("indent"):
            here, end = start + found.start(), start + found.end()
            yield Change("change constant", here, end, str(int(found[0]) + 1))
