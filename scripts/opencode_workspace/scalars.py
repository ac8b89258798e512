"""How the YAML libraries a workspace file passes through read one unquoted scalar.

The same file is read by this package and by editors' tools (PyYAML, YAML 1.1), by kustomize
(go-yaml v3) and by Helm (go-yaml v2). They disagree about scalars such as `12:30`, `1e3` or `yes`.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

Scalar = str | int | float | bool | None

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE = frozenset(("true", "True", "TRUE"))
_FALSE = frozenset(("false", "False", "FALSE"))
_YES = frozenset(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON"))
_NO = frozenset(("n", "N", "no", "No", "NO", "off", "Off", "OFF"))
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_GO_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<binary>[01]+)|0[oO]?(?P<octal>[0-7]+)"
    r"|(?P<decimal>0|[1-9][0-9]*))"
)
_GO_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_GO_DOTTED_FLOAT = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?")
_GO_DATE = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})([Tt ][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}.*)?", re.DOTALL
)
_BASES = {"hex": 16, "binary": 2, "octal": 8, "decimal": 10}
_UNREADABLE = object()


class AmbiguousScalarError(ValueError):
    """An unquoted scalar that the tools on its way read differently; str() says how."""


@lru_cache(maxsize=32768)
def helm_reads(text: str) -> Scalar:
    """Value of the unquoted scalar `text` for Helm and kubectl (sigs.k8s.io/yaml, go-yaml v2).

    Raises AmbiguousScalarError for infinities and NaN, which JSON and therefore Kubernetes
    cannot hold.
    """
    if text in _YES:
        return True
    if text in _NO:
        return False
    return _go_reads(text)


@lru_cache(maxsize=32768)
def kustomize_reads(text: str) -> Scalar:
    """Value of the unquoted scalar `text` for kustomize (go-yaml v3 decoding into `any`).

    It differs from go-yaml v2 in that yes, no, on, off, y and n are strings, and dates are
    rewritten in full: 2026-1-1 becomes 2026-01-01T00:00:00Z. Raises as `helm_reads`.
    """
    match = _GO_DATE.fullmatch(text)
    if match and not match[4]:
        return f"{match[1]}-{match[2]:0>2}-{match[3]:0>2}T00:00:00Z"
    return _go_reads(text)


def _go_reads(text: str) -> Scalar:
    if text in _NULLS:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if text[0] in "+-.0123456789":
        if _NOT_FINITE.fullmatch(text):
            raise AmbiguousScalarError(f"{text} is a number that JSON cannot hold")
        return _go_number(text)
    return text


def _go_number(text: str) -> Scalar:
    if text[0] == ".":
        return _go_float(text, text) if _GO_DOTTED_FLOAT.fullmatch(text) else text
    if _GO_DATE.fullmatch(text):
        return text
    digits = text.replace("_", "")
    match = _GO_INTEGER.fullmatch(digits)
    if match:
        base = match.lastgroup
        assert base is not None
        number = int(match["sign"] + match[base], _BASES[base])
        if -(2**63) <= number < 2**63 or (not match["sign"] and number < 2**64):
            return number
    return _go_float(digits, text) if _GO_FLOAT.fullmatch(digits) else text


def _go_float(digits: str, text: str) -> Scalar:
    number = float(digits)
    if math.isinf(number):
        return text
    # Go writes a whole float64 without a fraction, so the API server gets an integer back.
    return int(number) if number.is_integer() and abs(number) < 2**63 else number


@lru_cache(maxsize=32768)
def pyyaml_reads(text: str) -> Any:
    """Value of the unquoted scalar `text` for PyYAML (YAML 1.1); a private marker if it fails."""
    resolvers = yaml.SafeLoader.yaml_implicit_resolvers
    for tag, pattern in resolvers.get(text[:1], []):
        if pattern.match(text):
            try:
                return SafeConstructor().construct_object(yaml.ScalarNode(tag, text))
            except (yaml.YAMLError, ValueError, OverflowError):
                return _UNREADABLE
    return text


@lru_cache(maxsize=32768)
def deployed(text: str) -> Scalar:
    """Value of the unquoted scalar `text` that kustomize and Helm agree on.

    Raises AmbiguousScalarError, naming the readings, when they do not.
    """
    return _as_helm(text, "kustomize", kustomize_reads(text))


@lru_cache(maxsize=32768)
def agreed(text: str) -> Scalar:
    """Value of the unquoted scalar `text` that PyYAML agrees on with kustomize and Helm; raises as `deployed`."""
    _as_helm(text, "PyYAML", pyyaml_reads(text))
    return deployed(text)


def _as_helm(text: str, reader: str, value: Any) -> Scalar:
    helm = helm_reads(text)
    if not _same(value, helm):
        raise AmbiguousScalarError(
            f"unquoted {text} is {_shown(value, text)} to {reader} and {_shown(helm, text)} to Helm"
        )
    return helm


def is_plain_string(text: str) -> bool:
    """Whether every tool reads the unquoted scalar `text` as that very string."""
    try:
        return agreed(text) == text
    except AmbiguousScalarError:
        return False


def _same(one: Any, other: Any) -> bool:
    numbers = (int, float)
    if type(one) in numbers and type(other) in numbers:
        # Beyond this a float no longer holds every integer.
        return bool(one == other) and (type(one) is type(other) or abs(one) < 2**53)
    return type(one) is type(other) and bool(one == other)


def _shown(value: Any, text: str) -> str:
    if value is _UNREADABLE:
        return "an error"
    if isinstance(value, str):
        return "text" if value == text else f"the text {value}"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
