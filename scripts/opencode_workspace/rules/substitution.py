"""Flux's post-build substitution: variables that are missing, and text that it would damage."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from opencode_workspace import envsubst
from opencode_workspace.rules.building import undefined
from opencode_workspace.rules.deployment import Applied, Deployment
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.source import mapping, strings
from opencode_workspace.substitution import SUBSTITUTE_KEY
from opencode_workspace.violation import Steps

_SCRIPT_KEYS = frozenset(("command", "args", "script"))
_EXPRESSION = re.compile(r"\$\$|\$\{[#]?(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<rest>[^}]*)\}")
_DOUBLED = re.compile(r"\$\$(?!\{)")
_CLUSTER_WIDE = re.compile(r"[A-Z][A-Z0-9_]*")


class _Text(NamedTuple):
    """A string that is substituted. is_script: it may have expressions of its own."""

    applied: Applied
    pointer: Steps
    value: str

    @property
    def is_script(self) -> bool:
        return "\n" in self.value.strip() or bool(_SCRIPT_KEYS & set(map(str, self.pointer)))


def _texts(deployment: Deployment) -> Iterator[_Text]:
    """What Flux substitutes; nothing in a Kustomization that has no variables."""
    if not deployment.may_substitute:
        return
    for applied in deployment.built:
        metadata = mapping(applied.document.get("metadata"))
        marks = {**mapping(metadata.get("annotations")), **mapping(metadata.get("labels"))}
        if marks.get(SUBSTITUTE_KEY) == "disabled":
            continue
        for pointer, value in strings(applied.document):
            if "$" in value:
                yield _Text(applied, pointer, value)


def _finding(deployment: Deployment, text: _Text, message: str, mark: str) -> Finding:
    # Without variables of its own, only a parent could make Flux substitute.
    severity = "" if deployment.is_substituted else "warning"
    return text.applied.finding(message, text.pointer, mark=mark, severity=severity)


def _missing(deployment: Deployment, text: _Text) -> list[str]:
    names = dict.fromkeys(undefined(text.value))
    return [name for name in names if name not in deployment.variables]


def _of_the_cluster(deployment: Deployment, name: str) -> bool:
    return deployment.is_open and _CLUSTER_WIDE.fullmatch(name) is not None


@check("undefined-variable", "deployment")
def undefined_variable(deployment: Deployment) -> Iterator[Finding]:
    """Variables without value and default under Flux 2.9's strict substitution.

    Without any variable Flux substitutes nothing, which fails where the text is a name.
    """
    if not deployment.may_substitute:
        for applied in deployment.built:
            if "${" in applied.name:
                message = f"the Kustomization has no variables, so {applied.name} stays as it is"
                yield applied.finding(message, ("metadata", "name"))
    for text in _texts(deployment):
        for name in _missing(deployment, text):
            if not text.is_script and not _of_the_cluster(deployment, name):
                message = f"nothing defines the variable {name}"
                yield _finding(deployment, text, message, f"${{{name}")


@check("unknown-variable", "deployment")
def unknown_variable(deployment: Deployment) -> Iterator[Finding]:
    """Variables whose ConfigMap or Secret is not in the folder."""
    for text in _texts(deployment):
        for name in _missing(deployment, text):
            if _of_the_cluster(deployment, name):
                message = f"the variable {name} must come from the cluster"
                yield _finding(deployment, text, message, f"${{{name}")


@check("shell-expression", "deployment")
def shell_expression(deployment: Deployment) -> Iterator[Finding]:
    """`${x}` in scripts and commands, where it means a variable of the shell, with a default or without."""
    for text in _texts(deployment):
        if not text.is_script:
            continue
        for match in _EXPRESSION.finditer(text.value):
            name = match["name"]
            if name and name not in deployment.variables:
                if not match["rest"] and _of_the_cluster(deployment, name):
                    continue
                message = f"Flux would replace {match[0]} before the shell sees it"
                yield _finding(deployment, text, message, match[0])


@check("doubled-dollar", "deployment")
def doubled_dollar(deployment: Deployment) -> Iterator[Finding]:
    """`$$`, of which Flux leaves one."""
    for text in _texts(deployment):
        if _DOUBLED.search(text.value.replace("$$$$", "")):
            message = "Flux would make one dollar sign of $$"
            yield _finding(deployment, text, message, "$$")


@check("refused-substitution", "deployment")
def refused_substitution(deployment: Deployment) -> Iterator[Finding]:
    """Expressions and results that end the reconciliation."""
    for problem in deployment.problems:
        if problem.rule == "refused-substitution" and not _is_told_elsewhere(deployment, problem):
            yield problem if deployment.is_substituted else problem._replace(severity="warning")


def _is_told_elsewhere(deployment: Deployment, problem: Finding) -> bool:
    """An expression of a script that Flux cannot parse is a shell expression first."""
    return any(
        text.is_script and not _parses(text.value) and _EXPRESSION.search(text.value)
        for text in _texts(deployment)
        if text.applied.entry.source.path == problem.path
    )


def _parses(text: str) -> bool:
    try:
        envsubst.parse(text)
    except envsubst.SubstitutionError:
        return False
    return True
