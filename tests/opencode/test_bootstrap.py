"""The init container as rendered: uid 1000, read-only root, files and environment of the chart."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.opencode.pod.sandbox import Root, running
from tests.opencode.pod.workspace import Workspace
from workbench.packages import program
from workbench.remotes import git
from workbench.sshd import SshServer

pytestmark = pytest.mark.slow

SHELLS = {"dash": ("dash",), "busybox": ("busybox", "sh")}


def start(workspace: Workspace, root: Root, shell: str) -> str:
    """Runs the init container with another `sh` to its end; gives its log."""
    rendered = workspace.volumes.container("init-workspace")
    assert rendered.command[0] == "sh"
    found, *options = SHELLS[shell]
    command = (program(found), *options, *rendered.command[1:])
    container = dataclasses.replace(rendered, command=command)
    # Git servers of the tests listen on this machine's loopback.
    with running(container, root, workspace.folder / "init.log", "host") as pod:
        assert pod.wait(60) == 0, pod.log
        return pod.log


@pytest.mark.fault("server-gone")
@pytest.mark.parametrize("shell", SHELLS)
def test_init_container_clones_and_starts_again_without_its_key(
    workspace: Workspace, root: Root, ssh: SshServer, shell: str
) -> None:
    workspace.use(ssh)
    assert "cloning" in start(workspace, root, shell)
    wanted = git(ssh.root / "project.git", "rev-parse", "main")
    assert git(workspace.home / "workspace", "rev-parse", "HEAD") == wanted
    assert owners(workspace.home) == {1000}
    del workspace.secret["GIT_DEPLOY_KEY"]
    (workspace.folder / "deploy-key" / "id").unlink()
    assert "kept as it is" in start(workspace, root, shell)


def owners(folder: Path) -> set[int]:
    """Uids that files on the volume belong to."""
    return {path.lstat().st_uid for path in folder.rglob("*")}
