"""Turns what Helm says when it refuses a release into mistakes with their places in the values."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from opencode_workspace.errors import EXIT_FINDINGS, UserError, UserErrors
from opencode_workspace.job import Job
from opencode_workspace.violation import Steps, values_path

_SCHEMA = "values don't meet the specifications of the schema(s)"
_VIOLATION = re.compile(r"(?P<indent> *)- at '(?P<pointer>(?:[^'\\]|\\.)*)': (?P<message>.*)")
_NAMES = re.compile(r"(additional properties )(.*) not allowed")
# Nothing but the lines below them.
_GROUPS = ("validation failed", "'allOf' failed")
_NOISE = re.compile(r"level=|Use --debug flag|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ")
_EXECUTION = re.compile(r"execution error at \([^()]*\): ", re.DOTALL)
# Template text of a value that Helm cannot parse or evaluate, and what it says about it.
_TEMPLATE = re.compile(
    r'(?:cannot parse template|error during tpl function execution for) (?P<text>"(?:[^"\\]|\\.)*"): '
    r"(?P<reason>.*)",
    re.DOTALL,
)


def refusal(text: str, job: Job) -> UserError:
    """UserError, exit code 1, for Helm's error message about a job.

    text: standard error of the command line, or the message of the library.

    One mistake per line of a chart's `fail`, and per place that the schema refuses, as
    `controllers.workspace.replicas: got string, want integer`.
    """
    where = job.place
    lines = [line for line in text.strip().splitlines() if line and not _NOISE.match(line)]
    message = "\n".join(lines).removeprefix("Error: ").strip()
    if _SCHEMA in message:
        return _together(_schema_mistakes(message), where)
    failed = _EXECUTION.search(message)
    if failed:
        return _together(_listed_mistakes(message[failed.end() :]), where)
    broken = _TEMPLATE.search(message)
    if broken:
        return _together(_template_mistakes(broken["text"], broken["reason"], job), where)
    return _together([" ".join(message.split()) or "Helm failed and said nothing"], where)


def _together(mistakes: list[str], where: str) -> UserError:
    errors = [UserError(mistake, where, exit_code=EXIT_FINDINGS) for mistake in mistakes if mistake]
    return errors[0] if len(errors) == 1 else UserErrors(errors)


def _listed_mistakes(message: str) -> list[str]:
    """The items of a list, without the words that introduce it; without a list, every line."""
    lines = message.splitlines()
    items = [line.removeprefix("- ") for line in lines if line.startswith("- ")]
    return items or lines


def _template_mistakes(quoted: str, reason: str, job: Job) -> list[str]:
    """One line for each value that the template is; those of the chart's own are not looked through."""
    # Go's quotes are those of JSON, but for characters that are rare in templates.
    with contextlib.suppress(ValueError):
        quoted = json.loads(quoted)
    places = [
        values_path(steps)
        for steps, text in _texts(job.values, ())
        # The chart puts the release's name in by hand, before Helm sees the text.
        if text.replace("{{ .Release.Name }}", job.release.name) == quoted
    ]
    told = " ".join(reason.split()).removeprefix("template: gotpl:")
    return [f"{place}: broken template at {told}" for place in places or [repr(quoted)]]


def _texts(value: Any, steps: Steps) -> Iterator[tuple[Steps, str]]:
    if isinstance(value, str):
        yield steps, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, (*steps, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*steps, index))


def _schema_mistakes(message: str) -> list[str]:
    """One line for each place, ordered by place."""
    root = _Node("", "", [])
    path = [root]
    other: list[str] = []
    for line in message.splitlines()[1:]:
        match = _VIOLATION.fullmatch(line)
        if match:
            node = _Node(_place(match["pointer"]), _settled(match["message"]), [])
            depth = len(match["indent"]) // 2
            del path[depth + 1 :]
            path[-1].causes.append(node)
            path.append(node)
        elif line and not line.endswith(":"):
            other.append(line)
    return sorted(text for node in root.causes for text in node.told()) + other


def _settled(message: str) -> str:
    """The message with its property names in order: Helm lists them in a different one each time."""
    match = _NAMES.fullmatch(message)
    if match is None:
        return message
    return f"{match[1]}{', '.join(sorted(match[2].split(', ')))} not allowed"


class _Node(NamedTuple):
    """A line of the validator's answer with the lines that are indented below it."""

    place: str
    message: str
    causes: list[_Node]

    def told(self) -> list[str]:
        """One line for each mistake; what alternatives wanted stands in brackets behind it."""
        if self.causes and self.message in _GROUPS:
            return [text for cause in self.causes for text in cause.told()]
        reasons = [text for cause in self.causes for text in cause.told()]
        told = [reason.removeprefix(f"{self.place}: ") for reason in reasons]
        behind = f" ({'; '.join(told)})" if told else ""
        return [f"{self.place}: {self.message}{behind}"]


def _place(pointer: str) -> str:
    steps = [
        step.replace("~1", "/").replace("~0", "~").replace("\\'", "'")
        for step in pointer.split("/")[1:]
    ]
    found = values_path(tuple(int(step) if step.isdecimal() else step for step in steps))
    return found or "the values"
