"""Which folders are those of workspaces, whether or not anything in them can still be recognised."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from opencode_workspace.naming import PREFIX
from opencode_workspace.rules.building import is_release
from opencode_workspace.rules.known import is_source
from opencode_workspace.rules.paths import resolve
from opencode_workspace.rules.source import Entry, Source, mapping
from opencode_workspace.rules.tree import Tree


@dataclass(frozen=True)
class Listed:
    """A workspace of the catalogue. folder: where `generate` puts it."""

    name: str
    folder: Path
    catalogue: Source

    @property
    def app(self) -> str:
        """Name of its Kustomization and its release."""
        return PREFIX + self.name

    @property
    def line(self) -> int:
        """Its place in the catalogue."""
        return self.catalogue.line(("workspaces", self.name))


def listed(tree: Tree) -> list[Listed]:
    """The catalogue's workspaces whose place is in the folder that is checked."""
    if tree.catalogue is None or tree.provided.source is None:
        return []
    document = mapping(tree.catalogue.documents[0])
    namespace = str(mapping(document.get("cluster")).get("namespace"))
    place = tree.catalogue.path.parent / "apps" / namespace
    found = [
        Listed(name, place / f"{PREFIX}{name}", tree.catalogue)
        for name in mapping(document.get("workspaces"))
    ]
    return [one for one in found if one.folder.is_relative_to(tree.folder.root)]


def releases(tree: Tree) -> list[Entry]:
    """The HelmReleases that install the chart."""
    return [
        e for e in tree.entries if e.kind == "HelmRelease" and is_release(e.document, tree.known)
    ]


def homes(tree: Tree) -> set[Path]:
    """Folders whose files are a workspace's own: beside its Kustomization, its release or its chart's source."""
    found: set[Path] = set()
    for entry in tree.deploying:
        resolved = resolve(entry, tree.provided)
        beside = entry.source.path.parent
        if resolved:
            found.add(resolved[1])
        if resolved and beside in (resolved[1], resolved[1].parent):
            found.add(beside)
    sources = [entry for entry in tree.entries if is_source(entry.document)]
    for entry in (*releases(tree), *sources):
        folder = entry.source.path.parent
        found.add(folder)
        if folder.name == "app" or folder.parent.name.startswith(PREFIX):
            found.add(folder.parent)
    for one in listed(tree):
        found |= {one.folder, one.folder / "app"}
    return found
