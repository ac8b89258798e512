"""The files below the folder that is checked."""

from __future__ import annotations

import errno
import os
import re
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from opencode_workspace.rules.source import KUSTOMIZATION_FILES, Source

# Larger files are data; no manifest and no key is.
_LARGEST = 1_000_000
# What git says of a folder that it may not read; its exit code says nothing.
_CLOSED = re.compile(r"^warning: could not open directory '(.+)': Permission denied$", re.MULTILINE)
_ENVIRONMENTS = frozenset(("node_modules", "__pycache__"))


@dataclass
class Folder:
    """Files, each read once. root: the folder that is checked; others are read when referred to."""

    root: Path
    _sources: dict[Path, Source] = field(default_factory=dict)
    _closed: dict[Path, str] = field(default_factory=dict)

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
        for path in _in_git(self.root, self._close) or _on_disk(self.root, self._close):
            if self._is_wanted(path):
                yield path

    @property
    def closed(self) -> list[str]:
        """One sentence for each file and folder that may not be read, of those that were come across."""
        return [
            f"{path}: cannot be read: {reason}. Make it readable"
            for path, reason in sorted(self._closed.items())
        ]

    def is_closed(self, folder: Path) -> bool:
        """Whether something in `folder` may not be read, or all of it."""
        return any(
            path.is_relative_to(folder) or folder.is_relative_to(path) for path in self._closed
        )

    def is_closed_file(self, name: str) -> bool:
        """Whether a file of that name may not be read."""
        return any(path.name == name for path in self._closed)

    def _is_wanted(self, path: Path) -> bool:
        try:
            state = path.lstat()
        except FileNotFoundError:
            return False
        except PermissionError as error:
            # Git knows the names in a folder that is closed.
            self._close(PermissionError(error.errno, error.strerror, str(path.parent)))
            return False
        except OSError:
            return False
        if not stat.S_ISREG(state.st_mode) or state.st_size > _LARGEST:
            return False
        if not os.access(path, os.R_OK):
            self._close(PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path)))
            return False
        return True

    def _close(self, error: OSError) -> None:
        self._closed[Path(error.filename)] = error.strerror or str(error)

    def manifests(self) -> Iterator[Source]:
        """Its YAML files, those of Helm charts left out: their templates are not YAML yet."""
        known: dict[Path, Path | None] = {}
        for path in self.files():
            if path.suffix not in (".yaml", ".yml") and path.name not in KUSTOMIZATION_FILES:
                continue
            if _chart_of(path.parent, self.root, known) is None:
                yield self.source(path)


def _in_git(root: Path, refused: Callable[[OSError], None]) -> list[Path]:
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
        done = subprocess.run(
            command, capture_output=True, check=True, env={**os.environ, "LC_ALL": "C"}
        )
    except (OSError, subprocess.CalledProcessError):
        return []
    for name in _CLOSED.findall(os.fsdecode(done.stderr)):
        refused(PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(root / name)))
    names = sorted(set(os.fsdecode(done.stdout).split("\0")) - {""})
    return [root / name for name in names if all(map(_is_shown, Path(name).parts[:-1]))]


def _on_disk(root: Path, refused: Callable[[OSError], None]) -> Iterator[Path]:
    for current, directories, names in os.walk(root, onerror=refused):
        directories[:] = sorted(filter(_is_shown, directories))
        yield from (Path(current, name) for name in sorted(names))


def _is_shown(directory: str) -> bool:
    return not directory.startswith(".") and directory not in _ENVIRONMENTS


def _chart_of(folder: Path, root: Path, known: dict[Path, Path | None]) -> Path | None:
    """The chart that a folder is in, if it is below `root`. known: answers for other folders."""
    if folder not in known:
        if (folder / "Chart.yaml").is_file():
            known[folder] = folder
        else:
            is_outermost = folder in (root, folder.parent)
            known[folder] = None if is_outermost else _chart_of(folder.parent, root, known)
    return known[folder]
