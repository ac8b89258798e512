"""Mutation operators of POSIX shell scripts, on the syntax tree that shfmt parses."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.mutation.mutant import Change

Node = dict[str, Any]

# What ends the script with a code, and what says something to a person. The wording of what is
# said is not mutated; that it is said, and with which code, is.
_ENDS = ("exit", "fail", "fail_on_volume", "stop")
_SAYS = ("fail", "leave", "log", "printf", "refuse_url", "write_seed")
_OPERATORS = {"&&": "||", "||": "&&"}


@lru_cache(maxsize=8)
def parse(text: str) -> Node:
    """shfmt's syntax tree of a script; offsets in it count bytes."""
    shfmt = Path(sys.executable).with_name("shfmt")
    command = [str(shfmt), "--to-json", "-ln", "posix"]
    done = subprocess.run(command, input=text.encode(), check=True, capture_output=True)
    tree: Node = json.loads(done.stdout)
    return tree


def changes(text: str) -> Iterator[Change]:
    """Every change of a script that this project tries; see the operators' names."""
    places = Places(text)
    for node, parents in walk(parse(text)):
        yield from _of_lists(node, places)
        yield from _of_conditions(node, places)
        yield from _of_pairs(node, places)
        yield from _of_cases(node, places)
        yield from _of_calls(node, parents, places)


class Places:
    """Where a node lies in a text, in characters."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._data = text.encode()

    def at(self, position: Node) -> int:
        """Offset of a position of shfmt's."""
        return len(self._data[: position.get("Offset", 0)].decode())

    def of(self, node: Node) -> tuple[int, int]:
        """Start and end of a node."""
        return self.at(node["Pos"]), self.at(node["End"])

    def source(self, node: Node) -> str:
        """Text of a node."""
        start, end = self.of(node)
        return self.text[start:end].rstrip()


def walk(node: Any, parents: tuple[Node, ...] = ()) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    """Every node below `node` with the nodes above it, innermost last."""
    if isinstance(node, dict):
        yield node, parents
        for value in node.values():
            yield from walk(value, (*parents, node))
    elif isinstance(node, list):
        for item in node:
            yield from walk(item, parents)


def lists(node: Node) -> Iterator[Node]:
    """Statements that stand for themselves in `node`: not a condition, not half of `&&`."""
    for name in ("Stmts", "Then", "Do"):
        yield from node.get(name) or ()


def _kind(statement: Node) -> str:
    return str(statement.get("Cmd", {}).get("Type", ""))


def _of_lists(node: Node, places: Places) -> Iterator[Change]:
    for statement in lists(node):
        here_document = "Hdoc" in json.dumps(statement)
        if _kind(statement) in ("CallExpr", "BinaryCmd", "Subshell", "") and not here_document:
            source = places.source(statement).rstrip(";& ")
            start = places.at(statement["Pos"])
            if source not in (":", ""):
                yield Change("drop command", start, start + len(source), ":")


def _of_conditions(node: Node, places: Places) -> Iterator[Change]:
    conditions = node.get("Cond") or []
    if node.get("Type") in ("IfClause", "WhileClause") and len(conditions) == 1:
        condition = conditions[0]
        source = places.source(condition).rstrip("; ")
        start = places.at(condition["Pos"])
        if condition.get("Negated"):
            yield Change("negate condition", start, start + 2, "")
        elif source != ":":
            negated = f"! {source}" if _kind(condition) == "CallExpr" else f"! {{ {source}; }}"
            yield Change("negate condition", start, start + len(source), negated)


def _of_pairs(node: Node, places: Places) -> Iterator[Change]:
    if node.get("Type") == "BinaryCmd" and node["Op"] in _OPERATORS:
        here = places.at(node["OpPos"])
        ignored = places.source(node["Y"]).rstrip(" ;") == ":"
        if not ignored:
            yield Change("swap && and ||", here, here + 2, _OPERATORS[node["Op"]])
        here_document = "Hdoc" in json.dumps(node["Y"])
        if not here_document:
            end = here + 2 + len(places.text[here + 2 : places.of(node["Y"])[1]].rstrip("; \n"))
            # Not the end of what stands left: that may be the end of its here document.
            left = len(places.text[:here].rstrip(" \n\\"))
            yield Change(f"drop {node['Op']} …", left, end, "")


def _of_cases(node: Node, places: Places) -> Iterator[Change]:
    if node.get("Type") == "CaseClause":
        for item in node["Items"]:
            for pattern in item["Patterns"]:
                start, end = places.of(pattern)
                yield Change("drop pattern", start, end, "'no such text'")


def _of_calls(node: Node, parents: tuple[Node, ...], places: Places) -> Iterator[Change]:
    if node.get("Type") == "CallExpr":
        words = node.get("Args") or []
        command = places.source(words[0]) if words else ""
        for word in words[1:]:
            source = places.source(word)
            if command in _ENDS and source.isdigit():
                start, end = places.of(word)
                yield Change("change exit code", start, end, str(int(source) + 1))
        if command not in _SAYS:
            for word in words[1:]:
                yield from _of_quotes(word, places)
        for assignment in node.get("Assigns") or ():
            if "Value" in assignment:
                yield from _of_quotes(assignment["Value"], places)
                yield from _of_literals(assignment["Value"], places)


def _of_quotes(word: Node, places: Places) -> Iterator[Change]:
    for part in word.get("Parts") or ():
        inner = part.get("Parts") or ()
        plain = part["Type"] == "SglQuoted" or (
            part["Type"] == "DblQuoted" and all(piece["Type"] == "Lit" for piece in inner)
        )
        if plain:
            _, end = places.of(part)
            yield Change("change constant", end - 1, end - 1, "x")


def _of_literals(word: Node, places: Places) -> Iterator[Change]:
    parts = word.get("Parts") or []
    if len(parts) == 1 and parts[0]["Type"] == "Lit":
        start, end = places.of(word)
        value = places.text[start:end]
        new = str(int(value) + 1) if value.isdigit() else f"{value}x"
        yield Change("change constant", start, end, new)
