"""Bare repositories the servers offer, and small Git helpers to make and change them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from .packages import program

FILES = 12


def quiet_environment() -> dict[str, str]:
    """Environment of the tests' own Git calls: no configuration but this one."""
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_AUTHOR_NAME": "Test",
        "GIT_AUTHOR_EMAIL": "test@localhost",
        "GIT_COMMITTER_NAME": "Test",
        "GIT_COMMITTER_EMAIL": "test@localhost",
        "GIT_ALLOW_PROTOCOL": "file",
        # The work trees belong to the pod's uid, the tests may run as root.
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }


def git(directory: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """Output of a Git command in a directory, stripped; CalledProcessError when it fails."""
    done = subprocess.run(
        [program("git"), "-C", str(directory), *arguments],
        env={**quiet_environment(), **(environment or {})},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def commit(directory: Path, name: str, content: str) -> str:
    """Writes a file, commits it, and gives the commit's id."""
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    git(directory, "add", "--force", name)
    git(directory, "commit", "--quiet", "--message", f"Change {name}")
    return git(directory, "rev-parse", "HEAD")


def _new_work_tree(path: Path) -> Path:
    path.mkdir(parents=True)
    git(path, "init", "--quiet", "--initial-branch", "main")
    return path


def _publish(work_tree: Path, bare: Path) -> None:
    git(work_tree.parent, "clone", "--quiet", "--bare", str(work_tree), str(bare))
    git(bare, "config", "uploadpack.allowFilter", "true")
    git(bare, "remote", "remove", "origin")


def make_project(scratch: Path, bare: Path) -> None:
    """FILES files on main, one more on dev, tag v1."""
    work_tree = _new_work_tree(scratch / "project")
    for number in range(FILES):
        (work_tree / f"file-{number:03}.txt").write_text(f"{number}\n" * 200)
    git(work_tree, "add", "--all")
    git(work_tree, "commit", "--quiet", "--message", "Start")
    commit(work_tree, "README.md", "first\n")
    git(work_tree, "tag", "v1")
    git(work_tree, "switch", "--quiet", "--create", "dev")
    commit(work_tree, "dev.txt", "dev\n")
    git(work_tree, "switch", "--quiet", "main")
    _publish(work_tree, bare)


def make_superproject(scratch: Path, bare: Path, project: Path) -> None:
    """A repository with `project` as the submodule `part`, by a relative URL."""
    work_tree = _new_work_tree(scratch / "superproject")
    git(work_tree, "submodule", "--quiet", "add", str(project), "part")
    git(work_tree, "config", "--file", ".gitmodules", "submodule.part.url", f"../{project.name}")
    git(work_tree, "add", "--all")
    git(work_tree, "commit", "--quiet", "--message", "Start")
    _publish(work_tree, bare)


def make_headless(scratch: Path, bare: Path) -> None:
    """A repository whose HEAD names a branch that does not exist."""
    work_tree = _new_work_tree(scratch / "headless")
    commit(work_tree, "README.md", "first\n")
    _publish(work_tree, bare)
    git(bare, "symbolic-ref", "HEAD", "refs/heads/gone")


def make_all(root: Path, scratch: Path) -> None:
    """project.git, empty.git, superproject.git, headless.git below `root`."""
    root.mkdir()
    make_project(scratch, root / "project.git")
    make_superproject(scratch, root / "superproject.git", root / "project.git")
    make_headless(scratch, root / "headless.git")
    git(root, "init", "--quiet", "--bare", "--initial-branch", "main", "empty.git")


def push_commit(bare: Path, scratch: Path, name: str, content: str) -> str:
    """Adds a commit to main of a bare repository; gives its id."""
    work_tree = scratch / f"pusher-{bare.name}"
    if not work_tree.exists():
        git(scratch, "clone", "--quiet", str(bare), str(work_tree))
    made = commit(work_tree, name, content)
    git(work_tree, "push", "--quiet", "origin", "main")
    return made
