"""One change of files, as the tests of faults make it: what is there before, and after."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from opencode_workspace import files

P = PurePosixPath
COUNT = 5
OLD = {P(f"{number}/x.yaml"): b"old" * 10 for number in range(COUNT)}
NEW = {**dict.fromkeys(OLD, b"new" * 10), P("fresh/x.yaml"): b"new" * 10}
REMOVED = P("0/gone.yaml")
OLD_TREE = {**{str(path): data for path, data in OLD.items()}, str(REMOVED): b"gone"}
NEW_TREE = {str(path): data for path, data in NEW.items()}


def fill(root: Path) -> Path:
    """Makes the tree as it is before the change."""
    files.replace(root, {**OLD, REMOVED: b"gone"}, ())
    return root


def tree(root: Path) -> dict[str, bytes]:
    """What each file below `root` holds, by path."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }
