"""tools/image.sh says what it needs instead of failing half-way."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def clone(repository: Path, tmp_path: Path) -> Path:
    """What tools/image.sh reads of the repository."""
    shutil.copytree(repository / "images/workspace", tmp_path / "images/workspace")
    (tmp_path / "tools").mkdir()
    shutil.copy(repository / "tools/image.sh", tmp_path / "tools")
    return tmp_path


def run(clone: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [clone / "tools/image.sh", *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
    )


def test_who_is_not_root_is_told_so(clone: Path) -> None:
    (clone / "bin").mkdir()
    (clone / "bin/id").write_text("#!/bin/sh\necho 1000\n")
    (clone / "bin/id").chmod(0o755)
    done = run(clone, PATH=f"{clone / 'bin'}:{os.environ['PATH']}")
    assert (done.returncode, done.stdout) == (1, "")
    assert "run the tests as root" in done.stderr


def test_unknown_argument_is_named(clone: Path) -> None:
    done = run(clone, "bases")
    assert done.returncode == 1
    assert "unknown argument 'bases'" in done.stderr


def test_change_of_the_image_asks_for_another_archive(repository: Path, clone: Path) -> None:
    """Given an archive for today's content, a clone with a changed Dockerfile does not take it."""
    names = []
    for change in ("", "# changed\n"):
        with (clone / "images/workspace/Dockerfile").open("a") as dockerfile:
            dockerfile.write(change)
        trace = subprocess.run(
            ["sh", "-x", clone / "tools/image.sh", "unknown"], capture_output=True, text=True
        ).stderr
        names.append([line for line in trace.splitlines() if line.startswith("+ archive=")])
    assert len(names[0]) == 1
    assert names[0] != names[1]
