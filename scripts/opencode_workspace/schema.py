"""Values as Helm makes and checks them: coalescing with a chart's defaults, and values.schema.json.

The reference is Helm 4.3, which uses github.com/santhosh-tekuri/jsonschema for draft-07.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from opencode_workspace import formats, re2
from opencode_workspace.errors import UserError
from opencode_workspace.plain import copied
from opencode_workspace.schemarules import schema_errors
from opencode_workspace.violation import Violation
from opencode_workspace.wording import listed, quoted, violations

__all__ = ["Schema", "Violation", "coalesce", "schema_errors", "validate"]

Schema = Mapping[str, Any]


def coalesce(defaults: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The `.Values` that a chart without sub-charts sees; neither argument is changed.

    Helm's rules (pkg/chart/common/util/coalesce.go, 4.2 and 4.3): null deletes a defaulted key
    and stays null on an unknown one; a default of null vanishes (Helm 3 keeps it); lists are
    replaced whole; two mappings are merged; otherwise the override wins.
    """
    result = _merged(defaults, overrides)
    for key, value in overrides.items():
        # At the top, unlike further down, null also deletes a key whose default is null.
        if value is None and key in defaults:
            result.pop(key, None)
    return result


def validate(values: Mapping[str, Any], schema: Schema) -> list[Violation]:
    """Violations of the draft-07 `schema` by coalesced `values`, ordered by pointer.

    The schema has to pass `schema_errors`; raises UserError for a `$ref` out of it. A compiled
    form of the last few schemas is kept, by identity: do not change a schema after its first use.
    """
    return _compiled(_Identity(schema))(values)


