"""Files of workspaces that are not what they mean to be: no text, no object, or of no kind."""

from __future__ import annotations

import difflib
import functools
import importlib.resources
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from opencode_workspace import yamlio
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.paths import resolve
from opencode_workspace.rules.reach import reached
from opencode_workspace.rules.registry import also, check
from opencode_workspace.rules.source import KUSTOMIZATION_FILES, Source, mapping, of_error
from opencode_workspace.rules.tree import Tree


@functools.cache
def _kinds() -> dict[str, list[str]]:
    folder = importlib.resources.files("opencode_workspace.rules")
    found: dict[str, list[str]] = yamlio.parse(
        folder.joinpath("kinds.yaml").read_text("utf-8"), "kinds.yaml"
    )[0]
    return found


@check("unknown-kind", "tree")
def unknown_kind(tree: Tree) -> Iterator[Finding]:
    """Objects of workspaces, and beside what lists them, with a misspelt kind or without one."""
    for source in _sources(tree):
        found = list(problems(source))
        # What is no object at all is told by the build, where there is one.
        if any(not finding.pointer for finding in found) and source.path in _built(tree):
            found = [finding for finding in found if finding.pointer]
        yield from found


@also("unreadable-yaml", "tree")
def unreadable_text(tree: Tree) -> Iterator[Finding]:
    """Files of workspaces in which nothing says what they mean to be: not UTF-8, or too damaged for it."""
    for source in _sources(tree):
        if source.unreadable and not source.is_manifest:
            yield of_error(source.unreadable, source.path)


def _built(tree: Tree) -> set[Path]:
    directories = [found[1] for e in tree.deploying if (found := resolve(e, tree.provided))]
    return {s.path for directory in directories for s in reached(directory, tree.folder)}


def problems(source: Source) -> Iterator[Finding]:
    """What is wrong with the kinds of a file's objects."""
    if source.path.name in KUSTOMIZATION_FILES:
        return
    for index, document in enumerate(source.documents):
        problem = _problem(document)
        if problem:
            pointer, message, severity = problem
            line = source.line(pointer, index)
            yield Finding(
                message, source.path, line, "".join(f"/{p}" for p in pointer), "", severity
            )


def _problem(document: Any) -> tuple[tuple[str, ...], str, str] | None:
    # What has no metadata is some other program's file.
    if not isinstance(document, dict) or not isinstance(document.get("metadata"), dict):
        return None
    kind, version = document.get("kind"), document.get("apiVersion")
    for field, value in (("apiVersion", version), ("kind", kind)):
        if not isinstance(value, str) or not value:
            name = mapping(document["metadata"]).get("name")
            return (), f"the object {name} has no {field}", ""
    known = _kinds().get(str(version).rpartition("/")[0])
    if known is None or kind in known:
        return None
    near = difflib.get_close_matches(str(kind), known, 1)
    # Without a near one it may be newer than this list.
    hint, severity = (f"; did you mean {near[0]}?", "") if near else ("", "warning")
    return ("kind",), f"{version} has no kind {kind}{hint}", severity


def _sources(tree: Tree) -> list[Source]:
    folders = tree.homes | tree.above.directories
    return [source for source in tree.manifests if source.path.parent in folders]
