"""Where on disk the folder lies that `spec.path` of a Flux Kustomization names."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from pathlib import Path

from opencode_workspace.rules.provided import Provided
from opencode_workspace.rules.source import Entry, mapping


def resolve(entry: Entry, provided: Provided) -> tuple[Path, Path] | None:
    """Root of the repository and the directory that `spec.path` names; None when there is none.

    Flux reads the path from the root of its source. For what lies below the catalogue, cluster.root says
    where that is; otherwise a GitRepository's root is the top of the Git work tree. Where neither is known,
    it is the nearest folder above the file below which the path exists.
    """
    # Flux lets no path lead out of the source: `../../etc` is `etc` in it.
    path = Path(posixpath.normpath(f"/{str(entry.spec.get('path') or '').strip()}").lstrip("/"))
    for root, relative in _places(entry, path, provided):
        directory = normal(root / relative)
        if directory.is_dir():
            return root, directory
    return None


def _places(entry: Entry, path: Path, provided: Provided) -> Iterator[tuple[Path, Path]]:
    """Folders that may be the root, best first, and the path from there."""
    file = entry.source.path
    # A catalogue that does not name its root has another mistake.
    if provided.source is not None and provided.root:
        home = provided.source.path.parent
        yield from _by_catalogue(home, normal(Path(provided.root)), normal(path))
        if file.is_relative_to(home):
            return
    from_git = mapping(entry.spec.get("sourceRef")).get("kind") == "GitRepository"
    top = _git_top(file) if from_git else None
    # The root of the disk is no repository, and has folders of its own.
    for folder in (top,) if top else list(file.parents)[:-1]:
        yield folder, path


def _by_catalogue(home: Path, root: Path, wanted: Path) -> Iterator[tuple[Path, Path]]:
    """The repository above the catalogue; the catalogue's own folder when it was copied elsewhere."""
    if home.parts[len(home.parts) - len(root.parts) :] == root.parts:
        yield Path(*home.parts[: len(home.parts) - len(root.parts)]), wanted
    elif wanted.is_relative_to(root):
        yield home, wanted.relative_to(root)


def _git_top(file: Path) -> Path | None:
    # A folder, or a file in a worktree and a submodule.
    return next((folder for folder in file.parents if (folder / ".git").exists()), None)


def normal(path: Path) -> Path:
    """Without `.` and `..`; Path.resolve would follow the links that Flux drops."""
    return Path(os.path.normpath(path))
