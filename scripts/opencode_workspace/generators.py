"""kustomize's configMapGenerator, as far as it adds ConfigMaps and changes none."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opencode_workspace.errors import UserError

Document = dict[str, Any]

FIELD = "configMapGenerator"
OPTIONS_FIELD = "generatorOptions"
FIELDS = frozenset(("name", "namespace", "behavior", "files", "literals", "envs", "options"))
OPTIONS = frozenset(("labels", "annotations", "disableNameSuffixHash", "immutable"))

# YAML has no place for these, so that kustomize may fail over them.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff]")
# kustomize writes a hash with letters that spell nothing.
_LETTERS = str.maketrans("013ae", "ghkmt")
# Go writes these as escapes into JSON.
_ESCAPED = {character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


@dataclass(frozen=True)
class Generator:
    """One entry of the field. labels, annotations, immutable: with those of generatorOptions."""

    name: str
    namespace: str
    files: tuple[str, ...]
    literals: tuple[str, ...]
    envs: tuple[str, ...]
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    is_immutable: bool
    is_hashed: bool


def generate(generator: Generator, where: str, resolve: Callable[[str], Path]) -> Document:
    """The ConfigMap, without the hash in its name.

    where: `file:line` of the entry, for messages. resolve: from a path as it is written to the file.

    Raises UserError for what kustomize refuses, and ValueError for data that is not text.
    """
    data: dict[str, str] = {}
    for key, value in _pairs(generator, where, resolve):
        if key in data:
            raise UserError(f"{generator.name} repeats the key {key}", where, "Remove one of them")
        if _CONTROL.search(value):
            raise ValueError(f"{key} holds control characters")
        data[key] = value
    metadata = {
        "name": generator.name,
        "namespace": generator.namespace,
        "labels": dict(generator.labels),
        "annotations": dict(generator.annotations),
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {name: value for name, value in metadata.items() if value},
        **({"data": data} if data else {}),
        **({"immutable": True} if generator.is_immutable else {}),
    }


def hashed_name(document: Document) -> str:
    """The name of a ConfigMap with kustomize's hash of its data."""
    name = document["metadata"]["name"]
    # kustomize means to hash the name too, and looks for it where it is not.
    content = {"kind": "ConfigMap", "name": "", "data": document.get("data", "")}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for character, escape in _ESCAPED.items():
        text = text.replace(character, escape)
    return f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:10].translate(_LETTERS)}"


def _pairs(
    generator: Generator, where: str, resolve: Callable[[str], Path]
) -> Iterator[tuple[str, str]]:
    for path in generator.envs:
        yield from _variables(resolve(path).read_bytes().decode())
    for literal in generator.literals:
        key, separator, value = literal.partition("=")
        if not key or not separator:
            raise UserError(f"{literal!r} is not key=value", where, "Write key=value")
        is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
        yield key, value[1:-1] if is_quoted else value
    for file in generator.files:
        key, separator, path = file.rpartition("=")
        if "=" in key or (separator and not (key and path)):
            raise UserError(f"{file!r} is not a path or key=path", where, "Write key=path")
        yield key or path.rstrip("/").rpartition("/")[2], resolve(path).read_bytes().decode()


def _variables(text: str) -> Iterator[tuple[str, str]]:
    for line in text.removeprefix("\ufeff").split("\n"):
        written = line.removesuffix("\r").lstrip()
        if not written or written.startswith("#"):
            continue
        key, _, value = written.partition("=")
        if key:
            yield key, value
