"""Reads and writes YAML that means the same to PyYAML, kustomize, Helm and the API server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from yaml._yaml import CParser

from opencode_workspace.errors import UserError
from opencode_workspace.scalars import AmbiguousScalarError, Scalar, agreed, deployed, helm_reads
from opencode_workspace.yamldump import dump, dump_all

__all__ = [
    "dump",
    "dump_all",
    "line_of",
    "load",
    "load_one",
    "parse",
    "parse_applied",
    "parse_rendered",
    "read_text",
]

# libyaml's composer recurses in C without a limit: some 30,000 levels end the process.
_MAX_DEPTH = 100
_LONG_TEXT = 10_000
# Aliases may make a document larger than its text, but not without end.
_ALIAS_ALLOWANCE = 100_000
_QUOTE = "Put it in double quotes if it is text, or write the value it stands for"

_PLAIN = object()
_QUOTED = object()


class _Composer(CParser):
    """libyaml's node composer; tells plain scalars from quoted ones and resolves nothing."""

    def resolve(self, kind: type, value: str | None, implicit: Any) -> object:
        return _PLAIN if kind is not yaml.ScalarNode or implicit[0] else _QUOTED

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        """Part of the composer's protocol; path resolvers are not used."""

    def ascend_resolver(self) -> None:
        """Part of the composer's protocol; path resolvers are not used."""


