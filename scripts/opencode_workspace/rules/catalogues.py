"""The catalogue itself, and whether the tree is what it asks for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from opencode_workspace.errors import UserError, UserErrors
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.provided import CATALOGUE
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.source import Source, mapping, of_error
from opencode_workspace.rules.tree import Tree

# What these rules find without a catalogue is right, or a warning; while it is there and cannot be read, it is neither.
_DEPENDING = frozenset(
    (
        *("undefined-variable", "unknown-variable", "host-not-covered", "unknown-gateway"),
        *("unknown-secret-store", "unknown-source", "unknown-dependency", "unresolved-path"),
        *("chart-not-found", "unknown-substitution-source"),
    )
)
# More names than these say no more.
_MOST_NAMES = 8


@check("invalid-catalogue", "tree")
def invalid_catalogue(tree: Tree) -> Iterator[Finding]:
    """Whatever `generate` would refuse about workspaces.yaml."""
    error = tree.planned
    if tree.catalogue is None or not isinstance(error, UserError) or _is_about_the_tree(tree):
        return
    for one in error.errors if isinstance(error, UserErrors) else (error,):
        yield _finding(tree.catalogue, one)


def _finding(catalogue: Source, error: UserError) -> Finding:
    if error.where.startswith(str(catalogue.path)):
        return of_error(error, catalogue.path)
    # It is about what the catalogue names: the chart, or the volume template.
    named = _named(catalogue, "cluster", "volumeTemplate")
    pointer = (
        ("cluster", "volumeTemplate")
        if named is not None and error.where.startswith(str(named))
        else ("chart", "path")
    )
    place = os.path.relpath(error.where, catalogue.path.parent)
    return Finding(f"{place}: {error.what}", catalogue.path, catalogue.line(pointer))


def _named(catalogue: Source, block: str, field: str) -> Path | None:
    document = mapping(catalogue.documents[0]) if catalogue.documents else {}
    value = mapping(document.get(block)).get(field)
    return catalogue.path.parent / value if isinstance(value, str) else None


@check("out-of-date-tree", "tree")
def out_of_date_tree(tree: Tree) -> Iterator[Finding]:
    """Generated files that are not what the catalogue asks for."""
    planned = tree.planned
    if tree.catalogue is None or not tree.catalogue.path.is_relative_to(tree.folder.root):
        return
    if isinstance(planned, UserError):
        if _is_about_the_tree(tree):
            yield of_error(planned, tree.catalogue.path)
        return
    if planned is None or planned.is_clean:
        return
    parts = {"missing": planned.missing, "changed": planned.stale, "left over": planned.orphaned}
    told = "; ".join(f"{what}: {_listed(paths)}" for what, paths in parts.items() if paths)
    yield Finding(
        f"the generated files are not what this file asks for; {told}", tree.catalogue.path
    )


def is_certain(tree: Tree, finding: Finding) -> bool:
    """Whether a finding does not come from a catalogue that cannot be read."""
    is_read = tree.catalogue is None or tree.provided.source is not None
    if tree.folder.is_closed_file(CATALOGUE):
        is_read = False
    return is_read or finding.rule not in _DEPENDING


def _is_about_the_tree(tree: Tree) -> bool:
    """Whether `generate` stopped at a file that it did not write."""
    if tree.catalogue is None or not isinstance(tree.planned, UserError):
        return False
    return Path(tree.planned.where).is_relative_to(tree.catalogue.path.parent / "apps")


def _listed(paths: tuple[PurePosixPath, ...]) -> str:
    names = ", ".join(map(str, paths[:_MOST_NAMES]))
    more = len(paths) - _MOST_NAMES
    return f"{names} and {more} more" if more > 0 else names
