"""Says in Helm's words what jsonschema found; see kind.go of santhosh-tekuri/jsonschema v6."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from opencode_workspace.violation import Violation

_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029]")
# Helm's validator looks no further at a value once one of these has failed, in this order.
_DECISIVE = ("type", "const", "enum", "format")


def violations(errors: Iterable[Any]) -> list[Violation]:
    """What Helm would report for the errors that jsonschema found, ordered by place."""
    groups: dict[tuple[Any, ...], list[Any]] = {}
    for error in errors:
        place = (*error.absolute_path, None, *list(error.absolute_schema_path)[:-1])
        groups.setdefault(place, []).append(error)
    found = set()
    for group in groups.values():
        decisive = [e for keyword in _DECISIVE for e in group if e.validator == keyword]
        for error in decisive[:1] or group:
            found.add(Violation(tuple(error.absolute_path), _message(error)))
    return sorted(found, key=lambda violation: violation.order)


def _message(error: Any) -> str:
    wanted, got = error.validator_value, error.instance
    match error.validator:
        case "type":
            return f"got {_type(got)}, want {_types(wanted)}"
        case "enum" if len(wanted) > 1:
            return f"value must be one of {', '.join(map(_shown, wanted))}"
        case "enum":
            return f"value must be {_shown(wanted[0])}"
        case "const":
            return f"value must be {_shown(wanted)}"
        case "format":
            return f"{quoted(got)} is not valid {wanted}: {error.cause}"
        case (
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties"
        ):
            return f"{error.validator}: got {len(got):,}, want {wanted:,}"
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf":
            return f"{error.validator}: got {_number(got)}, want {_number(wanted)}"
        case "anyOf" | "oneOf":
            return _alternatives(error)
        case "uniqueItems":
            first, second = _equal_items(got)
            return f"items at {first} and {second} are equal"
        case "not":
            return "'not' failed"
        case None:
            return "false schema"
    return str(error.message)


def _alternatives(error: Any) -> str:
    if not error.context:
        return f"'{error.validator}' failed, more than one subschema matched"
    none = ", none matched" if error.validator == "oneOf" else ""
    base = tuple(error.absolute_path)
    reasons = [
        violation.message
        if violation.pointer == base
        else f"at {quoted(violation.json_pointer)}: {violation.message}"
        for violation in violations(error.context)
    ]
    return f"'{error.validator}' failed{none}: {'; or '.join(reasons)}"


def _equal_items(items: list[Any]) -> tuple[int, int]:
    """Positions of the first two equal items; the caller knows there are some."""
    pairs = ((i, j) for j, item in enumerate(items) for i in range(j) if _equal(items[i], item))
    return next(pairs)


def _equal(one: Any, other: Any) -> bool:
    """As in JSON: true and 1, which are equal to Python, are not."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def _number(value: float) -> str:
    return f"{int(value) if float(value).is_integer() else value:,}"


def _type(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "boolean", str: "string", list: "array", int: "number", float: "number"}
    return names.get(type(value), "object")


def _types(wanted: str | list[str]) -> str:
    order = ("null", "boolean", "number", "integer", "string", "array", "object")
    names = [wanted] if isinstance(wanted, str) else wanted
    return " or ".join(name for name in order if name in names)


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value)
    return "<nil>" if value is None else json.dumps(value)


def quoted(text: str) -> str:
    """`text` in single quotes, with Go's escapes."""
    inner = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("'", "\\'")
    return "'" + _UNPRINTABLE.sub(_escaped, inner) + "'"


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def listed(names: Iterable[str]) -> str:
    """`names` quoted, with commas between them."""
    return ", ".join(map(quoted, names))
