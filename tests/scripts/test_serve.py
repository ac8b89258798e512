"""serve.sh: password, start directory, what is missing, and the duties of PID 1."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from workbench.packages import path_without
from workbench.pod import PASSWORD, Pod, Result
from workbench.waiting import wait_until


def serve(pod: Pod, *command: str, **settings: str) -> Result:
    return pod.finish(pod.start("serve.sh", *command, **settings), 20)


def started(pod: Pod, script: str) -> subprocess.Popen[str]:
    """Starts a shell child under serve.sh and waits until the child has made the file `up`."""
    process = pod.start("serve.sh", "sh", "-c", f"{script}", WORKSPACE_DIRECTORY=str(pod.home))
    wait_until((pod.home / "up").exists, "the start of the child", process)
    return process


def test_no_command_is_a_usage_error(pod: Pod) -> None:
    serve(pod).expect(64, "usage: serve.sh COMMAND")


@pytest.mark.parametrize("password", ["", "\n", "\r\n", "  \n"])
@pytest.mark.fault("password-empty")
def test_empty_password_refuses_to_start(pod: Pod, password: str) -> None:
    proof = pod.home / "ran"
    serve(pod, "touch", str(proof), OPENCODE_SERVER_PASSWORD=password).expect(78, "empty")
    assert not proof.exists()


@pytest.mark.fault("password-empty")
def test_unset_password_refuses_to_start(pod: Pod) -> None:
    del pod.environment["OPENCODE_SERVER_PASSWORD"]
    serve(pod, "true").expect(78, "SERVER_PASSWORD")


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_line_ends_are_removed_from_the_password(pod: Pod, end: str) -> None:
    seen = pod.home / "seen"
    command = f'printf %s "$OPENCODE_SERVER_PASSWORD" >{seen}'
    serve(pod, "sh", "-c", command, OPENCODE_SERVER_PASSWORD=PASSWORD + end).expect(0)
    assert seen.read_text() == PASSWORD


def test_command_starts_in_the_workspace(pod: Pod) -> None:
    pod.bootstrap().expect(0)
    serve(pod, "pwd").expect(0, f"{pod.directory}\n")


def test_missing_workspace_is_reported_and_the_server_started(pod: Pod) -> None:
    result = serve(pod, "pwd")
    result.expect(0, "does not exist", "starting in /\n")
    assert result.log.endswith("\n/\n")


def test_what_is_missing_is_told_in_one_line(pod: Pod, bench: Path) -> None:
    path = path_without(bench, "git", "rg", "ssh")
    result = serve(pod, "true", PATH=path, WORKSPACE_DIRECTORY=str(pod.home))
    result.expect(0, f"missing: git, ripgrep, ssh, a Git repository in {pod.home};")
    assert result.log.count("missing:") == 1


def test_nothing_is_said_when_nothing_is_missing(pod: Pod) -> None:
    pod.bootstrap().expect(0)
    (pod.root / "bin").mkdir()
    (pod.root / "bin" / "rg").symlink_to("/bin/true")
    path = f"{pod.root}/bin:{pod.environment['PATH']}"
    assert serve(pod, "true", PATH=path) == Result(0, "")


def test_printed_logs_do_not_grow_on_the_volume(pod: Pod) -> None:
    log = pod.home / ".local/share/opencode/log/opencode.log"
    serve(pod, "sh", "-c", f"mkdir -p {log.parent} && echo earlier >{log}").expect(0)
    serve(pod, "sh", "-c", f"echo line >>{log}", OPENCODE_PRINT_LOGS="1").expect(0)
    assert log.is_symlink()
    assert log.readlink() == Path("/dev/null")


def test_logs_that_are_not_printed_are_kept_on_the_volume(pod: Pod) -> None:
    serve(pod, "true").expect(0)
    assert not (pod.home / ".local").exists()


def test_missing_command_is_named(pod: Pod) -> None:
    serve(pod, "no-such-server").expect(127, "no-such-server does not exist in this image")


def test_command_that_cannot_be_run_gives_126(pod: Pod) -> None:
    pod.write(pod.home / "server", "#!/bin/sh\n", 0o644)
    serve(pod, str(pod.home / "server")).expect(126)


@pytest.mark.parametrize("code", [0, 1, 3, 143])
def test_exit_code_of_the_command_is_passed_on(pod: Pod, code: int) -> None:
    serve(pod, "sh", "-c", f"exit {code}").expect(code)


@pytest.mark.fault("crashed")
def test_crash_of_the_command_gives_its_signal(pod: Pod) -> None:
    serve(pod, "sh", "-c", "kill -KILL $$").expect(128 + signal.SIGKILL)


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 143), (signal.SIGHUP, 129)]
)
@pytest.mark.fault("deleted")
def test_signal_ends_the_command(pod: Pod, sent: signal.Signals, code: int) -> None:
    process = started(pod, "touch up; exec sleep 60")
    process.send_signal(sent)
    pod.finish(process, 20).expect(code)


def test_command_may_finish_its_work_after_a_signal(pod: Pod) -> None:
    script = "trap 'sleep 0.2; touch saved; exit 7' TERM; touch up; while :; do sleep 0.02; done"
    process = started(pod, script)
    process.send_signal(signal.SIGTERM)
    pod.finish(process, 20).expect(7)
    assert (pod.home / "saved").exists()


def test_second_signal_reaches_the_command_too(pod: Pod) -> None:
    script = (
        "trap 'n=$((n + 1)); [ $n -lt 2 ] || exit 9; touch first' TERM; n=0; "
        "touch up; while :; do sleep 0.02; done"
    )
    process = started(pod, script)
    process.send_signal(signal.SIGTERM)
    wait_until((pod.home / "first").exists, "the first signal", process)
    process.send_signal(signal.SIGTERM)
    pod.finish(process, 20).expect(9)


def test_orphans_are_reaped(pod: Pod) -> None:
    script = "(sleep 0.05 & echo $! >orphan) ; touch up; exec sleep 60"
    pod.adopt_orphans()
    process = started(pod, script)
    orphan = Path("/proc") / (pod.home / "orphan").read_text().strip()
    try:
        wait_until(lambda: not orphan.exists(), "the reaping of the orphan")
    finally:
        process.send_signal(signal.SIGTERM)
    pod.finish(process, 20).expect(143)
