"""Which commands of a script did a run reach? The script tells, through lines added to a copy."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from tests.mutation import shell

_REPORT = 'cover() {{ {{ printf "%s\\n" "$1" >>{file}; }} 2>/dev/null || :; }}\n'


def instrumented(text: str, file: Path) -> str:
    """`text`, which then appends the offset of every command it reaches to `file`."""
    first = text.index("\n") + 1
    # Places and what is put there; of two at one place what ends comes first, innermost first.
    added = [(start, 2, start, f"cover {start}; ") for start, _ in statements(text)]
    for start, end in halves(text):
        added.append((start, 1, start, f"{{ cover {start}; "))
        added.append((end, 0, -start, "; }"))
    pieces, at = [text[:first], _REPORT.format(file=file)], first
    for place, _, _, piece in sorted(added):
        pieces += [text[at:place], piece]
        at = place
    return "".join([*pieces, text[at:]])


def commands(text: str) -> tuple[tuple[int, int], ...]:
    """Start and end of everything that reports."""
    return tuple(sorted({*statements(text), *halves(text)}))


@lru_cache(maxsize=8)
def statements(text: str) -> tuple[tuple[int, int], ...]:
    """Start and end of every command that stands for itself; those at the top of a script are not among them.

    Tests change the constants there, and every run reaches them.
    """
    places = shell.Places(text)
    found = set()
    for node, parents in shell.walk(shell.parse(text)):
        if any(parent.get("Type") == "FuncDecl" for parent in parents):
            for statement in shell.lists(node):
                # `status=$?` must stay right behind what it asks about.
                if not places.source(statement).endswith("=$?"):
                    found.add(places.of(statement))
    return tuple(sorted(found))


@lru_cache(maxsize=8)
def halves(text: str) -> tuple[tuple[int, int], ...]:
    """Start and end of every single command behind `&&` or `||` in a function."""
    places = shell.Places(text)
    found = set()
    for node, parents in shell.walk(shell.parse(text)):
        inside = any(parent.get("Type") == "FuncDecl" for parent in parents)
        if node.get("Type") == "BinaryCmd" and node["Op"] in ("&&", "||") and inside:
            half = node["Y"]
            # `$?` must stay right behind what it asks about.
            single = half["Cmd"]["Type"] == "CallExpr" if "Cmd" in half else False
            if single and "$?" not in places.source(half) and "Hdoc" not in json.dumps(half):
                start, end = places.of(half)
                found.add((start, start + len(places.text[start:end].rstrip("; \n"))))
    return tuple(sorted(found))


@lru_cache(maxsize=8)
def functions(text: str) -> tuple[tuple[int, int], ...]:
    """Start and end of every function."""
    places = shell.Places(text)
    nodes = (node for node, _ in shell.walk(shell.parse(text)))
    return tuple(places.of(node) for node in nodes if node.get("Type") == "FuncDecl")


def offsets_of(text: str, offset: int) -> set[int] | None:
    """What a run reports, one or another of it, when it reaches `offset`; None: nothing at all."""
    around = [span for span in commands(text) if span[0] <= offset < span[1]]
    if around:
        return {max(around)[0]}
    inside = [span for span in functions(text) if span[0] <= offset < span[1]]
    if not inside:
        return None
    start, end = inside[0]
    return {command for command, _ in commands(text) if start <= command < end}


def inside(text: str, offset: int) -> set[int]:
    """What a run may report on its way through the command around `offset`."""
    around = [span for span in statements(text) if span[0] <= offset < span[1]]
    if not around:
        return set()
    start, end = max(around)
    return {command for command, _ in commands(text) if start <= command < end}
