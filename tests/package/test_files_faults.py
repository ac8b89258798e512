"""Whatever the machine does while files change, the tree is as it was, or every file is old or new."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from opencode_workspace import files
from tests.package.change import COUNT, NEW, NEW_TREE, OLD_TREE, REMOVED, fill, tree

# Runs the same change in a process of its own, after `prelude` has arranged the fault.
CHILD = """
import errno, os, resource, signal, sys
from pathlib import Path, PurePosixPath as P
from opencode_workspace import files
from opencode_workspace.errors import UserError
root = Path(sys.argv[1])
size = 10
{prelude}
new = {{P(f"{{n}}/x.yaml"): b"new" * size for n in range({count})}} | {{P("fresh/x.yaml"): b"new" * size}}
try:
    files.replace(root, new, [P("0/gone.yaml")])
    print("done")
except UserError as error:
    print(f"refused: {{error}}")
except KeyboardInterrupt:
    print("interrupted")
"""
# Calls `fault` when `function` of Path is called for the `at`-th time.
NTH_CALL = """
calls = 0
original = Path.{function}
def counting(self, *arguments):
    global calls
    calls += 1
    if calls == {at}:
        {fault}
    return original(self, *arguments)
Path.{function} = counting
"""
KILL = "os.kill(os.getpid(), signal.SIGKILL)"


def _run(prelude: str, root: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", CHILD.format(prelude=prelude, count=COUNT), str(root)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == "", "a traceback on a fault is a bug"
    return done.stdout.strip()


@pytest.fixture
def public_root() -> Iterator[Path]:
    """A tree that another user may read and, by permission, write."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        root = fill(Path(directory) / "root")
        yield root


def _as_nobody() -> str:
    """Gives up root, whom permissions do not stop."""
    return "os.setgid(65534); os.setuid(65534)" if os.getuid() == 0 else ""


def test_without_a_fault_the_change_is_made(root: Path) -> None:
    assert _run("", root) == "done"
    assert tree(root) == NEW_TREE


def test_read_only_directory_changes_nothing(public_root: Path) -> None:
    for path in sorted(public_root.rglob("*"), reverse=True):
        if path.is_dir():
            path.chmod(0o555)
    public_root.chmod(0o777)
    said = _run(_as_nobody(), public_root)
    assert said.startswith("refused: ")
    assert "cannot be changed: Permission denied" in said
    assert tree(public_root) == OLD_TREE


def test_read_only_root_changes_nothing(public_root: Path) -> None:
    public_root.chmod(0o555)
    said = _run(_as_nobody(), public_root)
    public_root.chmod(0o755)
    assert "cannot be changed: Permission denied" in said
    assert tree(public_root) == OLD_TREE


def test_file_that_may_not_grow_changes_nothing(root: Path) -> None:
    limit = "size = 5000; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))"
    said = _run(limit, root)
    assert "cannot be changed: File too large" in said
    assert "nothing was changed" in said
    assert tree(root) == OLD_TREE
    assert not (root / "fresh").exists()


def test_full_disk_changes_nothing(tmp_path: Path) -> None:
    mounted = tmp_path / "disk"
    mounted.mkdir()
    options = ["-t", "tmpfs", "-o", "size=64k", "tmpfs", str(mounted)]
    if subprocess.run(["mount", *options], capture_output=True, check=False).returncode:
        # Without the right to mount, the process's own limit stands for the end of the disk.
        prelude = "size = 9000; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))"
        assert "cannot be changed" in _run(prelude, fill(mounted / "root"))
        assert tree(mounted / "root") == OLD_TREE
        return
    try:
        root = fill(mounted / "root")
        said = _run("size = 9000", root)
        assert "cannot be changed: No space left on device" in said
        assert tree(root) == OLD_TREE
        assert not (root / "fresh").exists()
        assert shutil.disk_usage(mounted).free > 20_000, "what was written is removed again"
    finally:
        subprocess.run(["umount", str(mounted)], check=True)


@pytest.mark.parametrize(("function", "at"), [("write_bytes", 3), ("replace", 1), ("replace", 4)])
def test_killed_process_leaves_every_file_old_or_new(function: str, at: int, root: Path) -> None:
    assert _run(NTH_CALL.format(function=function, at=at, fault=KILL), root) == ""
    left = {name: data for name, data in tree(root).items() if not name.startswith(".")}
    for name, data in left.items():
        assert data in (OLD_TREE.get(name), NEW_TREE.get(name)), f"{name} is neither old nor new"
    assert set(OLD_TREE) - {str(REMOVED)} <= set(left)
    files.replace(root, NEW, [REMOVED])
    assert tree(root) == NEW_TREE, "the next run completes the change and leaves no litter"
