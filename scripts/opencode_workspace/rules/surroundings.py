"""What the root Kustomization applies of the workspaces: their Kustomizations, and what lies beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from opencode_workspace.rules.deployment import Applied
from opencode_workspace.rules.known import FLUX_GROUP
from opencode_workspace.rules.reach import listed_paths
from opencode_workspace.rules.source import KUSTOMIZATION_FILES, Entry, Source
from opencode_workspace.rules.tree import Tree


class _Beside(NamedTuple):
    """A kustomization that lists a workspace's Kustomization, and what else it lists in its own folder."""

    kustomization: Source
    others: list[Source]


@dataclass(frozen=True)
class Surroundings:
    """Objects as they are written: nobody knows what the root substitutes in them.

    sources: the kustomizations that list the workspaces. applied: the workspaces' Flux Kustomizations, those
    that lead to them, and what is beside: a namespace, a source for all. Apps of other people are not among it.
    """

    tree: Tree
    sources: list[Source]
    applied: list[Applied]

    @property
    def entries(self) -> Iterator[Entry]:
        """The objects and the kustomizations."""
        yield from (applied.entry for applied in self.applied)
        for source in self.sources:
            yield from source.entries

    @property
    def may_be_patched(self) -> bool:
        """Whether what is not in a file may be added where it is applied."""
        # Without a catalogue the folder may be a part of a tree, whose root lies elsewhere.
        if self.tree.provided.source is None and not self.tree.parents:
            return True
        return self.tree.known.is_patched or any(
            "patches" in document or "components" in document or "transformers" in document
            for source in self.sources
            for document in source.documents[:1]
            if isinstance(document, dict)
        )

    def __str__(self) -> str:
        return str(self.tree)


def of(tree: Tree) -> Surroundings:
    """The surroundings of the workspaces of `tree`."""
    found = dict.fromkeys((*tree.deploying, *tree.parents))
    beside = list(_beside(tree))
    for one in beside:
        found |= dict.fromkeys(
            entry
            for source in one.others
            for entry in source.entries
            # Of another app, or found already.
            if not (entry.kind == "Kustomization" and entry.group == FLUX_GROUP)
        )
    applied = [Applied(entry.document, entry) for entry in found]
    return Surroundings(tree, [one.kustomization for one in beside], applied)


def _beside(tree: Tree) -> Iterator[_Beside]:
    workspaces = {entry.source.path for entry in tree.deploying}
    for source in tree.manifests:
        if source.path.name not in KUSTOMIZATION_FILES:
            continue
        paths = list(listed_paths(source))
        if workspaces.isdisjoint(paths):
            continue
        home = source.path.parent
        own = [path for path in paths if path.parent == home and path.is_file()]
        yield _Beside(source, [tree.folder.source(path) for path in own])
