"""How a workspace ends, and what of it is there again afterwards."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.opencode.pod.workspace import Served, Workspace
from workbench.remotes import git

pytestmark = pytest.mark.slow

# It takes less than two; other tests run beside this one.
SECONDS, MARGIN = 2, 5
LOGIN = {"type": "api", "key": "only-for-this-test"}


def sessions(served: Served, workspace: Workspace) -> dict[str, str]:
    """Title of each session of the project, by id."""
    listed = served.client.ask("/session", directory=workspace.directory).json
    return {session["id"]: session["title"] for session in listed}


def use(served: Served, workspace: Workspace) -> None:
    """Makes a session, a login and a file that is not committed."""
    directory = workspace.directory
    made = served.client.ask(
        "/session", method="POST", body={"title": "Kept"}, directory=directory
    ).json
    assert made["directory"] == directory
    assert served.client.ask("/auth/anthropic", method="PUT", body=LOGIN).json is True
    (workspace.home / "workspace/draft.txt").write_text("not committed\n")


@pytest.mark.fault("deleted")
def test_sigterm_ends_the_workspace_before_the_kubelet_kills_it(
    cloned: Workspace, record_property: Callable[[str, object], None]
) -> None:
    with cloned.serve() as served:
        served.client.ask("/project/current", directory=cloned.directory)
        began = time.monotonic()
        served.pod.signal(signal.SIGTERM)
        code = served.pod.wait()
        taken = time.monotonic() - began
        record_property("OpenCode, from SIGTERM to its end", f"{taken:.2f} s")
        assert taken < MARGIN * SECONDS
        assert code == 128 + signal.SIGTERM, served.pod.log
        assert served.pod.processes() == {}


@pytest.mark.fault("deleted")
def test_sigterm_ends_the_workspace_while_a_terminal_is_open(cloned: Workspace) -> None:
    with cloned.serve() as served, served.client.terminal(cloned.directory):
        served.pod.signal(signal.SIGTERM)
        assert served.pod.wait() == 128 + signal.SIGTERM, served.pod.log


@pytest.mark.fault("crashed")
def test_crash_of_opencode_ends_the_pod_with_its_status(cloned: Workspace) -> None:
    with cloned.serve() as served:
        os.kill(served.pod.named("opencode"), signal.SIGKILL)
        assert served.pod.wait() == 128 + signal.SIGKILL, served.pod.log


@pytest.mark.fault("killed-opencode")
def test_sessions_login_and_work_survive_sigkill_and_restart(cloned: Workspace) -> None:
    with cloned.serve() as served:
        use(served, cloned)
        before = sessions(served, cloned)
        assert list(before.values()) == ["Kept"]
        served.pod.signal(signal.SIGKILL)
        served.pod.wait()
    cloned.bootstrap()
    with cloned.serve() as served:
        assert sessions(served, cloned) == before
        connected = served.client.ask("/provider", directory=cloned.directory).json["connected"]
        assert "anthropic" in connected
    auth = json.loads((cloned.home / ".local/share/opencode/auth.json").read_text())
    assert auth == {"anthropic": LOGIN}
    assert git(cloned.home / "workspace", "status", "--porcelain") == "?? draft.txt"


def test_new_volume_has_no_session(cloned: Workspace) -> None:
    """What the test above would find if nothing survived."""
    with cloned.serve() as served:
        assert sessions(served, cloned) == {}
