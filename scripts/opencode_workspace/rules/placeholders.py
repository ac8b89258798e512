"""The name `owner`, where a person has to put their own."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_workspace.repository import has_placeholder
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.source import strings
from opencode_workspace.rules.tree import Tree

_KINDS = ("GitRepository", "OCIRepository", "HelmRelease", "HelmRepository")


@check("placeholder-owner", "tree")
def placeholder_owner(tree: Tree) -> Iterator[Finding]:
    """In the catalogue; what is written from it is not told again."""
    told: set[str] = set()
    if tree.catalogue is not None:
        for document in tree.catalogue.documents[:1]:
            for pointer, text in strings(document):
                if has_placeholder(text):
                    told.add(text)
                    line = tree.catalogue.line(pointer)
                    yield Finding(_message(text), tree.catalogue.path, line)
    for entry in tree.entries:
        if entry.kind in _KINDS:
            for pointer, text in strings(entry.spec, ("spec",)):
                if has_placeholder(text) and text not in told:
                    yield entry.finding(_message(text), pointer)


def _message(text: str) -> str:
    return f"{text} belongs to the placeholder owner"
