"""Stopped while something runs, or while nothing does: the end is in order, and told in one line."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from workbench.packages import program
from workbench.pod import DASH, Pod
from workbench.waiting import wait_until

# Takes its time when it is told to end, and then tells that it has.
SLOW_TO_END = (
    "trap 'touch $HOME/asked; sleep 0.2; touch $HOME/ended; exit 1' TERM\n"
    "touch $HOME/up; while :; do sleep 0.02; done"
)


def up(pod: Pod) -> bool:
    return (pod.home / "up").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.fault("stopped")
def test_what_runs_may_end_in_order_and_later_signals_change_nothing(
    ssh_pod: Pod, number: signal.Signals
) -> None:
    ssh_pod.put_program("git", SLOW_TO_END)
    process = ssh_pod.start("bootstrap.sh")
    wait_until(lambda: up(ssh_pod), "the start of git", process)
    process.send_signal(number)
    wait_until((ssh_pod.home / "asked").exists, "the end of git", process)
    later = signal.SIGINT if number == signal.SIGTERM else signal.SIGTERM
    process.send_signal(later)
    result = ssh_pod.finish(process)
    assert (result.code, result.log) == (128 + number, f"bootstrap: stopped by {number.name}\n")
    assert (ssh_pod.home / "ended").exists(), "git was left behind"
    assert ssh_pod.leftovers() == []


@pytest.mark.fault("stopped")
def test_update_that_runs_may_end_in_order(cloned_pod: Pod) -> None:
    fetch = f'case "$*" in *\\ fetch\\ *) {SLOW_TO_END} ;; esac'
    cloned_pod.put_program("git", f'{fetch}; exec {program("git")} "$@"')
    process = cloned_pod.start("bootstrap.sh", WORKSPACE_UPDATE="fetch")
    wait_until(lambda: up(cloned_pod), "the start of git fetch", process)
    process.send_signal(signal.SIGTERM)
    result = cloned_pod.finish(process)
    kept = f"bootstrap: {cloned_pod.directory} holds a repository; kept as it is\n"
    assert (result.code, result.log) == (143, f"{kept}bootstrap: stopped by SIGTERM\n")
    assert (cloned_pod.home / "ended").exists(), "git was left behind"


@pytest.mark.parametrize("shell", [DASH], ids=["dash"])  # busybox takes no other dd
@pytest.mark.fault("stopped")
def test_stop_while_nothing_runs_is_told_in_one_line(pod: Pod) -> None:
    pod.put_program("dd", f"touch {pod.home}/up; sleep 0.2")
    process = pod.start("bootstrap.sh")
    wait_until(lambda: up(pod), "the probe of the volume", process)
    process.send_signal(signal.SIGTERM)
    result = pod.finish(process)
    assert (result.code, result.log) == (143, "bootstrap: stopped by SIGTERM\n")


@pytest.mark.parametrize("shell", [DASH], ids=["dash"])  # busybox takes no other sync
@pytest.mark.parametrize("code", [1, 2])
def test_what_nobody_thought_of_ends_the_start_and_asks_for_a_report(pod: Pod, code: int) -> None:
    pod.put_program("sync", f"exit {code}")
    # Not by pod.finish, which takes such a code for a mistake in the script, as it is everywhere else.
    process = pod.start("bootstrap.sh")
    log, _ = process.communicate(timeout=60)
    assert process.returncode == code
    assert f"internal error (exit {code}); please report it" in log
    assert not Path(pod.directory).exists()
