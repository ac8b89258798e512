"""Which function finds what, by the id of its rule."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, TypeVar

from opencode_workspace.errors import UserError
from opencode_workspace.rules.finding import Finding, rules

# "facts" is the tree once its facts are known, which takes all workspaces.
Scope = Literal["source", "deployment", "surroundings", "tree", "facts"]
Check = Callable[[Any], Iterable[Finding]]
_REPORT = "This is a bug in the check: please report it"
_C = TypeVar("_C", bound=Callable[..., Iterable[Finding]])

MODULES = (
    "yaml_files",
    "catalogues",
    "substitution",
    "hosts",
    "shared",
    "secrets",
    "fetching",
    "material",
    "kustomizations",
    "dependencies",
    "cycles",
    "addresses",
    "apis",
    "releases",
    "volumes",
    "backups",
    "rendered",
    "pods",
    "namespaces",
    "placeholders",
    "kinds",
    "missing",
    "parents",
    "unplaced",
    "doubles",
    "objects",
    "emptiness",
    "readable",
    "hostkeys",
    "resources",
    "hidden",
    "refusals",
)

_checks: dict[str, tuple[tuple[Scope, ...], Check]] = {}
_more: list[tuple[str, Scope, Check]] = []


def check(rule: str, *scopes: Scope) -> Callable[[_C], _C]:
    """Registers the decorated function as the one that finds `rule`."""

    def register(function: _C) -> _C:
        if rule in _checks:
            raise ValueError(f"rule {rule} has two functions")
        _checks[rule] = (scopes, function)
        return function

    return register


def also(rule: str, scope: Scope) -> Callable[[_C], _C]:
    """Registers the decorated function as one that finds `rule` where its own function does not look."""

    def register(function: _C) -> _C:
        _more.append((rule, scope, function))
        return function

    return register


def checks(scope: Scope) -> dict[str, Check]:
    """Functions of one scope by the id of their rule."""
    for module in MODULES:
        importlib.import_module(f"opencode_workspace.rules.{module}")
    return {rule: function for rule, (of, function) in _checks.items() if scope in of}


def run(scope: Scope, subject: Any) -> Iterator[Finding | str]:
    """Findings about `subject`; for a function that fails, a sentence that says so.

    A broken rule must neither hide what the others find nor end in a traceback.
    """
    functions = list(checks(scope).items())
    functions += [(rule, function) for rule, of, function in _more if of == scope]
    for rule, function in functions:
        severity = rules()[rule].severity
        try:
            for finding in function(subject):
                yield finding._replace(rule=rule, severity=finding.severity or severity)
        except UserError as error:
            yield f"rule {rule} could not look at {subject}: {error}"
        except Exception as error:
            yield f"rule {rule} failed at {subject}: {type(error).__name__}: {error}. {_REPORT}"
