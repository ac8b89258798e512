"""What bootstrap.sh does when a file it needs is there, but cannot be read or written."""

from __future__ import annotations

import pytest

from workbench.pod import DASH, Pod

SEED = '{"github-copilot": {"type": "oauth", "refresh": "a-login-only-for-this-test"}}'
NEEDED = {
    "id": (31, "the deploy key {} cannot be read by uid {};"),
    "auth.json": (50, "the seed {} cannot be read by uid {};"),
}


@pytest.mark.parametrize("name", NEEDED)
def test_file_of_the_secret_that_cannot_be_read_is_named(ssh_pod: Pod, name: str) -> None:
    if name == "auth.json":
        ssh_pod.put_secret(name, SEED)
    (ssh_pod.root / "secrets" / name).chmod(0)
    code, says = NEEDED[name]
    ssh_pod.bootstrap().expect(
        code, says.format(ssh_pod.root / "secrets" / name, ssh_pod.account.uid)
    )


@pytest.mark.fault("token")
def test_token_that_cannot_be_read_is_named(pod: Pod) -> None:
    pod.put_secret("token", "a-token-only-for-this-test")
    (pod.root / "secrets/token").chmod(0)
    pod.bootstrap(WORKSPACE_REPOSITORY="https://127.0.0.1:1/a.git").expect(
        37, f"the token {pod.root}/secrets/token cannot be read by uid {pod.account.uid};"
    )


def test_host_keys_that_cannot_be_read_are_named(ssh_pod: Pod) -> None:
    (ssh_pod.root / "scripts/known_hosts").chmod(0)
    ssh_pod.bootstrap().expect(10, "GIT_KNOWN_HOSTS_FILE", "cannot be read")


def test_key_that_cannot_be_put_into_memory_is_told(ssh_pod: Pod) -> None:
    ssh_pod.make_directory(ssh_pod.root / "run/key")
    ssh_pod.bootstrap().expect(10, "WORKSPACE_RUN_DIRECTORY", "is not writable")


def test_helper_that_cannot_be_put_into_memory_is_told(pod: Pod) -> None:
    pod.put_secret("token", "a-token-only-for-this-test")
    pod.make_directory(pod.root / "run/askpass")
    pod.bootstrap(WORKSPACE_REPOSITORY="https://127.0.0.1:1/a.git").expect(
        10, "WORKSPACE_RUN_DIRECTORY", "is not writable"
    )


def test_seed_that_cannot_be_remembered_is_told(pod: Pod) -> None:
    pod.put_secret("auth.json", SEED)
    record = pod.home / ".local/state/opencode-workspace/auth-seed.sha256.new"
    pod.write(record / "file", "in the way\n")
    pod.bootstrap().expect(50, "auth.json could not be written")


def test_directory_in_place_of_the_login_is_told(pod: Pod) -> None:
    pod.put_secret("auth.json", SEED)
    pod.write(pod.auth / "file", "in the way\n")
    pod.bootstrap().expect(50, f"{pod.auth} is a directory")


@pytest.mark.fault("server-down")
def test_failed_start_leaves_nothing_on_the_volume_or_in_memory(ssh_pod: Pod) -> None:
    repository = "ssh://git@127.0.0.1:1/project.git"
    ssh_pod.bootstrap(WORKSPACE_REPOSITORY=repository).expect(41)
    assert ssh_pod.leftovers() == []
    assert list(ssh_pod.home.iterdir()) == []


@pytest.mark.parametrize("shell", [DASH], ids=["dash"])  # busybox takes no other dd
def test_volume_that_fails_in_another_way_is_told_with_what_is_said(pod: Pod) -> None:
    pod.put_program("dd", "echo 'dd: Input/output error' >&2; exit 1")
    pod.bootstrap().expect(20, f"cannot write to {pod.home}: dd: Input/output error")


def test_repository_whose_head_is_lost_is_said_to_be_kept(cloned_pod: Pod) -> None:
    cloned_pod.write(cloned_pod.directory / ".git/HEAD", "ref: refs/heads/lost\n")
    cloned_pod.bootstrap().expect(0, "holds a repository; kept as it is")


@pytest.mark.fault("other-owner")
def test_unwritable_repository_whose_head_is_lost_is_explained(cloned_pod: Pod) -> None:
    cloned_pod.write(cloned_pod.directory / ".git/HEAD", "ref: refs/heads/lost\n")
    cloned_pod.directory.chmod(0o555)
    try:
        cloned_pod.bootstrap().expect(20, "cannot write to")
    finally:
        cloned_pod.directory.chmod(0o755)


def test_every_line_that_git_said_is_told(ssh_pod: Pod) -> None:
    ssh_pod.put_program("git", "printf 'first \\033[1mwords\\n\\nnext words\\n' >&2; exit 128")
    result = ssh_pod.bootstrap()
    result.expect(49, "git: first [1mwords\n", "git: next words\n")
    assert "git: \n" not in result.log
