"""Mutation operators of YAML documents: values, and manifests that Flux applies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from tests.mutation.mutant import Change

_BOOLEANS = {"true": "false", "false": "true"}


def changes(text: str) -> Iterator[Change]:
    """Drops each key and each item with everything below it, and changes each scalar."""
    for document in yaml.compose_all(text, Loader=yaml.SafeLoader):
        yield from _below(text, document)


def _below(text: str, node: Any) -> Iterator[Change]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield _dropped(text, "drop key", key, value, flow=bool(node.flow_style))
            yield from _below(text, value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield _dropped(text, "drop item", item, item, flow=bool(node.flow_style))
            yield from _below(text, item)
    elif isinstance(node, yaml.ScalarNode):
        yield _changed(node)


def _dropped(text: str, operator: str, first: Any, last: Any, *, flow: bool) -> Change:
    start, end = first.start_mark.index, last.end_mark.index
    if flow:
        while end < len(text) and text[end] in ", ":
            end += 1
        return Change(operator, start, end, "")
    start = text.rfind("\n", 0, start) + 1
    # A block ends where the next one begins; comments between them belong to the next.
    lines = text[start:end].splitlines(keepends=True)
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    inside = bool(last.end_mark.column)
    end = text.find("\n", last.end_mark.index) + 1 if inside else start + sum(map(len, lines))
    return Change(operator, start, end, "")


def _changed(node: Any) -> Change:
    start, end = node.start_mark.index, node.end_mark.index
    if node.tag == "tag:yaml.org,2002:bool":
        new = _BOOLEANS[node.value]
    elif node.tag == "tag:yaml.org,2002:int":
        octal = node.value.startswith("0") and node.value != "0"
        new = f"0{int(node.value, 8) + 1:o}" if octal else str(int(node.value) + 1)
    else:
        text = node.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        new = f'"{text}x"'
    return Change("change scalar", start, end, new)
