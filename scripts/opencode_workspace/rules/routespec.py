"""What Gateway API takes of an HTTPRoute, beside its schema."""

from __future__ import annotations

import re
from collections.abc import Iterator

from opencode_workspace.rules.durations import seconds
from opencode_workspace.rules.objection import Objection
from opencode_workspace.rules.source import Document, mapping, numbered

_PATH = re.compile(r"(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+")
_NOT_IN_PATH = re.compile(r"//|/\.\.?(?:/|$)|%2[fF]|#")


def of_route(spec: Document) -> Iterator[Objection]:
    """Paths and timeouts that the definition of an HTTPRoute excludes."""
    for index, rule in numbered(spec.get("rules")):
        pointer = ("spec", "rules", index)
        for number, match in numbered(rule.get("matches")):
            path = mapping(match.get("path"))
            problem = _problem_of_path(path)
            if problem:
                value = (*pointer, "matches", number, "path", "value")
                yield Objection(value, problem, str(path["value"]))
        timeouts = mapping(rule.get("timeouts"))
        whole, one = timeouts.get("request"), timeouts.get("backendRequest")
        if 0 < (seconds(whole) or 0) < (seconds(one) or 0):
            message = f"{one} is longer than the whole request may take, {whole}"
            yield Objection((*pointer, "timeouts", "backendRequest"), message, "backendRequest")


def _problem_of_path(path: Document) -> str:
    value = path.get("value")
    # Without a type it is a prefix.
    is_literal = path.get("type", "PathPrefix") in ("Exact", "PathPrefix")
    if not is_literal or not isinstance(value, str) or "${" in value:
        return ""
    if not value.startswith("/"):
        return f"'{value}' does not begin with a slash"
    excluded = _NOT_IN_PATH.search(value)
    if excluded or not _PATH.fullmatch(value):
        return (
            f"'{value}' has {excluded[0] if excluded else 'a letter'} in it, which no path may have"
        )
    return ""
