"""The pod with OpenCode in it: what runs is the rendered Deployment and the binary users get."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.opencode.pod.fixtures import cloned, name_server, place, release, ssh, workspace
from tests.opencode.pod.sandbox import Root
from tests.opencode.pod.workspace import Served, Workspace
from workbench.sshd import SshServer

__all__ = ["cloned", "name_server", "place", "release", "ssh", "workspace"]


@pytest.fixture(scope="session")
def opencode(repository: Path) -> Path:
    """The OpenCode of the workspace image, fetched when it is not there."""
    done = subprocess.run([repository / "tools/opencode.sh"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@pytest.fixture(scope="session")
def root(opencode: Path, name_server: Path) -> Root:
    """This machine's programs and OpenCode, as the root of a container."""
    extra = {"/etc/resolv.conf": name_server, "/opt/opencode/opencode": opencode}
    return Root(Path("/"), {"PATH": "/opt/opencode:/usr/bin:/bin", "TMPDIR": "/tmp"}, extra)


@pytest.fixture(scope="session")
def served(
    release: Callable[[str], Workspace],
    ssh: SshServer,
) -> Iterator[Served]:
    """A workspace with a clone of project.git that all tests of one worker talk to."""
    shared = release("shared")
    shared.use(ssh)
    shared.bootstrap()
    with shared.serve() as running:
        yield running
