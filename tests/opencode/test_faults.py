"""OpenCode itself at work when something breaks: what it has said yes to is there afterwards."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.opencode.pod.workspace import Served, Workspace
from tests.pages.reliability import KEPT
from workbench.belongings import KINDS, Belongings, look
from workbench.packages import program
from workbench.waiting import wait_until

pytestmark = pytest.mark.slow

LOGIN = {"type": "api", "key": "only-for-this-test"}
SIZE = 64 * 2**20
# Of these OpenCode's own files, which change whenever it runs, are no part: its sessions are asked for.
COMPARED = ("workspace/", ".local/share/opencode/auth.json")


@dataclass(frozen=True)
class Work:
    """What is on a volume: its files, and the sessions that OpenCode has confirmed, by id."""

    files: Belongings
    sessions: set[str]


def listed(served: Served, workspace: Workspace) -> set[str]:
    """Ids of the sessions that OpenCode knows."""
    answer = served.client.ask("/session?limit=1000000", directory=workspace.directory)
    return {session["id"] for session in answer.json}


def new_session(served: Served, workspace: Workspace) -> str:
    """Makes a session; gives its id once OpenCode has confirmed it."""
    answer = served.client.ask("/session", method="POST", body={}, directory=workspace.directory)
    return str(answer.json["id"])


def work_on(served: Served, workspace: Workspace) -> Work:
    """A session, a login and a file that is not committed."""
    session = new_session(served, workspace)
    served.client.ask("/auth/anthropic", method="PUT", body=LOGIN)
    (workspace.home / "workspace/draft.txt").write_text("not committed\n")
    return Work(look(workspace.home), {session})


@pytest.fixture
def assert_kept(
    record_property: Callable[[str, object], None],
) -> Callable[[Workspace, Work], None]:
    """assert_kept(workspace, work): the next start of both containers has all of it."""

    def compare(workspace: Workspace, work: Work) -> None:
        workspace.bootstrap()
        lost = work.files.lost(look(workspace.home))
        assert [line for line in lost if line.startswith(COMPARED)] == []
        with workspace.serve() as served:
            assert work.sessions <= listed(served, workspace)
        record_property(KEPT, ", ".join(KINDS))

    return compare


@contextmanager
def busy(served: Served, workspace: Workspace, made: set[str]) -> Iterator[None]:
    """Makes session after session until OpenCode is gone; those that it confirmed are in `made`."""

    def work() -> None:
        with contextlib.suppress(OSError, HTTPException, AssertionError):
            while True:
                made.add(new_session(served, workspace))

    thread = threading.Thread(target=work)
    thread.start()
    yield
    thread.join()


@pytest.mark.fault("killed-opencode")
@pytest.mark.parametrize("seconds", [0.1, 0.3, 0.7, 1.5])
def test_what_opencode_confirmed_survives_a_kill_in_the_middle_of_work(
    cloned: Workspace, assert_kept: Callable[[Workspace, Work], None], seconds: float
) -> None:
    with cloned.serve() as served:
        work = work_on(served, cloned)
        before = len(work.sessions)
        with busy(served, cloned, work.sessions):
            wait_until(lambda: len(work.sessions) > before, "the first session of many")
            time.sleep(seconds)
            served.pod.signal(signal.SIGKILL)
        served.pod.wait()
    assert_kept(cloned, work)


@pytest.mark.fault("full-restart")
def test_what_opencode_confirmed_survives_a_full_volume(
    cloned: Workspace, assert_kept: Callable[[Workspace, Work], None]
) -> None:
    with small_volume(cloned.home):
        cloned.bootstrap()
        with cloned.serve() as served:
            work = work_on(served, cloned)
            ballast = cloned.home / "ballast"
            fill(ballast)
            with contextlib.suppress(OSError, HTTPException, AssertionError):
                for _ in range(20):
                    work.sessions.add(new_session(served, cloned))
            served.pod.signal(signal.SIGKILL)
            served.pod.wait()
        ballast.unlink()
        assert_kept(cloned, work)


@contextmanager
def small_volume(home: Path) -> Iterator[None]:
    """The pod's volume is a file system of SIZE bytes until the block ends."""
    owner = home.stat()
    options = f"size={SIZE},uid={owner.st_uid},gid={owner.st_gid},mode=0770"
    subprocess.run([program("mount"), "-t", "tmpfs", "-o", options, "tmpfs", home], check=True)
    try:
        yield
    finally:
        subprocess.run([program("umount"), "--lazy", home], check=True)


def fill(ballast: Path) -> None:
    """Leaves no byte on the volume; AssertionError if there is no end to it."""
    command = [program("dd"), "if=/dev/zero", f"of={ballast}", "bs=4096", f"count={SIZE // 4096}"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "No space left" in done.stderr
