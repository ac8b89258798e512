"""Flux's post-build variable substitution (kustomize-controller 1.9, Flux 2.9)."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml
from yaml._yaml import CEmitter

from opencode_workspace import envsubst
from opencode_workspace.envsubst import SubstitutionError, Template
from opencode_workspace.errors import UserError
from opencode_workspace.identity import resource_id
from opencode_workspace.scalars import AmbiguousScalarError, helm_reads, is_plain_string
from opencode_workspace.yamlio import parse_rendered

SUBSTITUTE_KEY = "kustomize.toolkit.fluxcd.io/substitute"

_VARIABLE_NAME = re.compile(r"[_A-Za-z][_A-Za-z0-9]*")
# A string made of these alone is printed unquoted by kustomize, and no expression in it can
# reach beyond it, so it can be substituted without printing the whole object.
_SELF_CONTAINED = re.compile(
    r"(?![=@+~-])(?:[A-Za-z0-9_./@+=~-]++|:(?=[^\s])|\$(?![{$])|\$\{[A-Za-z_][A-Za-z0-9_]*"
    r"(?:(?::-|:?=)(?:[A-Za-z0-9_./@+ *-]++|\$\{[A-Za-z_][A-Za-z0-9_]*\})*+)?\})*+"
)
_READ_UNQUOTED = re.compile(
    r"(?:[A-Za-z0-9_/](?:[A-Za-z0-9_./@+=*$~-]++|:(?=[^\s])| (?=[^\s]))*+)?"
)


class _NotSelfContainedError(Exception):
    """A string for which the whole object has to be printed, substituted and read again."""


def names(text: str) -> set[str]:
    """Variables that the expressions in `text` read, including those with a default.

    Raises UserError for an expression that Flux cannot parse.
    """
    return {name for name, _ in envsubst.variables(_parsed(text))}


def substitute(text: str, variables: Mapping[str, str], *, strict: bool) -> str:
    """`text` with its `${...}` expressions replaced; newlines in values are dropped, as in Flux.

    strict: refuse a variable that is neither in `variables` nor given a default, as Flux 2.9
    does; otherwise it is empty, as before Flux 2.9.

    Raises UserError in Flux's words for such variables, for expressions Flux cannot parse and
    for variable names it does not accept.
    """
    values = _values(variables)
    template = _parsed(text)
    if strict:
        _refuse_missing(_missing([template], values), "")
    try:
        return envsubst.evaluate(template, values)
    except SubstitutionError as error:
        raise _failure(str(error), "") from None


def apply(
    document: Mapping[str, Any],
    variables: Mapping[str, str],
    *,
    strict: bool,
    always: bool = False,
) -> dict[str, Any]:
    """The Kubernetes object `document` as kustomize-controller leaves it after substitution.

    always: `substituteStrategy: Always`; without it nothing happens when there are no variables.

    kustomize prints the object with as few quotes as possible before the substitution, so a
    quoted "${PORT}" comes back as a number. Objects that carry the label or annotation
    kustomize.toolkit.fluxcd.io/substitute: disabled stay as they are. The input is not changed.

    Raises UserError as `substitute`, and when the result is not YAML any more.
    """
    if (not variables and not always) or _is_disabled(document):
        return dict(document)
    values = _values(variables)
    subject = _subject(document)
    try:
        if strict:
            templates = map(envsubst.parse, _strings_with_dollars(document))
            _refuse_missing(_missing(templates, values), subject)
        return {key: _substituted(value, values) for key, value in _plain_keys(document)}
    except _NotSelfContainedError:
        return _apply_to_text(document, values, strict, subject)
    except SubstitutionError:
        # An expression may be whole in the object's text though no single string holds it.
        return _apply_to_text(document, values, strict, subject)


def _apply_to_text(
    document: Mapping[str, Any], values: Mapping[str, str], strict: bool, subject: str
) -> dict[str, Any]:
    try:
        template = envsubst.parse(_printed(document))
        if strict:
            _refuse_missing(_missing([template], values), subject)
        text = envsubst.evaluate(template, values)
    except SubstitutionError as error:
        raise _failure(str(error), subject) from None
    try:
        documents = parse_rendered(text, subject)
    except UserError as error:
        raise UserError(
            f"post build failed for '{subject}': {error.what}",
            error.where,
            "Quote the value inside the variable, or substitute a simpler one",
        ) from None
    if len(documents) != 1 or not isinstance(documents[0], dict):
        raise _failure("the result is not one object", subject)
    return documents[0]


def _is_disabled(document: Mapping[str, Any]) -> bool:
    metadata = document.get("metadata")
    maps = [metadata.get(field) for field in ("labels", "annotations")] if metadata else []
    return any(isinstance(one, Mapping) and one.get(SUBSTITUTE_KEY) == "disabled" for one in maps)


def _subject(document: Mapping[str, Any]) -> str:
    try:
        identity = resource_id(document)
    except (KeyError, TypeError, AttributeError):
        return ""
    return f"{identity.type}/{identity.name}"


def _values(variables: Mapping[str, str]) -> dict[str, str]:
    for name, value in variables.items():
        if not _VARIABLE_NAME.fullmatch(name):
            raise UserError(
                f"'{name}' var name is invalid, must match '^{_VARIABLE_NAME.pattern}$'",
                remedy="Use letters, digits and underscores, and start with a letter",
            )
        if not isinstance(value, str):
            raise UserError(
                f"substitution variable {name} is not a string: {value!r}",
                remedy="Put its value in quotes",
            )
    return {name: value.replace("\n", "") for name, value in variables.items()}


def _parsed(text: str) -> Template:
    try:
        return envsubst.parse(text)
    except SubstitutionError as error:
        raise _failure(str(error), "") from None


def _missing(templates: Iterable[Template], values: Mapping[str, str]) -> list[str]:
    found = (
        name
        for template in templates
        for name, may_be_undefined in envsubst.variables(template)
        if not may_be_undefined and name not in values
    )
    return list(dict.fromkeys(found))


def _refuse_missing(missing: list[str], subject: str) -> None:
    if missing:
        listed = ", ".join(f'"{name}"' for name in missing)
        raise _failure(
            f"variable not set (strict mode): {listed}",
            subject,
            f"Define it in postBuild, or give it a default: ${{{missing[0]}:=value}}",
        )


def _failure(problem: str, subject: str, remedy: str = "") -> UserError:
    what = f"envsubst error: variable substitution failed: {problem}"
    if subject:
        what = f"post build failed for '{subject}': {what}"
    return UserError(
        what, remedy=remedy or "Correct the ${...} expression, or write $${...} for literal text"
    )


def _strings_with_dollars(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if "$" in value:
            yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if "$" in key:
                raise _NotSelfContainedError
            yield from _strings_with_dollars(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings_with_dollars(item)


def _substituted(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _substituted_string(value, values) if "$" in value else value
    if isinstance(value, Mapping):
        return {key: _substituted(item, values) for key, item in _plain_keys(value)}
    if isinstance(value, list):
        return [_substituted(item, values) for item in value]
    return value


def _plain_keys(mapping: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    if any("$" in key for key in mapping):
        raise _NotSelfContainedError
    return mapping.items()


def _substituted_string(value: str, values: Mapping[str, str]) -> Any:
    if not _SELF_CONTAINED.fullmatch(value):
        raise _NotSelfContainedError
    result = envsubst.evaluate(envsubst.parse(value), values)
    if not _READ_UNQUOTED.fullmatch(result):
        raise _NotSelfContainedError
    try:
        return helm_reads(result)
    except AmbiguousScalarError:
        raise _NotSelfContainedError from None


class _Printer(CEmitter):
    """libyaml's emitter, which go-yaml is a translation of, with no say in tags."""

    def resolve(self, kind: type, value: str | None, implicit: Any) -> str:
        return "any"

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        """Part of the serializer's protocol; path resolvers are not used."""

    def ascend_resolver(self) -> None:
        """Part of the serializer's protocol; path resolvers are not used."""


def _printed(document: Mapping[str, Any]) -> str:
    """The object as kustomize prints it: sorted keys, few quotes, lines folded at 80 columns."""
    sink = io.StringIO()
    printer = _Printer(sink, width=80, allow_unicode=True)
    printer.open()
    printer.serialize(_node(document))
    printer.close()
    return sink.getvalue()


def _node(value: Any) -> yaml.Node:
    if isinstance(value, Mapping):
        pairs = [(_node(key), _node(value[key])) for key in sorted(value)]
        return yaml.MappingNode("any", pairs, flow_style=not pairs)
    if isinstance(value, list):
        return yaml.SequenceNode("any", [_node(item) for item in value], flow_style=not value)
    if isinstance(value, str):
        style = "|" if "\n" in value else None if is_plain_string(value) else '"'
        return yaml.ScalarNode("any", value, style=style)
    if value is None:
        return yaml.ScalarNode("any", "null")
    return yaml.ScalarNode("any", str(value).lower() if isinstance(value, bool) else repr(value))
