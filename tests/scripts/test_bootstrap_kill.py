"""Killed, stopped or kept waiting at any instant: no clone or a whole one, and then a whole one."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest

from workbench.pod import Pod, Shell
from workbench.remotes import FILES, git
from workbench.silent import silent_server
from workbench.waiting import wait_until

# Instants as parts of the time that a whole start takes.
PARTS = [0.25, 0.5, 0.75]
MORE_PARTS = [n / 50 for n in range(1, 51)]


def assert_whole(pod: Pod) -> None:
    assert git(pod.directory, "status", "--porcelain") == ""
    assert len(list(pod.directory.glob("file-*.txt"))) == FILES
    git(pod.directory, "fsck", "--strict")


@pytest.mark.parametrize(
    "part", [*PARTS, *(pytest.param(part, marks=pytest.mark.slow) for part in MORE_PARTS)]
)
@pytest.mark.fault("killed-clone")
def test_kill_leaves_no_clone_or_a_whole_one(
    ssh_pod: Pod,
    start_seconds: Callable[[Shell], float],
    part: float,
    record_property: Callable[[str, object], None],
) -> None:
    seconds = part * start_seconds(ssh_pod.shell)
    process = ssh_pod.start("bootstrap.sh")
    time.sleep(seconds)
    ssh_pod.kill(process)
    ssh_pod.finish(process)
    found = "nothing yet"
    if ssh_pod.directory.exists():
        assert_whole(ssh_pod)
        found = "the whole clone"
    elif any(ssh_pod.home.glob(".opencode-clone.*")):
        found = "a part that is not in use"
    record_property("first clone killed (SIGKILL), and found", found)
    ssh_pod.bootstrap().expect(0)
    assert_whole(ssh_pod)
    assert ssh_pod.leftovers() == []


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
@pytest.mark.fault("stopped")
def test_signal_ends_a_waiting_start_and_cleans_up(
    ssh_pod: Pod, number: signal.Signals, code: int
) -> None:
    with silent_server() as server:
        url = f"ssh://git@127.0.0.1:{server.port}/project.git"
        process = ssh_pod.start("bootstrap.sh", WORKSPACE_REPOSITORY=url)
        wait_until(server.called.is_set, "the connection of ssh", process)
        process.send_signal(number)
        ssh_pod.finish(process, 20).expect(code, f"stopped by {number.name}\n")
    assert ssh_pod.leftovers() == []


@pytest.mark.fault("stopped")
def test_signal_ends_a_waiting_update_and_keeps_the_clone(cloned_pod: Pod) -> None:
    with silent_server() as server:
        url = f"ssh://git@127.0.0.1:{server.port}/project.git"
        git(cloned_pod.directory, "remote", "set-url", "origin", url)
        process = cloned_pod.start("bootstrap.sh", WORKSPACE_UPDATE="fetch")
        wait_until(server.called.is_set, "the connection of ssh", process)
        process.send_signal(signal.SIGTERM)
        cloned_pod.finish(process, 20).expect(143, "stopped by SIGTERM")
    assert_whole(cloned_pod)
    assert cloned_pod.leftovers() == []


@pytest.mark.fault("server-silent")
def test_ssh_server_that_never_answers_is_given_up(ssh_pod: Pod) -> None:
    ssh_pod.set_constant("bootstrap.sh", "connect_seconds", 1)
    with silent_server() as server:
        url = f"ssh://git@127.0.0.1:{server.port}/project.git"
        ssh_pod.bootstrap(WORKSPACE_REPOSITORY=url).expect(41, "stopped answering")


@pytest.mark.fault("server-silent")
def test_https_server_that_never_answers_is_given_up(https_pod: Pod) -> None:
    https_pod.set_constant("bootstrap.sh", "question_seconds", 1)
    with silent_server() as server:
        url = f"https://127.0.0.1:{server.port}/project.git"
        https_pod.bootstrap(WORKSPACE_REPOSITORY=url).expect(41, "stopped answering")
