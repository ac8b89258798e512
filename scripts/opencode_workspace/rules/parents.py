"""What is above workspaces: can it be built, does it list them, and does Flux find it?"""

from __future__ import annotations

import difflib
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from opencode_workspace.errors import UserError
from opencode_workspace.kustomization import Unsupported
from opencode_workspace.rules.fields import is_kustomization_field
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.kinds import problems
from opencode_workspace.rules.ours import listed
from opencode_workspace.rules.paths import resolve
from opencode_workspace.rules.reach import reached
from opencode_workspace.rules.registry import also
from opencode_workspace.rules.source import (
    KUSTOMIZATION_FILES,
    Document,
    Entry,
    Source,
    mapping,
    of_error,
)
from opencode_workspace.rules.tree import Tree
from opencode_workspace.rules.yaml_files import unknown_in

# As kustomize tells a repository from a path.
_REMOTE = re.compile(r":|^github\.com/|\?ref=")


@also("failed-build", "tree")
def failed_parent(tree: Tree) -> Iterator[Finding]:
    """Kustomizations above workspaces that kustomize refuses."""
    twice = [
        finding
        for directory in sorted(tree.above.directories)
        for finding in _twice(tree, tree.above.source(directory))
    ]
    yield from twice
    places = {(finding.path, finding.line) for finding in twice}
    for error in tree.above.errors:
        if not isinstance(error, Unsupported):
            # kustomize stops at the same entry.
            yield from (f for f in _told(tree, error) if (f.path, f.line) not in places)
    for directory in sorted(tree.above.directories):
        yield from _absent(tree, tree.above.source(directory))


def _twice(tree: Tree, kustomization: Source) -> Iterator[Finding]:
    """What is listed twice, also where the build stops at something else before."""
    document = mapping(kustomization.documents[0]) if kustomization.documents else {}
    entries = document.get("resources")
    seen: set[str] = set()
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if not isinstance(entry, str) or _REMOTE.search(entry):
            continue
        path = os.path.normpath(kustomization.path.parent / entry)
        if path in seen and _has_objects(tree, Path(path)):
            line = kustomization.line(("resources", index))
            message = f"{entry} is listed twice: may not add resource with an already registered id"
            yield Finding(message, kustomization.path, line)
        seen.add(path)


def _has_objects(tree: Tree, path: Path) -> bool:
    sources = reached(path, tree.folder) if path.is_dir() else [tree.folder.source(path)]
    return any(
        any(source.entries) for source in sources if source.path.name not in KUSTOMIZATION_FILES
    )


def _absent(tree: Tree, kustomization: Source) -> Iterator[Finding]:
    """What is listed and not there, also where the build stops at something else before."""
    document = mapping(kustomization.documents[0]) if kustomization.documents else {}
    for field in ("resources", "components"):
        entries = document.get(field)
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            if not isinstance(entry, str) or _REMOTE.search(entry):
                continue
            # Not Path.resolve: kustomize, too, takes `..` from the text.
            path = os.path.normpath(kustomization.path.parent / entry)
            if not os.path.lexists(path) and not tree.folder.is_closed(Path(path)):
                line = kustomization.line((field, index))
                message = f"{entry}: no such file or directory"
                yield Finding(message, kustomization.path, line)


@also("unsupported-kustomization", "tree")
def unsupported_parent(tree: Tree) -> Iterator[Finding]:
    """Kustomizations above workspaces that use what is not followed here."""
    for error in tree.above.errors:
        if isinstance(error, Unsupported):
            yield from _told(tree, error)


@also("unlisted-file", "tree")
def unlisted_parent(tree: Tree) -> Iterator[Finding]:
    """Workspaces, and what is above them, that the kustomization beside them does not list."""
    catalogued = {one.folder / "ks.yaml" for one in listed(tree)}
    broken = {
        Path(error.where.rpartition(":")[0] or error.where).parent for error in tree.above.errors
    }
    for path, kustomization in tree.above.unlisted:
        if kustomization.path.parent in broken or kustomization.unreadable:
            continue
        message = f"{kustomization.path.name} in {kustomization.path.parent.name} does not list"
        if path.is_dir():
            name = os.path.relpath(path, kustomization.path.parent)
            yield Finding(f"{message} {name}, which leads to a workspace", kustomization.path)
        else:
            # Without a catalogue it may be switched off on purpose.
            severity = "error" if path in catalogued else ""
            yield Finding(
                f"{message} this file: Flux would remove the workspace", path, severity=severity
            )
    namespaces = {str(entry.spec.get("targetNamespace")) for entry in tree.deploying}
    for entry in tree.entries:
        # Whatever else lies there may be other people's.
        if entry.kind == "Namespace" and entry.name in namespaces:
            place = entry.source.path
            if place.parent in tree.above.directories - broken and not tree.above.is_listed(place):
                yield entry.finding(f"no kustomization lists the namespace {entry.name}")


