"""Writes YAML in which every string is read back as that string by PyYAML, kustomize and Helm."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from opencode_workspace.errors import UserError
from opencode_workspace.scalars import is_plain_string

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./@:-]*[A-Za-z0-9_./@-]|[A-Za-z_/]|[0-9]+[A-Za-z]{1,2}")
# Printable in YAML 1.1 without a meaning of its own: no tabs, no NEL, no U+2028, no BOM.
_ESCAPED = re.compile("[^\n\x20-\x7e\xa0-\u2027\u202a-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
# YAML 1.1 and 1.2, section 7.4.3: an implicit key is on one line and no longer than this.
_LONGEST_KEY = 1024
_BLANK_BEFORE_BREAK = re.compile(r" $", re.MULTILINE)


def dump(document: Any) -> str:
    """YAML text of one document: dict with str keys, list, str, int, float, bool, None.

    Order is kept, lists are indented under their key, strings of several lines are block scalars
    where every reader gives them back unchanged, other strings are quoted unless they are plainly
    a word. No `---` line; ends with a newline. Raises UserError for a string that is not Unicode
    text, TypeError for other types.
    """
    if isinstance(document, Mapping) and document:
        lines: list[str] = []
        _mapping(document, "", lines)
        return "\n".join(lines) + "\n"
    if isinstance(document, list | tuple) and document:
        lines = []
        _sequence(document, "", lines)
        return "\n".join(lines) + "\n"
    return _inline(document) + "\n"


def dump_all(documents: Iterable[Any]) -> str:
    """YAML stream of `documents`, each after a `---` line; otherwise as `dump`."""
    return "".join("---\n" + dump(document) for document in documents)


def _mapping(mapping: Mapping[str, Any], indent: str, lines: list[str]) -> None:
    for key, value in mapping.items():
        if value.__class__ is str:
            lines.append(f"{indent}{_key(key)}: {_string(value, indent)}")
        elif isinstance(value, Mapping) and value:
            lines.append(f"{indent}{_key(key)}:")
            _mapping(value, indent + "  ", lines)
        elif isinstance(value, list | tuple) and value:
            lines.append(f"{indent}{_key(key)}:")
            _sequence(value, indent + "  ", lines)
        else:
            lines.append(f"{indent}{_key(key)}: {_inline(value, indent)}")


def _sequence(sequence: Iterable[Any], indent: str, lines: list[str]) -> None:
    for item in sequence:
        if isinstance(item, Mapping | list | tuple) and item:
            start = len(lines)
            inner = indent + "  "
            if isinstance(item, Mapping):
                _mapping(item, inner, lines)
            else:
                _sequence(item, inner, lines)
            lines[start] = f"{indent}- {lines[start][len(inner) :]}"
        else:
            lines.append(f"{indent}- {_inline(item, indent)}")


def _inline(value: Any, indent: str = "") -> str:
    if isinstance(value, str):
        return _string(value, indent)
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list | tuple):
        return "[]"
    raise TypeError(f"{type(value).__name__} cannot be written as YAML: {value!r}")


def _float(value: float) -> str:
    # YAML 1.1 wants a fraction before the exponent, which Python's repr leaves out.
    text = repr(value)
    if "inf" in text or "nan" in text:
        raise UserError(f"{text} is a number that JSON cannot hold", remedy="Use a finite number")
    return text.replace("e", ".0e") if "e" in text and "." not in text else text


@lru_cache(maxsize=16384)
def _key(key: str) -> str:
    if key.__class__ is not str:
        raise TypeError(f"YAML keys are strings, not {type(key).__name__}: {key!r}")
    written = key if _is_plain(key) else _quoted(key)
    if len(written) > _LONGEST_KEY:
        raise UserError(
            f"a key of {len(key)} characters cannot be written as YAML", key[:50], "Shorten it"
        )
    return written


def _string(value: str, indent: str) -> str:
    if "\n" in value:
        return _lines(value, indent)
    return _short(value) if len(value) < 200 else _quoted(value)


# Few, because they are long: scripts, which all workspaces of a chart have in common.
@lru_cache(maxsize=64)
def _lines(value: str, indent: str) -> str:
    return _block(value, indent) if _fits_block(value) else _quoted(value)


@lru_cache(maxsize=16384)
def _short(value: str) -> str:
    return value if _is_plain(value) else _quoted(value)


def _is_plain(value: str) -> bool:
    return _PLAIN.fullmatch(value) is not None and is_plain_string(value)


def _quoted(value: str) -> str:
    if _SURROGATE.search(value):
        raise UserError(
            "text with half a surrogate pair cannot be written as YAML", repr(value), "Remove it"
        )
    text = json.dumps(value, ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _fits_block(value: str) -> bool:
    return not (
        value[0] in " \n"
        or value.endswith("\n\n")
        or _ESCAPED.search(value)
        or _BLANK_BEFORE_BREAK.search(value)
    )


def _block(value: str, indent: str) -> str:
    inner = "\n" + indent + "  "
    body, header = (value[:-1], "|") if value.endswith("\n") else (value, "|-")
    return header + "".join(inner + line if line else "\n" for line in body.split("\n"))