def read_text(path: Path) -> str:
    """Contents of the UTF-8 file `path`.

    Raises UserError naming the path, and the byte and line of the first byte that is not UTF-8.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise UserError("no such file", str(path), "Check the path") from None
    except IsADirectoryError:
        raise UserError("is a directory, not a file", str(path), "Name a file in it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"cannot be read: {reason}", str(path), "Make it readable") from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"is not UTF-8: byte {error.start} is 0x{data[error.start]:02x}",
            f"{path}:{line}",
            "Save the file as UTF-8",
        ) from None


def load(path: Path) -> list[Any]:
    """Documents of the YAML file `path`; errors as `read_text` and `parse`."""
    return parse(read_text(path), str(path))


def load_one(path: Path) -> Any:
    """The only document of the YAML file `path`; errors as `load`, and when there are more."""
    documents = load(path)
    if len(documents) > 1:
        raise UserError(
            f"holds {len(documents)} YAML documents where one is expected",
            str(path),
            "Remove the `---` lines inside the file",
        )
    return documents[0]


def parse(text: str, source: str, *, allow_empty: bool = False) -> list[Any]:
    """Documents in `text` that are not empty, as dict, list, str, int, float, bool and None.

    source: what to call the text in messages, usually a path.

    Raises UserError with `source:line` for syntax errors, duplicate keys, keys that are not
    strings, tags, nesting or aliases beyond reason, an unquoted scalar that PyYAML, kustomize and
    Helm read differently, and, unless allow_empty, for a text without a document.
    """
    documents = list(_documents(text, source, agreed))
    if not documents and not allow_empty:
        raise UserError("holds no YAML document", source, "Fill it in, or remove it")
    return documents


def parse_applied(text: str, source: str) -> list[Any]:
    """Documents in `text` that are not empty, read as kustomize and Helm agree, whatever PyYAML makes of them.

    Raises UserError as `parse`, but for an unquoted scalar only where those two differ.
    """
    return list(_documents(text, source, deployed))


def parse_rendered(text: str, source: str) -> list[Any]:
    """Documents in `text` that are not empty, read as Helm and kubectl read a manifest.

    Ambiguous scalars have Helm's meaning; duplicate keys are refused, which Helm lets pass.
    Raises UserError as `parse`.
    """
    return list(_documents(text, source, helm_reads))


def line_of(text: str, pointer: Sequence[str | int], document: int = 0) -> int:
    """Line, counted from 1, of the node at `pointer` in a text that `parse` accepts.

    pointer: mapping keys and sequence positions from the root of the document.
    document: position in the list that `parse` returns.

    A pointer that leads nowhere gives the line of the deepest node on its way.
    """
    documents = _roots(text)
    if not documents:
        return 1
    node = documents[document]
    line = node.start_mark.line
    for step in pointer:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == step]
            if not found:
                break
            line, node = found[-1][0].start_mark.line, found[-1][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            if not -len(node.value) <= step < len(node.value):
                break
            node = node.value[step]
            line = node.start_mark.line
        else:
            break
    return int(line) + 1


def _documents(text: str, source: str, reader: Callable[[str], Scalar]) -> Iterator[Any]:
    for node in _nodes(text, source):
        if not _is_empty(node):
            yield _Builder(source, reader, len(text) + _ALIAS_ALLOWANCE).value(node, 0)


@lru_cache(maxsize=8)
def _roots(text: str) -> tuple[Any, ...]:
    """Roots of the documents in `text`: a long list is asked for the line of each of its entries."""
    return tuple(node for node in _nodes(text, "") if not _is_empty(node))


def _is_empty(node: Any) -> bool:
    return node is None or (node.tag is _PLAIN and node.value == "")


def _nodes(text: str, source: str) -> Iterator[Any]:
    if len(text) > _LONG_TEXT:
        _refuse_deep_nesting(text, source)
    try:
        composer = _Composer(text)
        while composer.check_node():
            yield composer.get_node()
    except yaml.YAMLError as error:
        raise _syntax_error(error, text, source) from None


def _refuse_deep_nesting(text: str, source: str) -> None:
    """Walks the events of a text in which deep nesting is possible, without recursion."""
    if text.count("[") + text.count("{") < _LONG_TEXT and not any(
        len(line) > _LONG_TEXT for line in text.splitlines()
    ):
        return
    depth = 0
    try:
        parser = _Composer(text)
        while parser.check_event():
            event = parser.get_event()
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > _MAX_DEPTH:
                    raise _too_deep(source, event)
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    except yaml.YAMLError as error:
        raise _syntax_error(error, text, source) from None


def _syntax_error(error: yaml.YAMLError, text: str, source: str) -> UserError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    # An error about a character has no mark, but the character's position.
    above = mark.line if mark else text.count("\n", 0, getattr(error, "position", 0) or 0)
    lines = text.splitlines() or [""]
    # What is missing at the end is told at the last line.
    line = min(above + 1, len(lines))
    advice = "Correct the YAML there"
    if "\t" in lines[line - 1]:
        advice = "YAML is indented with spaces: replace the tab"
    return UserError(f"is not YAML: {problem}", f"{source}:{line}", advice)


def _too_deep(source: str, node: Any) -> UserError:
    return UserError(
        f"is nested deeper than {_MAX_DEPTH} levels, or an alias contains itself",
        f"{source}:{node.start_mark.line + 1}",
        "Flatten it",
    )


class _Builder:
    """Turns composed nodes into plain values; every alias gets a copy of its own."""

    def __init__(self, source: str, reader: Callable[[str], Scalar], budget: int) -> None:
        self._source = source
        self._reader = reader
        self._budget = budget

    def value(self, node: Any, depth: int) -> Any:
        kind = node.__class__
        if kind is yaml.ScalarNode:
            if node.tag is _QUOTED:
                return node.value
            if node.tag is not _PLAIN:
                raise self._error(node, f"has the tag {node.tag}", "Remove the tag")
            return self._scalar(node)
        if node.tag is not _PLAIN:
            raise self._error(node, f"has the tag {node.tag}", "Remove the tag")
        if depth > _MAX_DEPTH:
            raise _too_deep(self._source, node)
        self._budget -= len(node.value) + 1
        if self._budget < 0:
            raise self._error(node, "grows out of proportion through aliases", "Write it out")
        if kind is yaml.MappingNode:
            return self._mapping(node, depth + 1)
        return [self.value(item, depth + 1) for item in node.value]

    def _scalar(self, node: Any) -> Scalar:
        try:
            return self._reader(node.value)
        except AmbiguousScalarError as error:
            raise self._error(node, str(error), _QUOTE) from None

    def _mapping(self, node: Any, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if key_node.tag is _PLAIN and key == "<<":
                self._merge(merged, result, key_node, value_node, depth)
                continue
            key = self._key(key_node)
            if key in result:
                raise self._error(key_node, f"key {key} is there twice", "Keep one of the two")
            result[key] = self.value(value_node, depth)
        return {**merged, **result} if merged else result

    def _key(self, node: Any) -> str:
        if node.tag is _QUOTED:
            return str(node.value)
        if node.__class__ is not yaml.ScalarNode or node.tag is not _PLAIN:
            raise self._error(node, "a key is not a string", "Use a plain name as the key")
        key = self._scalar(node)
        if not isinstance(key, str):
            if self._reader is helm_reads and key is not None:
                return str(key).lower() if isinstance(key, bool) else str(key)
            raise self._error(node, f"key {node.value} is not a string", "Put it in double quotes")
        return key

    def _merge(
        self, merged: dict[str, Any], before: dict[str, Any], key: Any, node: Any, depth: int
    ) -> None:
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for source in sources:
            if not isinstance(source, yaml.MappingNode):
                raise self._error(node, "<< takes a mapping or a list of mappings", "Use an alias")
            content = self.value(source, depth)
            # go-yaml v2 applies a merge where it stands, over the keys written before it.
            clash = [name for name in content if name in before]
            if clash:
                raise self._error(
                    key, f"<< would override {clash[0]} above it in Helm", "Move << to the top"
                )
            for name, value in content.items():
                merged.setdefault(name, value)

    def _error(self, node: Any, what: str, remedy: str) -> UserError:
        return UserError(what, f"{self._source}:{node.start_mark.line + 1}", remedy)
