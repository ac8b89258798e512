"""Which commands of a script did a run reach? The script tells, through lines added to a copy."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from tests.mutation import shell

_REPORT = 'cover() {{ {{ printf "%s\\n" "$1" >>{file}; }} 2>/dev/null || :; }}\n'


def instrumented(text: str, file: Path) -> str:
    """`text`, which then appends the offset of every command it reaches to `file`."""
    starts = {start for start, _ in commands(text)}
    first = text.index("\n") + 1
    pieces = [text[:first], _REPORT.format(file=file)]
    for start, end in zip([first, *sorted(starts)], [*sorted(starts), len(text)], strict=True):
        pieces.append(f"cover {start}; " if start in starts else "")
        pieces.append(text[start:end])
    return "".join(pieces)


@lru_cache(maxsize=8)
def commands(text: str) -> tuple[tuple[int, int], ...]:
    """Start and end of every command that reports; those at the top of a script are not among them.

    Tests change the constants there, and every run comes by them.
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
def functions(text: str) -> tuple[tuple[int, int], ...]:
    """Start and end of every function."""
    places = shell.Places(text)
    nodes = (node for node, _ in shell.walk(shell.parse(text)))
    return tuple(places.of(node) for node in nodes if node.get("Type") == "FuncDecl")


def offsets_of(text: str, offset: int) -> set[int] | None:
    """What a run reports, one or another of it, when it comes by `offset`; None: nothing at all."""
    around = [span for span in commands(text) if span[0] <= offset < span[1]]
    if around:
        return {max(around)[0]}
    inside = [span for span in functions(text) if span[0] <= offset < span[1]]
    if not inside:
        return None
    start, end = inside[0]
    return {command for command, _ in commands(text) if start <= command < end}
