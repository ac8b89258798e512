"""Which files a directory's kustomization leads to, whether or not it can be built."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from opencode_workspace.rules.folder import Folder
from opencode_workspace.rules.source import KUSTOMIZATION_FILES, Source, mapping

_LISTS = ("resources", "components", "bases")


def reached(directory: Path, folder: Folder, components: tuple[str, ...] = ()) -> list[Source]:
    """Kustomizations and manifests that are part of `directory`, each once; what is missing is left out."""
    seen: dict[Path, Source] = {}
    visited: set[Path] = set()
    for start in (directory, *(_joined(directory, component) for component in components)):
        _visit(start, folder, seen, visited)
    return list(seen.values())


def _visit(directory: Path, folder: Folder, seen: dict[Path, Source], visited: set[Path]) -> None:
    if directory in visited or not directory.is_dir():
        return
    visited.add(directory)
    for path in children(directory, folder, seen):
        mode = _mode(path)
        if stat.S_ISDIR(mode):
            _visit(path, folder, seen, visited)
        elif stat.S_ISREG(mode):
            seen[path] = folder.source(path)


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        # It is not there, or in a folder that may not be read.
        return 0


def children(directory: Path, folder: Folder, seen: dict[Path, Source]) -> Iterator[Path]:
    """Files and directories that a directory leads to at once; its kustomization file goes into `seen`."""
    file = next((directory / n for n in KUSTOMIZATION_FILES if (directory / n).is_file()), None)
    if file is None:
        yield from _generated(directory)
        return
    source = seen[file] = folder.source(file)
    yield from listed_paths(source)


def listed_paths(kustomization: Source) -> Iterator[Path]:
    """What a kustomization file lists, whether or not it is there."""
    content = mapping(kustomization.documents[0]) if kustomization.documents else {}
    for name in _LISTS:
        listed = content.get(name)
        for entry in listed if isinstance(listed, list) else []:
            if isinstance(entry, str) and "://" not in entry:
                yield _joined(kustomization.path.parent, entry)


def _generated(directory: Path) -> Iterator[Path]:
    """What Flux takes when a directory has no kustomization: all YAML, and kustomizations below."""
    for current, directories, files in os.walk(directory):
        here = Path(current)
        if here != directory and any(name in files for name in KUSTOMIZATION_FILES):
            directories.clear()
            yield here
            continue
        yield from (here / name for name in sorted(files) if name.endswith((".yaml", ".yml")))


def _joined(directory: Path, entry: str) -> Path:
    # Path.resolve would follow the links that Flux drops.
    return Path(os.path.normpath(directory / entry))
