"""Passwords and tokens that are told by the name they stand under, not by their form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from opencode_workspace.rules.deployment import Deployment
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.literals import has_secret_name, is_written_out
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.source import (
    KUSTOMIZATION_FILES,
    Document,
    Entry,
    Source,
    mapping,
    numbered,
    strings,
)
from opencode_workspace.violation import Steps

# `--password=x`, `--db-token x`, as a whole argument or in the middle of a shell's command line.
_OPTION = re.compile(r"(?<!\S)--?([A-Za-z][\w-]*)(?:=|\s+)(?P<quote>[\"']?)([^\s\"']+)(?P=quote)")
_SEPARATE = re.compile(r"--?([A-Za-z][\w-]*)")


@check("readable-secret", "deployment")
def readable_secret(deployment: Deployment) -> Iterator[Finding]:
    """Values of variables, ConfigMaps, templates, generators and arguments with the name of a secret."""
    # As they are written: substitution puts values where variables stood.
    post_build = mapping(deployment.entry.spec.get("postBuild"))
    for name in _named(post_build.get("substitute")):
        place = ("spec", "postBuild", "substitute", name)
        yield deployment.entry.finding(_message(name), place)
    for source in deployment.sources:
        if source.path.name in KUSTOMIZATION_FILES:
            yield from _of_generators(source)
            continue
        for entry in source.entries:
            for name, pointer in _of_object(entry):
                yield entry.finding(_message(name), pointer)


def _of_object(entry: Entry) -> Iterator[tuple[str, Steps]]:
    if entry.kind == "ConfigMap" and "sops" not in entry.document:
        for name in _named(entry.document.get("data")):
            yield name, ("data", name)
    if entry.kind == "ExternalSecret":
        template = mapping(mapping(entry.spec.get("target")).get("template"))
        for name in _named(template.get("data")):
            yield name, ("spec", "target", "template", "data", name)
    yield from _of_arguments(entry.document)


def _of_arguments(document: Document) -> Iterator[tuple[str, Steps]]:
    """Options of the arguments of any container, each with its value."""
    previous = ""
    for pointer, text in strings(document):
        if "args" not in pointer and "command" not in pointer:
            continue
        options = [(match[1], match[3]) for match in _OPTION.finditer(text)]
        if previous and not text.startswith("-"):
            options.append((previous, text))
        match = _SEPARATE.fullmatch(text)
        previous = match[1] if match else ""
        for option, value in options:
            if has_secret_name(option) and is_written_out(value):
                yield f"--{option}", pointer


def _of_generators(source: Source) -> Iterator[Finding]:
    content = mapping(source.documents[0]) if source.documents else {}
    for field in ("secretGenerator", "configMapGenerator"):
        for index, generator in numbered(content.get(field)):
            for part in ("literals", "envs", "env", "files"):
                for pointer, text in strings(generator.get(part), (field, index, part)):
                    for name in _generated(source, part, text):
                        if field == "secretGenerator" or has_secret_name(name):
                            yield Finding(_message(name), source.path, source.line(pointer))


def _generated(source: Source, part: str, text: str) -> Iterator[str]:
    """Names of the values that are written out of one line of a generator."""
    lines = [text]
    if part in ("envs", "env", "files"):
        name, _, written = text.rpartition("=")
        path = source.path.parent / written
        content = path.read_text("utf-8", "replace") if path.is_file() else ""
        if part == "files":
            # Of a whole file it is known that it is a secret, and that SOPS did not encrypt it.
            lines = [f"{name or path.name}={content}"] if "ENC[" not in content else []
        else:
            lines = content.splitlines()
    for line in lines:
        name, separator, value = line.partition("=")
        if separator and not name.startswith("#") and is_written_out(value.strip("\"'")):
            yield name.strip()


def _named(values: Any) -> Iterator[str]:
    for name, value in mapping(values).items():
        if isinstance(name, str) and has_secret_name(name) and is_written_out(value):
            yield name


def _message(name: str) -> str:
    return f"the value of {name} is written here in plain text"
