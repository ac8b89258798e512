"""The text of every file below a folder, for a look at each; large files in pieces."""

from __future__ import annotations

import codecs
import contextlib
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

# Beyond, it is a disk image or an archive.
LARGEST = 20_000_000
_PIECE = 1_000_000
# Longer than any token, so that none is cut in two.
_OVERLAP = 10_000
# What tools install or keep for themselves; Git ignores them in a work tree that is set up.
_NOT_OURS = frozenset(
    (
        *(".git", "node_modules", "__pycache__", ".venv", ".tox", ".cache", ".mypy_cache"),
        *(".ruff_cache", ".pytest_cache", ".terraform", ".direnv"),
    )
)


class Piece(NamedTuple):
    """A part of a file: one character a byte, of which those from `end` on are in the next one too."""

    text: str
    line: int
    end: int


def files(root: Path) -> Iterator[Path]:
    """Every file that is or would be in Git, in hidden folders too; links are not followed."""
    for path in _in_git(root) or _on_disk(root):
        # Listed, it may be gone.
        with contextlib.suppress(OSError):
            if stat.S_ISREG(path.lstat().st_mode):
                yield path


def pieces(path: Path) -> Iterator[Piece]:
    """The text of a file, from its first line. Raises OSError when it cannot be read."""
    with path.open("rb") as file:
        data, line = file.read(_PIECE + _OVERLAP), 1
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text = (data + file.read()).decode("utf-16", "replace")
            yield Piece(text, line, len(text))
            return
        while data:
            more = file.read(_PIECE)
            # What is looked for is ASCII, which every other encoding has at the same places.
            text = data.decode("latin-1")
            end = _PIECE if more else len(text)
            yield Piece(text, line, end)
            line += text.count("\n", 0, end)
            data = data[_PIECE:] + more if more else b""


def _in_git(root: Path) -> list[Path]:
    # core.quotePath has no say with -z.
    names = ("git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    try:
        done = subprocess.run(names, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    found = sorted(set(os.fsdecode(done.stdout).split("\0")) - {""})
    return [root / name for name in found if _NOT_OURS.isdisjoint(Path(name).parts)]


def _on_disk(root: Path) -> Iterator[Path]:
    for current, directories, names in os.walk(root):
        directories[:] = sorted(set(directories) - _NOT_OURS)
        yield from (Path(current, name) for name in sorted(names))