@also("unknown-field", "tree")
def unknown_field_above(tree: Tree) -> Iterator[Finding]:
    """Misspelt fields of the kustomizations above, also of one that lists no workspace because of them."""
    for directory in sorted(tree.above.directories):
        yield from unknown_in(tree.above.source(directory))


@also("unknown-source", "tree")
def unknown_source_above(tree: Tree) -> Iterator[Finding]:
    """Sources of the Flux Kustomizations above; only a name that is nearly right is certainly wrong."""
    for entry in tree.parents:
        reference = mapping(entry.spec.get("sourceRef"))
        kind, namespace, name = _source(entry)
        if not reference or _exists(tree, kind, namespace, name):
            continue
        near = difflib.get_close_matches(name, sorted(_names(tree, kind, namespace)), 1, 0.8)
        hint = f"; did you mean {near[0]}?" if near else ""
        yield entry.finding(
            f"no {kind} {name} in namespace {namespace}{hint}",
            ("spec", "sourceRef", "name"),
            severity=tree.provided.unknown_severity if near else "warning",
        )


@also("unresolved-path", "tree")
def unresolved_path_above(tree: Tree) -> Iterator[Finding]:
    """Flux Kustomizations of the same source that lead nowhere, while none leads to the workspaces."""
    if tree.parents or not tree.above.directories:
        return
    own = {_source(entry) for entry in tree.deploying}
    places = {place for d in tree.above.directories for place in (d, d.parent)}
    for entry in tree.kustomizations:
        if entry in tree.deploying or _source(entry) not in own:
            continue
        if resolve(entry, tree.provided) is None and _is_near(entry, places):
            message = f"there is no folder {entry.spec.get('path')} in this repository"
            yield entry.finding(message, ("spec", "path"))


def _is_near(entry: Entry, places: set[Path]) -> bool:
    """Whether its path is a slip away from the end of one of these."""
    path = str(PurePosixPath(str(entry.spec.get("path")).lstrip("./")))
    depth = path.count("/") + 1
    ends = ["/".join(place.parts[-depth:]) for place in places]
    return bool(difflib.get_close_matches(path, ends, 1, 0.8))


def _told(tree: Tree, error: UserError) -> Iterator[Finding]:
    if "already registered id" in error.what and _is_shared(tree, error.what):
        # Two workspaces of one name are told as such.
        return
    found = of_error(error, next(iter(sorted(tree.above.directories))))
    source = tree.folder.source(found.path)
    if source.ambiguous or source.unreadable or any(problems(source)):
        # The file itself is told by another rule.
        return
    if isinstance(error, Unsupported) and error.field and not is_kustomization_field(error.field):
        # So is a misspelt field.
        return
    if found.path.parent in tree.above.directories | tree.homes:
        yield found


def _is_shared(tree: Tree, told: str) -> bool:
    """Whether kustomize speaks of a name that two workspaces' Kustomizations have."""
    counted = Counter((e.group, e.name, e.namespace) for e in tree.deploying)
    return any(
        count > 1 and f".{group}/{name}." in told for (group, name, _), count in counted.items()
    )


def _source(entry: Entry) -> tuple[str, str, str]:
    reference: Document = mapping(entry.spec.get("sourceRef"))
    namespace = str(reference.get("namespace") or entry.namespace)
    return str(reference.get("kind")), namespace, str(reference.get("name"))


def _exists(tree: Tree, kind: str, namespace: str, name: str) -> bool:
    return tree.known.has(kind, namespace, name) or name in _provided(tree, kind, namespace)


def _provided(tree: Tree, kind: str, namespace: str) -> set[str]:
    return {n for k, ns, n in tree.provided.references if k == kind and ns in ("", namespace)}


def _names(tree: Tree, kind: str, namespace: str) -> set[str]:
    return _provided(tree, kind, namespace) | {n for k, n in tree.known.objects if k == kind}
