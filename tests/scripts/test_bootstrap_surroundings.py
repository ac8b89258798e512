"""What bootstrap.sh hands to git, and what it keeps in memory meanwhile; a fake git tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.packages import program
from workbench.pod import Pod
from workbench.waiting import wait_until

# Git's settings, whatever the repository's own configuration says.
SETTINGS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "credential.helper": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
    "init.defaultBranch": "main",
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "60",
}
VARIABLES = {
    "LC_ALL": "C",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TEMPLATE_DIR": "",
    "GIT_ALLOW_PROTOCOL": "ssh:https",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_SSH_COMMAND": "false",
}
HTTPS = "https://127.0.0.1:1/a.git"


def environment_of_git(pod: Pod, **settings: str) -> dict[str, str]:
    """The environment that git gets from a start with these settings."""
    seen = pod.home / "seen"
    pod.put_program("git", f"env >{seen}; exit 128")
    pod.bootstrap(**settings).expect(49)
    lines = seen.read_text().splitlines()
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def runs(process: str) -> bool:
    """Whether a process is there and more than a zombie: nobody may be there to reap it."""
    try:
        return " Z " not in (Path("/proc") / process / "stat").read_text()
    except OSError:
        return False


def test_git_asks_nobody_and_runs_nothing_of_the_repository_s(pod: Pod) -> None:
    found = environment_of_git(pod, WORKSPACE_REPOSITORY=HTTPS, LC_ALL="de_DE.UTF-8")
    assert {name: found.get(name) for name in VARIABLES} == VARIABLES
    assert found["GIT_CEILING_DIRECTORIES"] == str(pod.home)
    count = int(found["GIT_CONFIG_COUNT"])
    settings = {found[f"GIT_CONFIG_KEY_{n}"]: found[f"GIT_CONFIG_VALUE_{n}"] for n in range(count)}
    assert settings == SETTINGS


@pytest.mark.parametrize(
    ("submodules", "key", "taken"),
    [("true", True, True), ("true", False, False), ("false", True, False)],
)
def test_key_is_taken_with_https_only_when_submodules_may_want_it(
    ssh_pod: Pod, submodules: str, key: bool, taken: bool
) -> None:
    if not key:
        (ssh_pod.root / "secrets/id").unlink()
    elif not taken:
        ssh_pod.put_secret("id", "not a key")
    settings = {"WORKSPACE_REPOSITORY": HTTPS, "WORKSPACE_CLONE_SUBMODULES": submodules}
    command = environment_of_git(ssh_pod, **settings)["GIT_SSH_COMMAND"]
    assert command.startswith("ssh -F /dev/null") == taken, command


@pytest.mark.fault("secret-in-view")
def test_key_is_in_no_variable_even_when_the_pod_sets_one_of_that_name(ssh_pod: Pod) -> None:
    lines = (ssh_pod.root / "secrets/id").read_text().splitlines()
    found = environment_of_git(ssh_pod, key="set in the pod")
    assert lines[1] not in "".join([*found, *found.values()])


@pytest.mark.fault("secret-in-view")
def test_what_is_in_memory_is_readable_by_its_owner_only(ssh_pod: Pod) -> None:
    seen = ssh_pod.home / "seen"
    run = ssh_pod.root / "run/of-its-own"
    ssh_pod.put_program("git", f"cd {run} && stat -c '%a %n' . * >{seen}; exit 128")
    ssh_pod.bootstrap(WORKSPACE_RUN_DIRECTORY=str(run)).expect(49)
    assert set(seen.read_text().splitlines()) == {"700 .", "600 answer", "600 errors", "600 key"}


@pytest.mark.fault("secret-in-view")
def test_key_that_a_killed_start_left_in_memory_is_replaced(ssh_pod: Pod) -> None:
    left = ssh_pod.root / "run/key"
    left.write_text("left\n")
    left.chmod(0o444)
    ssh_pod.account.own(left)
    seen = ssh_pod.home / "seen"
    ssh_pod.put_program("git", f"stat -c %a {left} >{seen}; exit 128")
    ssh_pod.bootstrap().expect(49)
    assert seen.read_text() == "600\n"


def test_key_is_handed_to_ssh_as_ssh_keygen_writes_it(ssh_pod: Pod) -> None:
    """Also one in the older format, which ssh reads too."""
    kind = "EC PRIVATE KEY"
    whole = f"-----BEGIN {kind}-----\nxyz/not-a-key+0\nXYZ=\n-----END {kind}-----\n"
    mangled = "\ufeff \t" + whole.replace("\n", " \t\r\n\r\n \t")
    ssh_pod.put_secret("id", mangled.encode())
    seen = ssh_pod.home / "seen"
    ssh_pod.put_program("git", f"cat {ssh_pod.root}/run/key >{seen}; exit 128")
    ssh_pod.bootstrap().expect(49)
    assert seen.read_text() == whole


@pytest.mark.parametrize("kind", ["ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com"])
def test_public_key_of_any_kind_is_recognised(ssh_pod: Pod, kind: str) -> None:
    ssh_pod.put_secret("id", f"{kind} AAAA only-for-this-test")
    ssh_pod.bootstrap().expect(31, "is a public key")


@pytest.mark.parametrize("code", [124, 143])
def test_question_that_was_given_up_counts_as_a_silent_server(ssh_pod: Pod, code: int) -> None:
    """What `timeout` ends with: that of coreutils, and that of busybox."""
    ssh_pod.put_program("git", f"exit {code}")
    ssh_pod.bootstrap().expect(41, "git: Operation timed out\n")


def test_second_question_that_fails_is_explained(ssh_pod: Pod) -> None:
    failure = "{ echo 'fatal: Connection reset' >&2; exit 128; }"
    ssh_pod.put_program("git", f'case "$*" in *--heads*) {failure} ;; esac')
    ssh_pod.bootstrap().expect(41, "git: fatal: Connection reset")


@pytest.mark.fault("branch-missing")
def test_clone_whose_branch_vanished_meanwhile_is_no_workspace(ssh_pod: Pod) -> None:
    """The server names a commit, and has no branch when it comes to the clone."""
    lie = "printf '%s\\tHEAD\\n' 0123456789"
    ssh_pod.put_program(
        "git", f'case "$1" in ls-remote) {lie}; exit ;; esac; exec {program("git")} "$@"'
    )
    url = ssh_pod.environment["WORKSPACE_REPOSITORY"].replace("project.git", "headless.git")
    ssh_pod.bootstrap(WORKSPACE_REPOSITORY=url).expect(49, "git failed")
    assert not ssh_pod.directory.exists()


def test_branch_that_git_does_not_take_is_told_in_its_words(pod: Pod) -> None:
    pod.bootstrap(WORKSPACE_BRANCH="a..b").expect(49, "git: ", "a..b")


def test_what_git_started_ends_with_it(ssh_pod: Pod) -> None:
    seen = ssh_pod.home / "seen"
    started = f"sleep 60 >/dev/null 2>&1 & echo $! >{seen}"
    ssh_pod.put_program("git", f"{started}; exit 128")
    ssh_pod.bootstrap().expect(49)
    wait_until(lambda: not runs(seen.read_text().strip()), "its end", seconds=5)


def test_missing_right_on_the_volume_is_told_with_uid_and_owner(ssh_pod: Pod) -> None:
    ssh_pod.put_program("git", "echo 'error: insufficient permission' >&2; exit 128")
    uid, gid = ssh_pod.account.uid, ssh_pod.account.gid
    ssh_pod.bootstrap().expect(
        20, f"uid {uid} cannot write to {ssh_pod.directory} (owner {uid}:{gid}, mode 755)"
    )
