"""The workspace image, built by tools/image.sh when it is not there, and unpacked."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.image.archive import Image, unpack
from tests.opencode.pod.fixtures import cloned, name_server, place, release, ssh, workspace
from tests.opencode.pod.sandbox import Root

__all__ = ["cloned", "name_server", "place", "release", "ssh", "workspace"]


@pytest.fixture(scope="session")
def archive(repository: Path) -> Path:
    """The image as build.sh writes it with --archive."""
    # pytest's time limit is for the test, not for a build that happens once.
    done = subprocess.run([repository / "tools/image.sh"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@pytest.fixture(scope="session")
def image(archive: Path) -> Image:
    """The image's files and configuration."""
    assert os.geteuid() == 0, "an image is unpacked with its owners: run the slow tests as root"
    return unpack(archive)


@pytest.fixture(scope="session")
def root(image: Image, name_server: Path) -> Root:
    """The image as the root of a container."""
    return Root(image.folder, image.environment, {"/etc/resolv.conf": name_server})
