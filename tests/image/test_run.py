"""The image as a workspace: both containers of the rendered Deployment run in it."""

from __future__ import annotations

import dataclasses
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.image.archive import Image
from tests.opencode.pod.sandbox import Root, running
from tests.opencode.pod.workspace import Served, Workspace
from tests.support.opencode import FREE_PAGE, read_until
from workbench.remotes import git
from workbench.sshd import SshServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="session")
def served(release: Callable[[str], Workspace], ssh: SshServer) -> Iterator[Served]:
    """A workspace of the image with a clone of project.git."""
    shared = release("shared")
    shared.use(ssh)
    shared.bootstrap()
    with shared.serve() as running:
        yield running


def test_bootstrap_clones_a_repository_over_ssh(cloned: Workspace, ssh: SshServer) -> None:
    wanted = git(ssh.root / "project.git", "rev-parse", "main")
    assert git(cloned.home / "workspace", "rev-parse", "HEAD") == wanted


def test_bootstrap_makes_an_empty_repository_where_none_is_named(workspace: Workspace) -> None:
    workspace.bootstrap()
    assert git(workspace.home / "workspace", "rev-parse", "--is-inside-work-tree") == "true"


def test_server_asks_for_the_password(served: Served) -> None:
    assert served.stranger.ask("/global/health").status == 401
    assert served.stranger.ask(FREE_PAGE).status == 200
    assert served.client.ask("/global/health").json["healthy"] is True


def test_nothing_is_missing_that_serve_looks_for(served: Served) -> None:
    assert "missing:" not in served.pod.log


def test_repository_is_recognised(served: Served) -> None:
    project = served.client.ask("/project/current", directory=served.directory).json
    assert project["id"] != "global"
    assert project["worktree"] == served.directory


def test_search_works_without_a_download(served: Served) -> None:
    """The network is loopback alone: it is the image's rg that searches."""
    found = served.client.ask("/find", directory=served.directory, pattern=".").json
    assert found


def test_web_terminal_works(served: Served) -> None:
    with served.client.terminal(served.directory) as terminal:
        terminal.send("echo answer-$((6 * 7)) as $(id -u)=\n")
        read_until(terminal, "answer-42 as 1000=")


def test_web_terminal_finds_the_users_own_tools(served: Served, image: Image) -> None:
    with served.client.terminal(served.directory) as terminal:
        terminal.send("echo PATH'='$PATH=\n")
        read_until(terminal, f"PATH={image.environment['PATH']}=")


@pytest.mark.fault("deleted")
def test_sigterm_ends_the_workspace(cloned: Workspace) -> None:
    with cloned.serve() as served:
        served.pod.signal(signal.SIGTERM)
        assert served.pod.wait() == 128 + signal.SIGTERM, served.pod.log


def test_any_other_uid_will_do(workspace: Workspace, ssh: SshServer) -> None:
    ids = {"runAsUser": 4711, "runAsGroup": 4711, "fsGroup": 4711}
    workspace.values["defaultPodOptions"] = {"securityContext": ids}
    workspace.use(ssh)
    workspace.bootstrap()
    with workspace.serve() as served:
        assert served.client.ask("/vcs", directory=served.directory).json["branch"] == "main"


@pytest.mark.fault("deleted")
def test_image_started_by_hand_ends_on_sigterm(
    workspace: Workspace, image: Image, root: Root, tmp_path: Path
) -> None:
    """As docs/image.md says: no serve.sh, but the image's own PID 1."""
    rendered = workspace.volumes.container("app")
    command = (
        *image.settings["Entrypoint"],
        *rendered.command[rendered.command.index("opencode") :],
    )
    by_hand = dataclasses.replace(rendered, command=command)
    with running(by_hand, root, tmp_path / "log") as pod:
        assert workspace.connect(pod).stranger.ask("/global/health").status == 401
        pod.signal(signal.SIGTERM)
        assert pod.wait() == 128 + signal.SIGTERM, pod.log
