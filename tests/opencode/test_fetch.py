"""tools/opencode.sh takes nothing but the OpenCode whose checksum the image has too."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

# Writes an archive of its own making where npm would write the package.
NPM = """
while [ "$1" != --pack-destination ]; do shift; done
mkdir -p "$TMPDIR/package/bin"
echo 'echo not OpenCode' >"$TMPDIR/package/bin/opencode"
version=${3##*@}
tar -czf "$2/${3%@*}-$version.tgz" -C "$TMPDIR" package
"""


@pytest.fixture
def clone(repository: Path, tmp_path: Path) -> Path:
    """What tools/opencode.sh reads of the repository, and an npm with a package of its own."""
    for name in (
        "images/workspace/Dockerfile",
        "images/workspace/opencode.sha256",
        "tools/opencode.sh",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(repository / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/npm").write_text(f"#!/bin/sh\n{NPM}")
    (tmp_path / "bin/npm").chmod(0o755)
    return tmp_path


def fetch(clone: Path) -> subprocess.CompletedProcess[str]:
    path = f"{clone / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(
        [clone / "tools/opencode.sh"],
        env={"PATH": path, "TMPDIR": str(clone)},
        capture_output=True,
        text=True,
    )


def test_package_with_other_bytes_is_refused(clone: Path) -> None:
    for _ in range(2):
        done = fetch(clone)
        assert done.returncode == 1
        assert done.stdout == ""
        assert (
            "is not the file whose checksum is in images/workspace/opencode.sha256" in done.stderr
        )


def test_package_with_the_right_bytes_is_unpacked(clone: Path) -> None:
    """The stand-in's package passes once its checksum is the pinned one."""
    sums = clone / "images/workspace/opencode.sha256"
    fetch(clone)
    (archive,) = (clone / ".cache/tools").glob("*.part/*.tgz")
    checksum = subprocess.check_output(["sha256sum", archive], text=True).split()[0]
    lines = [line.split() for line in sums.read_text().splitlines()]
    sums.write_text(
        "".join(
            f"{checksum if name.endswith('/' + archive.name) else known}  {name}\n"
            for known, name in lines
        )
    )
    # gzip notes the time: the same bytes come from the same archive alone.
    (clone / "bin/npm").write_text(
        f'#!/bin/sh\nwhile [ "$1" != --pack-destination ]; do shift; done\ncp {clone}/kept "$2/{archive.name}"\n'
    )
    shutil.copy(archive, clone / "kept")
    done = fetch(clone)
    assert done.returncode == 0, done.stderr
    assert "not OpenCode" in Path(done.stdout.strip()).read_text()
