"""The kustomizations above workspaces: those that list their Flux Kustomizations, and what lists those."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from opencode_workspace import kustomize
from opencode_workspace.errors import UserError
from opencode_workspace.rules.ours import listed
from opencode_workspace.rules.paths import resolve
from opencode_workspace.rules.reach import listed_paths, reached
from opencode_workspace.rules.source import KUSTOMIZATION_FILES, Source
from opencode_workspace.rules.tree import Tree


class Above:
    """Kustomizations above workspaces, as far as the folder that is checked goes.

    directories: theirs. unlisted: files and directories by the kustomization near them that fails to list them.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._files = {
            source.path.parent: source
            for source in tree.manifests
            if source.path.name in KUSTOMIZATION_FILES
        }
        self._listing: dict[Path, set[Path]] = defaultdict(set)
        for directory, source in self._files.items():
            for path in listed_paths(source):
                self._listing[path].add(directory)
        self._workspaces = {
            found[1] for entry in tree.deploying if (found := resolve(entry, tree.provided))
        }
        self.directories: set[Path] = set()
        self.unlisted: list[tuple[Path, Source]] = []
        self._climb(self._starts())

    def source(self, directory: Path) -> Source:
        """The kustomization file of one of the directories."""
        return self._files[directory]

    def is_listed(self, path: Path) -> bool:
        """Whether a kustomization names a file."""
        return bool(self._listing.get(path))

    @cached_property
    def errors(self) -> list[UserError]:
        """What kustomize says against them; nothing where the root of the repository is not known."""
        root = self._root()
        cache = kustomize.Cache()
        found: dict[str, UserError] = {}
        if root is None:
            return []
        for directory in sorted(d for d in self.directories if d.is_relative_to(root)):
            try:
                kustomize.build(directory, boundary=root, cache=cache)
            except UserError as error:
                # The same of a directory and of one above it.
                found.setdefault(str(error), error)
            except OSError:
                # A folder may not be read, which is told as such.
                continue
        return list(found.values())

    def _root(self) -> Path | None:
        for entry in self._tree.deploying:
            if found := resolve(entry, self._tree.provided):
                return found[0]
        places = (self._tree.folder.root, *self._tree.folder.root.parents)
        return next((place for place in places if (place / ".git").exists()), None)

    def _starts(self) -> set[Path]:
        found = {entry.source.path for entry in self._tree.deploying}
        found |= {one.folder / "ks.yaml" for one in listed(self._tree)}
        # Beside a release whose Kustomization cannot be recognised any more.
        found |= {folder / "ks.yaml" for folder in self._tree.homes}
        return found & {source.path for source in self._tree.manifests}

    def _climb(self, paths: Iterable[Path]) -> None:
        for path in sorted(paths):
            near = self._near(path)
            above = set(self._listing.get(path, ()))
            if near is not None and not above and not self._is_built(path):
                self.unlisted.append((path, self._files[near]))
                above = {near}
            new = above - self.directories
            self.directories |= new
            self._climb(new)

    def _near(self, path: Path) -> Path | None:
        """The directory whose kustomization would list `path`: its own or the next."""
        for directory in list(path.parents)[:2]:
            if directory in self._files and directory not in self._workspaces:
                return directory
        return None

    def _is_built(self, path: Path) -> bool:
        """Whether a Flux Kustomization builds it without a kustomization that lists it."""
        for entry in self._tree.parents:
            found = resolve(entry, self._tree.provided)
            if found and (
                found[1] == path
                or any(s.path == path for s in reached(found[1], self._tree.folder))
            ):
                return True
        return False
