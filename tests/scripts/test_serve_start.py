"""serve.sh until its command runs: signals that come early, and what it says of its surroundings."""

from __future__ import annotations

import signal
import string
from pathlib import Path

import pytest

from workbench.packages import program
from workbench.pod import DASH, Pod
from workbench.waiting import wait_until


@pytest.mark.parametrize("shell", [DASH], ids=["dash"])  # busybox takes no other tr
@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
def test_signal_before_the_command_runs_ends_the_start(
    pod: Pod, sent: signal.Signals, code: int
) -> None:
    pod.put_program("tr", f'touch {pod.home}/slow; sleep 0.3; exec {program("tr")} "$@"')
    process = pod.start("serve.sh", "touch", str(pod.home / "ran"))
    wait_until((pod.home / "slow").exists, "the reading of the password", process)
    process.send_signal(sent)
    pod.finish(process, 20).expect(code)
    assert not (pod.home / "ran").exists()


def test_every_other_character_of_the_password_is_kept(pod: Pod) -> None:
    password = string.ascii_letters + string.digits + string.punctuation + " é\t."
    pod.secrets.add(password)
    seen = pod.home / "seen"
    command = f'printf %s "$OPENCODE_SERVER_PASSWORD" >{seen}'
    pod.finish(
        pod.start("serve.sh", "sh", "-c", command, OPENCODE_SERVER_PASSWORD=f"{password}\r\n")
    ).expect(0)
    assert seen.read_text() == password


def test_unset_workspace_directory_is_told_with_where_it_starts(pod: Pod) -> None:
    del pod.environment["WORKSPACE_DIRECTORY"]
    result = pod.finish(pod.start("serve.sh", "pwd"))
    result.expect(0, "WORKSPACE_DIRECTORY is not set; starting in /\n")
    assert result.log.endswith("\n/\n")


def test_log_that_cannot_be_kept_off_the_volume_is_told(pod: Pod) -> None:
    (pod.home / ".local").write_text("in the way\n")
    result = pod.finish(pod.start("serve.sh", "true", OPENCODE_PRINT_LOGS="1"))
    result.expect(0, f"cannot write to {pod.home}/.local/share/opencode/log;")


def test_log_that_can_be_kept_off_the_volume_is_not_worth_a_word(pod: Pod) -> None:
    data = pod.home / "data"
    result = pod.finish(
        pod.start("serve.sh", "true", OPENCODE_PRINT_LOGS="1", XDG_DATA_HOME=str(data))
    )
    result.expect(0)
    assert "cannot write" not in result.log
    assert (data / "opencode/log/opencode.log").readlink() == Path("/dev/null")