def _merged(defaults: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, default in defaults.items():
        if key not in overrides:
            if default is not None:
                result[key] = _without_nulls(default)
            continue
        override = overrides[key]
        if isinstance(override, Mapping) and isinstance(default, Mapping):
            result[key] = _merged(default, override)
        elif override is not None or default is None:
            result[key] = copied(override)
    for key, override in overrides.items():
        if key not in defaults:
            result[key] = copied(override)
    return result


def _without_nulls(value: Any) -> Any:
    """A copy without null entries of mappings; lists stay as they are, as in Helm."""
    if isinstance(value, Mapping):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return copied(value)


_Check = Callable[[Mapping[str, Any]], list[Violation]]
_ACCEPTED_SIZE = 5000


class _Identity:
    """A schema that is equal to itself alone: to compare its content would take longer than to use it."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def __hash__(self) -> int:
        return id(self.schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.schema is other.schema


@lru_cache(maxsize=8)
def _compiled(identity: _Identity) -> _Check:
    return _compile(identity.schema)


def _compile(schema: Schema) -> _Check:
    # jsonschema takes 70 ms to import, which commands that validate nothing need not pay.
    import referencing
    import referencing.exceptions

    # An empty registry keeps a remote $ref from being fetched.
    validator = _kind()(schema, format_checker=_checker(), registry=referencing.Registry())

    def check(values: Mapping[str, Any]) -> list[Violation]:
        try:
            return violations(validator.iter_errors(values))
        except referencing.exceptions.Unresolvable as error:
            raise UserError(
                f"the schema refers to {error.ref}, which is not in it",
                remedy="Put the definition into the schema",
            ) from None

    return check


def _checker() -> Any:
    """Checks formats; also remembers what passed one schema, because every part of a validator has it at hand."""
    import jsonschema

    checker: Any = jsonschema.FormatChecker(formats=())
    for name, function in formats.CHECKS.items():
        checker.checks(name, raises=ValueError)(_format_check(function))
    checker.accepted = set()
    return checker


@cache
def _kind() -> Any:
    """jsonschema's class of validators for draft-07, with Helm's reading of some keywords."""
    import jsonschema
    from jsonschema import validators

    def error(message: str, path: tuple[str, ...] = ()) -> Any:
        return jsonschema.ValidationError(message, path=path)

    def member(validator: Any, instance: Any, name: str, subschema: Any) -> Iterator[Any]:
        if subschema is False:
            # jsonschema leaves the member out of the path of such an error.
            yield error("false schema", (name,))
            return
        # Workspaces of one chart differ in few places: what passed once need not be looked at again.
        accepted: set[tuple[int, bytes]] = validator.format_checker.accepted
        known = _fingerprint(instance[name], subschema)
        if known in accepted:
            return
        errors = list(validator.descend(instance[name], subschema, path=name, schema_path=name))
        yield from errors
        if not errors and known is not None:
            if len(accepted) >= _ACCEPTED_SIZE:
                accepted.clear()
            accepted.add(known)

    def properties(validator: Any, members: Schema, instance: Any, _: Schema) -> Iterator[Any]:
        for name in members if _is_object(instance) else ():
            if name in instance:
                yield from member(validator, instance, name, members[name])

    def pattern_properties(
        validator: Any, patterns: Schema, instance: Any, _: Schema
    ) -> Iterator[Any]:
        for expression, subschema in patterns.items() if _is_object(instance) else ():
            for name in instance:
                if re2.compiled(expression).search(name):
                    yield from member(validator, instance, name, subschema)

    def additional_properties(
        validator: Any, allowed: Any, instance: Any, schema: Schema
    ) -> Iterator[Any]:
        names = _additional(instance, schema) if _is_object(instance) else []
        if allowed is False and names:
            yield error(f"additional properties {listed(sorted(names))} not allowed")
        elif allowed is not False:
            for name in names:
                yield from member(validator, instance, name, allowed)

    def required(_: Any, names: list[str], instance: Any, __: Schema) -> Iterator[Any]:
        missing = [name for name in names if name not in instance] if _is_object(instance) else []
        if missing:
            noun = "property" if len(missing) == 1 else "properties"
            yield error(f"missing {noun} {listed(missing)}")

    def dependencies(validator: Any, needs: Schema, instance: Any, _: Schema) -> Iterator[Any]:
        for name, need in needs.items() if _is_object(instance) else ():
            if name in instance and not isinstance(need, list):
                yield from validator.descend(instance, need, schema_path=name)
            elif name in instance and (missing := [one for one in need if one not in instance]):
                yield error(f"properties {listed(missing)} required, if {quoted(name)} exists")

    def pattern(_: Any, expression: str, instance: Any, __: Schema) -> Iterator[Any]:
        if isinstance(instance, str) and not re2.compiled(expression).search(instance):
            yield error(f"{quoted(instance)} does not match pattern {quoted(expression)}")

    return validators.extend(  # type: ignore[no-untyped-call]  # its stubs have no types
        jsonschema.Draft7Validator,
        {
            "properties": properties,
            "patternProperties": pattern_properties,
            "additionalProperties": additional_properties,
            "required": required,
            "dependencies": dependencies,
            "pattern": pattern,
        },
    )


def _format_check(function: Callable[[str], None]) -> Callable[[object], bool]:
    def check(instance: object) -> bool:
        if isinstance(instance, str):
            function(instance)
        return True

    return check


def _fingerprint(value: Any, subschema: Any) -> tuple[int, bytes] | None:
    if not isinstance(value, dict | list):
        return None
    try:
        # Version 2 has no back references, so equal values give equal bytes.
        return id(subschema), marshal.dumps(value, 2)
    except ValueError:
        return None


def _is_object(instance: Any) -> bool:
    return isinstance(instance, Mapping)


def _additional(instance: Mapping[str, Any], schema: Schema) -> list[str]:
    properties = schema.get("properties", {})
    patterns = [re2.compiled(expression) for expression in schema.get("patternProperties", {})]
    return [
        name
        for name in instance
        if name not in properties and not any(pattern.search(name) for pattern in patterns)
    ]
