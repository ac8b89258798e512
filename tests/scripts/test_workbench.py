"""The workbench notices what it is there to notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench import packages
from workbench.https import TOKEN, command_lines_with
from workbench.pod import Pod, Result
from workbench.waiting import read_soon, wait_until


def test_secret_in_a_log_fails_the_test(pod: Pod) -> None:
    pod.put_secret("token", TOKEN)
    with pytest.raises(AssertionError, match="shows a secret"):
        pod.finish(pod.start("serve.sh", "echo", TOKEN))


def test_lines_of_a_key_count_as_secrets(ssh_pod: Pod) -> None:
    body = (ssh_pod.root / "secrets" / "id").read_text().splitlines()[1]
    with pytest.raises(AssertionError, match="shows a secret"):
        ssh_pod.finish(ssh_pod.start("serve.sh", "echo", body))


def test_secret_in_a_command_line_is_found(pod: Pod) -> None:
    process = pod.start("serve.sh", "sh", "-c", "sleep 60; : marked-for-this-test")
    try:
        wait_until(lambda: command_lines_with("marked-for-this-test") != [], "the discovery")
    finally:
        pod.kill(process)
        pod.finish(process)


def test_wrong_exit_code_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="exit code 1 instead of 0"):
        Result(1, "").expect(0)


def test_script_that_hangs_fails_the_test(pod: Pod) -> None:
    process = pod.start("serve.sh", "sleep", "60")
    with pytest.raises(AssertionError, match="still running"):
        pod.finish(process, 0.1)


def test_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(packages, "SEARCH_PATH", "/nonexistent")
    with pytest.raises(RuntimeError, match=r"apt-get install .* openssh-server"):
        packages.program("sshd")


def test_orphan_of_a_parent_that_does_not_reap_is_seen_as_a_zombie(pod: Pod) -> None:
    """What the test of serve.sh would find if serve.sh did not reap."""
    pod.adopt_orphans()
    pod.script("serve.sh").write_text("(sleep 0.05 & echo $! >$HOME/up); exec sleep 60\n")
    process = pod.start("serve.sh")
    try:
        orphan = Path("/proc") / read_soon(pod.home / "up") / "stat"
        wait_until(lambda: " Z " in orphan.read_text(), "the end of the orphan")
    finally:
        pod.kill(process)
        pod.finish(process)


@pytest.mark.parametrize(
    ("script", "says"),
    [("echo 'bootstrap: why' >&2; exit 99", "not documented"), ("exit 22", "does not explain")],
)
def test_end_without_an_explanation_fails_the_test(pod: Pod, script: str, says: str) -> None:
    pod.script("bootstrap.sh").write_text(f"{script}\n")
    with pytest.raises(AssertionError, match=says):
        pod.bootstrap()
