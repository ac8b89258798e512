"""The first start: what a fresh volume holds afterwards."""

from __future__ import annotations

import pytest

from workbench.https import TOKEN, HttpsServer
from workbench.pod import Pod, chart_shell, connect
from workbench.remotes import FILES, git
from workbench.sshd import SshServer

pytestmark = chart_shell


def test_first_start_clones_the_repository(ssh_pod: Pod) -> None:
    url = ssh_pod.environment["WORKSPACE_REPOSITORY"]
    ssh_pod.bootstrap().expect(0, f"cloning {url} into {ssh_pod.directory}\n", "is ready")
    assert len(list(ssh_pod.directory.glob("file-*.txt"))) == FILES
    assert git(ssh_pod.directory, "status", "--porcelain") == ""
    assert ssh_pod.leftovers() == []


def test_scp_form_of_the_url_is_accepted(ssh_pod: Pod) -> None:
    # The form has no place for a port, so the connection goes to ssh's own port, where nobody listens.
    result = ssh_pod.bootstrap(WORKSPACE_REPOSITORY="git@[::1]:owner/project.git")
    assert result.code in (34, 41), result.log


def test_clone_brings_no_hooks(ssh_pod: Pod) -> None:
    ssh_pod.bootstrap().expect(0)
    assert not (ssh_pod.directory / ".git" / "hooks").exists()


def test_git_identity_comes_from_the_mounted_gitconfig_only(ssh_pod: Pod) -> None:
    ssh_pod.bootstrap().expect(0)
    settings = git(ssh_pod.directory, "config", "--local", "--name-only", "--list")
    assert "user." not in settings
    assert not (ssh_pod.home / ".gitconfig").exists()


def test_remote_has_the_name_that_updates_ask_for(ssh_pod: Pod) -> None:
    settings = ssh_pod.git_configuration.read_text()
    ssh_pod.git_configuration.write_text(settings + "[clone]\n\tdefaultRemoteName = upstream\n")
    ssh_pod.bootstrap().expect(0)
    assert git(ssh_pod.directory, "remote") == "origin"


def test_named_branch_is_checked_out(ssh_pod: Pod) -> None:
    ssh_pod.bootstrap(WORKSPACE_BRANCH="dev").expect(0)
    assert git(ssh_pod.directory, "symbolic-ref", "--short", "HEAD") == "dev"


def test_named_tag_is_checked_out(ssh_pod: Pod) -> None:
    ssh_pod.bootstrap(WORKSPACE_BRANCH="v1").expect(0)
    assert git(ssh_pod.directory, "describe", "--tags") == "v1"


@pytest.mark.fault("branch-missing")
def test_missing_branch_is_named(ssh_pod: Pod) -> None:
    ssh_pod.bootstrap(WORKSPACE_BRANCH="nowhere").expect(
        43, f"'nowhere' does not exist in {ssh_pod.environment['WORKSPACE_REPOSITORY']};"
    )
    assert not ssh_pod.directory.exists()


@pytest.mark.fault("branch-missing")
def test_missing_default_branch_asks_for_a_branch(pod: Pod, ssh: SshServer) -> None:
    connect(pod, ssh, "headless.git").bootstrap().expect(
        43,
        f"default branch of {ssh.url('headless.git')} does not exist",
        "name one in workspace.branch",
    )


def test_branch_helps_when_the_default_branch_is_missing(pod: Pod, ssh: SshServer) -> None:
    connect(pod, ssh, "headless.git").bootstrap(WORKSPACE_BRANCH="main").expect(0)


@pytest.mark.parametrize("branch", ["", "trunk"])
@pytest.mark.fault("empty-remote")
def test_empty_remote_gives_an_unborn_branch(pod: Pod, ssh: SshServer, branch: str) -> None:
    connect(pod, ssh, "empty.git").bootstrap(WORKSPACE_BRANCH=branch).expect(0, "no commit yet")
    head = git(pod.directory, "symbolic-ref", "--short", "HEAD")
    assert head == (branch or "main")
    assert git(pod.directory, "remote", "get-url", "origin") == ssh.url("empty.git")


def test_without_a_repository_an_empty_one_is_made(pod: Pod) -> None:
    pod.bootstrap().expect(0, "empty repository")
    assert git(pod.directory, "symbolic-ref", "--short", "HEAD") == "main"
    assert git(pod.directory, "remote") == ""


def test_depth_limits_the_history(ssh_pod: Pod) -> None:
    ssh_pod.bootstrap(WORKSPACE_CLONE_DEPTH="1").expect(0)
    assert git(ssh_pod.directory, "rev-list", "--count", "HEAD") == "1"


def test_filter_makes_a_partial_clone(ssh_pod: Pod) -> None:
    ssh_pod.bootstrap(WORKSPACE_CLONE_FILTER="blob:none").expect(0)
    assert git(ssh_pod.directory, "config", "remote.origin.partialclonefilter") == "blob:none"
    missing = git(ssh_pod.directory, "rev-list", "--objects", "--missing=print", "--all")
    assert "?" in missing, "every blob was fetched, also those of the branch dev"


def test_submodules_are_cloned_and_stay_valid_after_the_rename(pod: Pod, ssh: SshServer) -> None:
    connect(pod, ssh, "superproject.git")
    pod.bootstrap(WORKSPACE_CLONE_SUBMODULES="true").expect(0)
    assert (pod.directory / "part" / "README.md").read_text() == "first\n"
    assert git(pod.directory, "submodule", "status").split()[1] == "part"
    assert git(pod.directory / "part", "status", "--porcelain") == ""


@pytest.mark.parametrize(("depth", "commits"), [("0", "2"), ("1", "1")])
def test_depth_limits_the_history_of_submodules_too(
    pod: Pod, ssh: SshServer, depth: str, commits: str
) -> None:
    connect(pod, ssh, "superproject.git")
    pod.bootstrap(WORKSPACE_CLONE_SUBMODULES="true", WORKSPACE_CLONE_DEPTH=depth).expect(0)
    assert git(pod.directory / "part", "rev-list", "--count", "HEAD") == commits


def test_submodules_on_the_same_server_get_the_token(
    https_pod: Pod, token_https: HttpsServer
) -> None:
    https_pod.put_secret("token", TOKEN)
    https_pod.bootstrap(
        WORKSPACE_REPOSITORY=token_https.url("superproject.git"), WORKSPACE_CLONE_SUBMODULES="true"
    ).expect(0)
    assert (https_pod.directory / "part" / "README.md").exists()


def test_submodules_are_left_out_by_default(pod: Pod, ssh: SshServer) -> None:
    connect(pod, ssh, "superproject.git").bootstrap().expect(0)
    assert list((pod.directory / "part").iterdir()) == []


def test_directory_of_several_levels_is_made(ssh_pod: Pod) -> None:
    deep = ssh_pod.home / "a" / "b" / "workspace"
    ssh_pod.git_configuration.write_text("[safe]\n\tdirectory = *\n")
    ssh_pod.bootstrap(WORKSPACE_DIRECTORY=f"{deep}/").expect(0)
    assert (deep / "README.md").exists()


def test_open_repository_over_https_needs_no_token(pod: Pod, open_https: HttpsServer) -> None:
    pod.bootstrap(
        WORKSPACE_REPOSITORY=open_https.url("project.git"),
        GIT_SSL_CAINFO=str(open_https.authority),
    ).expect(0)
    assert (pod.directory / "README.md").exists()
