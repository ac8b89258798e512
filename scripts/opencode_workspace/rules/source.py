"""One file of the tree, read once, and the places in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from opencode_workspace import kubeobject, yamlio
from opencode_workspace.errors import UserError
from opencode_workspace.rules.finding import Finding
from opencode_workspace.violation import Steps, Violation

Document = dict[str, Any]

_MANIFEST = re.compile(r"^apiVersion:", re.MULTILINE)
_KIND = re.compile(r"^kind:", re.MULTILINE)
KUSTOMIZATION_FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
# What ends a line to YAML 1.1; editors and GitHub count \n alone.
_YAML_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_ODD_BREAK = re.compile("\r(?!\n)|[\x85\u2028\u2029]")
_LINE = re.compile(r"(.*):(\d+)", re.DOTALL)


@dataclass(frozen=True)
class Source:
    """A file. text: empty when it cannot be read, `unreadable` then says why."""

    path: Path

    @cached_property
    def _read(self) -> tuple[str, UserError | None]:
        try:
            return yamlio.read_text(self.path), None
        except UserError as error:
            return "", error

    @property
    def text(self) -> str:
        """Its contents."""
        return self._read[0]

    @property
    def is_manifest(self) -> bool:
        """Whether it means to be Kubernetes objects or a kustomization."""
        return self.path.name in KUSTOMIZATION_FILES or bool(
            _MANIFEST.search(self.text) and _KIND.search(self.text)
        )

    @cached_property
    def _parsed(self) -> tuple[list[Any], UserError | None, UserError | None]:
        if self._read[1]:
            return [], self._read[1], None
        try:
            return yamlio.parse(self.text, str(self.path), allow_empty=True), None, None
        except UserError as strict:
            try:
                return yamlio.parse_rendered(self.text, str(self.path)), None, strict
            except UserError as error:
                return [], error, None

    @property
    def unreadable(self) -> UserError | None:
        """Why it is not YAML for any tool."""
        return self._parsed[1]

    @property
    def ambiguous(self) -> UserError | None:
        """Why tools read it differently; its documents then have Helm's meaning."""
        return self._parsed[2]

    @cached_property
    def misread(self) -> UserError | None:
        """Why even Helm and kustomize read it differently."""
        try:
            yamlio.parse_applied(self.text, str(self.path))
        except UserError as error:
            return error
        return None

    @property
    def documents(self) -> list[Any]:
        """Its documents that are not empty."""
        return self._parsed[0]

    @property
    def entries(self) -> Iterator[Entry]:
        """Its Kubernetes objects, those within a `List` too."""
        for place, found in kubeobject.flattened(self.documents):
            if isinstance(found, dict) and isinstance(found.get("kind"), str):
                yield Entry(self, place)

    def line(self, pointer: Sequence[str | int] = (), document: int = 0, mark: str = "") -> int:
        """Line of `pointer`; of the first line from there on that holds `mark`, if one does."""
        if not self.documents:
            return 1
        line = self._shown(yamlio.line_of(self.text, pointer, document))
        if mark:
            for number, text in enumerate(self.text.split("\n")[line - 1 :], line):
                if mark in text:
                    return number
        return line

    def _shown(self, line: int) -> int:
        """The number that editors give to a line of YAML."""
        if not self._has_odd_breaks:
            return line
        above = islice(_YAML_BREAK.finditer(self.text), line - 1)
        return 1 + sum(found[0].endswith("\n") for found in above)

    @cached_property
    def _has_odd_breaks(self) -> bool:
        return _ODD_BREAK.search(self.text) is not None

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True)
class Entry:
    """One object of a file. place: index of its document, and the steps within that to one of a `List`."""

    source: Source
    place: Steps = (0,)

    @property
    def document(self) -> Document:
        """The object as it is written."""
        found: Any = self.source.documents
        for step in self.place:
            found = found[step]
        document: Document = found
        return document

    @property
    def identity(self) -> str:
        """What no other entry has."""
        return f"{self.source.path}#{'/'.join(map(str, self.place))}"

    @property
    def kind(self) -> str:
        """`kind`."""
        return str(self.document["kind"])

    @property
    def api_version(self) -> str:
        """`apiVersion`."""
        return str(self.document.get("apiVersion", ""))

    @property
    def group(self) -> str:
        """The part of `apiVersion` before the slash."""
        return self.api_version.rpartition("/")[0]

    @property
    def metadata(self) -> Document:
        """`metadata`, empty when it is not a mapping."""
        return mapping(self.document.get("metadata"))

    @property
    def spec(self) -> Document:
        """`spec`, empty when it is not a mapping."""
        return mapping(self.document.get("spec"))

    @property
    def name(self) -> str:
        """`metadata.name` as it is written."""
        return str(self.metadata.get("name", ""))

    @property
    def namespace(self) -> str:
        """`metadata.namespace` as it is written; empty when a kustomization sets it."""
        return str(self.metadata.get("namespace") or "")

    def finding(
        self, message: str, pointer: Steps = (), *, mark: str = "", severity: str = ""
    ) -> Finding:
        """A finding at `pointer`, or at the line below it that holds `mark`."""
        index, *steps = self.place
        pointer = (*steps, *pointer)
        line = self.source.line(pointer, int(index), mark)
        json_pointer = Violation(pointer, "").json_pointer
        return Finding(message, self.source.path, line, json_pointer, severity=severity)


def mapping(value: Any) -> dict[str, Any]:
    """`value` if it is a mapping, otherwise an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[dict[str, Any]]:
    """The mappings in the list `value`; empty when it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def numbered(value: Any) -> list[tuple[int, dict[str, Any]]]:
    """The mappings in the list `value` with their positions."""
    entries = value if isinstance(value, list) else []
    return [(n, item) for n, item in enumerate(entries) if isinstance(item, dict)]


def strings(value: Any, pointer: Steps = ()) -> list[tuple[Steps, str]]:
    """Every string in a document with its place."""
    found: list[tuple[Steps, str]] = []
    _gather(value, pointer, found)
    return found


def _gather(value: Any, pointer: Steps, found: list[tuple[Steps, str]]) -> None:
    # Not a generator: of a large tree that alone would take seconds.
    if isinstance(value, str):
        found.append((pointer, value))
    elif isinstance(value, dict):
        for key, item in value.items():
            _gather(item, (*pointer, key), found)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _gather(item, (*pointer, index), found)


def of_error(error: UserError, fallback: Path) -> Finding:
    """The finding that an error with `file:line` stands for."""
    match = _LINE.fullmatch(error.where)
    path, line = (match[1], int(match[2])) if match else (error.where, 1)
    found = Path(path) if path and Path(path).exists() else fallback
    return Finding(error.what, found, line if found == Path(path) else 1)
