"""Names, labels and annotations, as the API server takes them of every kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from opencode_workspace.rules.objection import Objection
from opencode_workspace.rules.source import Document, mapping
from opencode_workspace.violation import Steps

_LABEL = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_WORD = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?"
_LABEL_NAME = re.compile(_LABEL)
_OBJECT_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_VALUE = re.compile(rf"(?:{_WORD})?")
_KEY = re.compile(_WORD)
_SHORT, _LONG = 63, 253
# Their names are parts of an address, as in `system:auth-delegator`.
_ANY_NAME = "rbac.authorization.k8s.io/"
_WITHOUT_DOTS = frozenset(("Service", "Namespace"))


def of_name(document: Document, metadata: Document) -> Iterator[Objection]:
    """Names of an object and of its namespace that are none."""
    name, namespace = metadata.get("name"), metadata.get("namespace")
    if isinstance(name, str) and name and not str(document.get("apiVersion")).startswith(_ANY_NAME):
        problem = _problem_of_name(name, document.get("kind") in _WITHOUT_DOTS)
        if problem:
            yield Objection(("metadata", "name"), problem, name)
    if isinstance(namespace, str) and namespace:
        problem = _problem_of_name(namespace, True)
        if problem:
            yield Objection(("metadata", "namespace"), problem, namespace)


@lru_cache(maxsize=4096)
def _problem_of_name(name: str, is_label: bool) -> str:
    longest, pattern = (_SHORT, _LABEL_NAME) if is_label else (_LONG, _OBJECT_NAME)
    if "${" in name:
        return ""
    if len(name) > longest:
        return f"'{name}' is longer than {longest} characters"
    letters = "lower-case letters, digits and `-`" + ("" if is_label else " and `.`")
    return "" if pattern.fullmatch(name) else f"'{name}' is no name of {letters}"


def of_metadata(metadata: Document, pointer: Steps) -> Iterator[Objection]:
    """Labels and annotations that are none."""
    yield from of_labels(metadata.get("labels"), (*pointer, "labels"))
    for key in mapping(metadata.get("annotations")):
        problem = _problem_of_key(str(key).lower())
        if problem:
            yield Objection((*pointer, "annotations", key), problem, key)


def of_labels(labels: Any, pointer: Steps) -> Iterator[Objection]:
    """Keys and values that no label may have."""
    for key, value in mapping(labels).items():
        problem = _problem_of_key(str(key))
        if problem:
            yield Objection((*pointer, key), problem, key)
        # What is no text is told by the schema.
        problem = _problem_of_value(value) if isinstance(value, str) else ""
        if problem:
            yield Objection((*pointer, key), problem, value)


@lru_cache(maxsize=1024)
def _problem_of_key(key: str) -> str:
    prefix, slash, name = key.rpartition("/")
    if "${" in key:
        return ""
    is_prefix = len(prefix) <= _LONG and _OBJECT_NAME.fullmatch(prefix)
    if len(name) <= _SHORT and _KEY.fullmatch(name) and (is_prefix or not slash):
        return ""
    return f"'{key}' is no key such as app or example.org/app, of at most {_SHORT} characters"


@lru_cache(maxsize=4096)
def _problem_of_value(value: str) -> str:
    if "${" in value:
        return ""
    if len(value) > _SHORT:
        return f"'{value}' is longer than {_SHORT} characters"
    letters = "letters, digits, `-`, `_` and `.`"
    return "" if _VALUE.fullmatch(value) else f"'{value}' is no label, which is made of {letters}"
