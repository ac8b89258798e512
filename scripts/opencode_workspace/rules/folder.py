"""The files below the folder that is checked."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from opencode_workspace.rules.source import KUSTOMIZATION_FILES, Source

# Larger files are data; no manifest and no key is.
_LARGEST = 1_000_000
_ENVIRONMENTS = frozenset(("node_modules", "__pycache__"))


@dataclass
class Folder:
    """Files, each read once. root: the folder that is checked; others are read when referred to."""

    root: Path
    _sources: dict[Path, Source] = field(default_factory=dict)

    def source(self, path: Path) -> Source:
        """The file at `path`, which need not lie in the folder."""
        found = self._sources.get(path)
        if found is None:
            found = self._sources[path] = Source(path)
        return found

    def forget(self) -> None:
        """Drops what was read."""
        self._sources.clear()

    def files(self) -> Iterator[Path]:
        """Every file but those in hidden folders, of installed packages, and those that Git ignores.

        Symbolic links are not followed: Flux leaves them out of its source.
        """
        for path in _in_git(self.root) or _on_disk(self.root):
            if not path.is_symlink() and path.is_file() and path.stat().st_size <= _LARGEST:
                yield path

    def manifests(self) -> Iterator[Source]:
        """Its YAML files, those of Helm charts left out: their templates are not YAML yet."""
        charts: list[Path] = []
        for path in self.files():
            if path.suffix not in (".yaml", ".yml") and path.name not in KUSTOMIZATION_FILES:
                continue
            if any(path.is_relative_to(chart) for chart in charts):
                continue
            if (chart := _chart_above(path, self.root)) is not None:
                charts.append(chart)
                continue
            yield self.source(path)


def _in_git(root: Path) -> list[Path]:
    """Files that Git knows or would take, in order; none outside a work tree, or without git."""
    command = [
        "git",
        "-C",
        str(root),
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "-z",
    ]
    try:
        done = subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    names = sorted(set(os.fsdecode(done.stdout).split("\0")) - {""})
    return [root / name for name in names if all(map(_is_shown, Path(name).parts[:-1]))]


def _on_disk(root: Path) -> Iterator[Path]:
    for current, directories, names in os.walk(root):
        directories[:] = sorted(filter(_is_shown, directories))
        yield from (Path(current, name) for name in sorted(names))


def _is_shown(directory: str) -> bool:
    return not directory.startswith(".") and directory not in _ENVIRONMENTS


def _chart_above(path: Path, root: Path) -> Path | None:
    for folder in path.parents:
        if (folder / "Chart.yaml").is_file():
            return folder
        if folder == root:
            break
    return None
