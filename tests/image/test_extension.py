"""Does what docs/image.md says about tools of one's own give an image with them?"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.opencode.pod.sandbox import need_root
from workbench.packages import program

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

# One process tree with mounts of its own, so that they end with it, and a store that goes with the test.
# A process tree with mounts of its own, so that they end with it, and a store that goes with the test.
BUILD = """
set -e
name=$(buildah pull --quiet "docker-archive:$ARCHIVE")
sed -i "s#^FROM .*#FROM $name#" Dockerfile
buildah build --isolation chroot --network host --tag extended .
"""
# Runs as whoever the page's Dockerfile ends with.
LOOK = (
    "RUN for name in nano python3 opencode; do echo found $(command -v $name) as $(id -u); done\n"
)


def dockerfile(page: Path) -> str:
    """The Dockerfile on the page."""
    found = re.findall(r"(?s)```dockerfile\n(.*?)```", page.read_text())
    assert len(found) == 1, f"{page} has {len(found)} Dockerfiles, not one"
    return str(found[0])


def test_tools_of_ones_own_are_in_the_image_and_its_user_is_a_number(
    repository: Path, archive: Path, tmp_path: Path
) -> None:
    need_root()
    text = dockerfile(repository / "docs/image.md")
    assert text.rstrip().endswith("USER 1000:1000"), "Kubernetes takes a number for not root only"
    (tmp_path / "Dockerfile").write_text(text + LOOK)
    store = tmp_path / "storage.conf"
    store.write_text(
        f'[storage]\ndriver = "vfs"\ngraphroot = "{tmp_path}/store"\nrunroot = "{tmp_path}/run"\n'
    )
    done = subprocess.run(
        [program("unshare"), "--mount", "--propagation", "private", "sh", "-c", BUILD],
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "CONTAINERS_STORAGE_CONF": str(store),
            "TMPDIR": str(tmp_path),
            "ARCHIVE": str(archive),
        },
        capture_output=True,
        text=True,
    )
    subprocess.run(["rm", "-rf", "--one-file-system", tmp_path / "store"], check=True)
    assert done.returncode == 0, done.stderr
    programs = ("/usr/bin/nano", "/usr/bin/python3", "/usr/local/bin/opencode")
    for program_path in programs:
        assert f"found {program_path} as 1000" in done.stdout
