"""`workspace.update`: an existing repository follows its remote, and local work always wins."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from workbench.pod import Pod, connect
from workbench.remotes import commit, git, push_commit
from workbench.sshd import SshServer


@dataclass
class Followed:
    """A cloned workspace and the bare repository it follows; `hand_over` fixes owners after edits."""

    pod: Pod
    bare: Path
    scratch: Path

    def push(self, name: str = "README.md", content: str = "second\n") -> str:
        return push_commit(self.bare, self.scratch, name, content)

    def url(self) -> str:
        return git(self.pod.directory, "remote", "get-url", "origin")

    def head(self) -> str:
        return git(self.pod.directory, "rev-parse", "HEAD")

    def tracked(self) -> str:
        return git(self.pod.directory, "rev-parse", "origin/main")

    def commit(self, name: str, content: str = "local\n") -> str:
        made = commit(self.pod.directory, name, content)
        self.hand_over()
        return made

    def hand_over(self) -> None:
        for path in self.pod.directory.rglob("*"):
            self.pod.account.own(path)

    def restart(self, update: str) -> str:
        result = self.pod.bootstrap(WORKSPACE_UPDATE=update)
        result.expect(0)
        return result.log


@pytest.fixture
def followed(cloned_pod: Pod, ssh: SshServer, scratch: Path) -> Followed:
    bare = ssh.root / f"{scratch.name}.git"
    shutil.copytree(ssh.root / "project.git", bare)
    url = ssh.url(bare.name)
    git(cloned_pod.directory, "remote", "set-url", "origin", url)
    cloned_pod.environment["WORKSPACE_REPOSITORY"] = url
    return Followed(cloned_pod, bare, scratch)


def test_without_update_the_remote_is_not_asked(followed: Followed) -> None:
    before = followed.tracked()
    followed.push()
    assert "fetched" not in followed.restart("none")
    assert followed.tracked() == before


def test_fetch_brings_commits_and_leaves_the_work_tree(followed: Followed) -> None:
    before, pushed = followed.head(), followed.push()
    assert f"fetched from {followed.url()}\n" in followed.restart("fetch")
    assert (followed.tracked(), followed.head()) == (pushed, before)


def test_fast_forward_moves_a_clean_branch(followed: Followed) -> None:
    before = followed.head()
    pushed = followed.push()
    moved = f"main fast-forwarded from {before[:8]} to {pushed[:8]}\n"
    assert moved in followed.restart("fast-forward")
    assert followed.head() == pushed
    assert (followed.pod.directory / "README.md").read_text() == "second\n"


def test_fast_forward_without_news_says_so(followed: Followed) -> None:
    assert followed.restart("fast-forward").endswith("bootstrap: main is up to date\n")


@pytest.mark.fault("local-changes")
def test_uncommitted_changes_stop_the_fast_forward(followed: Followed) -> None:
    before = followed.head()
    followed.push()
    followed.pod.write(followed.pod.directory / "README.md", "mine\n")
    assert "uncommitted changes" in followed.restart("fast-forward")
    assert followed.head() == before
    assert (followed.pod.directory / "README.md").read_text() == "mine\n"


@pytest.mark.fault("local-changes")
def test_untracked_files_survive_the_fast_forward(followed: Followed) -> None:
    pushed = followed.push()
    followed.pod.write(followed.pod.directory / "notes.txt", "mine\n")
    followed.restart("fast-forward")
    assert followed.head() == pushed
    assert (followed.pod.directory / "notes.txt").read_text() == "mine\n"


@pytest.mark.fault("local-changes")
def test_untracked_file_in_the_way_stops_the_fast_forward(followed: Followed) -> None:
    followed.push("notes.txt", "theirs\n")
    followed.pod.write(followed.pod.directory / "notes.txt", "mine\n")
    log = followed.restart("fast-forward")
    assert "git refused" in log
    assert "bootstrap: git: \tnotes.txt\n" in log
    assert (followed.pod.directory / "notes.txt").read_text() == "mine\n"


@pytest.mark.fault("local-changes")
def test_ignored_file_in_the_way_stops_the_fast_forward(followed: Followed) -> None:
    followed.push("secret.env", "theirs\n")
    followed.pod.write(followed.pod.directory / ".git" / "info" / "exclude", "secret.env\n")
    followed.pod.write(followed.pod.directory / "secret.env", "mine\n")
    assert "git refused" in followed.restart("fast-forward")
    assert (followed.pod.directory / "secret.env").read_text() == "mine\n"


@pytest.mark.fault("local-commits")
def test_local_commits_are_kept_when_the_remote_stands_still(followed: Followed) -> None:
    local = followed.commit("mine.txt")
    log = followed.restart("fast-forward")
    assert log.endswith("not updated: main has commits that are not pushed\n")
    assert followed.head() == local


@pytest.mark.fault("local-commits")
def test_diverged_branch_is_kept(followed: Followed) -> None:
    local = followed.commit("mine.txt")
    followed.push()
    assert "diverged" in followed.restart("fast-forward")
    assert followed.head() == local


def test_fast_forward_of_a_branch_without_a_commit_is_left_to_the_user(
    pod: Pod, ssh: SshServer
) -> None:
    connect(pod, ssh, "empty.git").bootstrap().expect(0)
    pod.bootstrap(WORKSPACE_UPDATE="fast-forward").expect(0, "main has no commit yet")


def test_missing_files_of_a_partial_clone_come_with_the_fast_forward(followed: Followed) -> None:
    shutil.rmtree(followed.pod.directory)
    followed.pod.bootstrap(WORKSPACE_CLONE_FILTER="blob:none").expect(0)
    pushed = followed.push()
    assert "fast-forwarded" in followed.restart("fast-forward")
    assert followed.head() == pushed


@pytest.mark.fault("damaged-repository")
def test_damaged_index_stops_the_fast_forward(followed: Followed) -> None:
    before = followed.head()
    followed.push()
    followed.pod.write(followed.pod.directory / ".git/index", "damaged\n" * 9)
    log = followed.restart("fast-forward")
    assert "bootstrap: git: " in log
    assert "starting with the repository as it is" in log
    assert followed.head() == before


def test_remote_without_a_refspec_is_fetched(followed: Followed) -> None:
    git(followed.pod.directory, "config", "--unset-all", "remote.origin.fetch")
    assert "fetched from" in followed.restart("fetch")


@pytest.mark.fault("local-commits")
def test_detached_head_is_kept(followed: Followed) -> None:
    git(followed.pod.directory, "checkout", "--quiet", "--detach")
    followed.hand_over()
    followed.push()
    assert "detached" in followed.restart("fast-forward")


@pytest.mark.fault("local-commits")
def test_branch_of_its_own_is_kept(followed: Followed) -> None:
    git(followed.pod.directory, "checkout", "--quiet", "-b", "mine")
    followed.hand_over()
    followed.push()
    assert "follows no branch" in followed.restart("fast-forward")


@pytest.mark.parametrize("update", ["fetch", "fast-forward"])
@pytest.mark.fault("update-fails")
def test_unreachable_server_does_not_stop_the_start(followed: Followed, update: str) -> None:
    before = followed.head()
    git(followed.pod.directory, "remote", "set-url", "origin", "ssh://git@127.0.0.1:1/x.git")
    log = followed.restart(update)
    assert "cannot be reached" in log
    assert "starting with the repository as it is" in log
    assert followed.head() == before


@pytest.mark.fault("update-fails")
def test_missing_key_does_not_stop_the_start(followed: Followed) -> None:
    (followed.pod.root / "secrets" / "id").unlink()
    assert "no deploy key" in followed.restart("fetch")


@pytest.mark.fault("update-fails")
def test_repository_without_remote_is_kept(followed: Followed) -> None:
    git(followed.pod.directory, "remote", "remove", "origin")
    log = followed.restart("fetch")
    assert log.endswith("not updated: the repository has no remote 'origin'\n")


@pytest.mark.fault("local-commits")
def test_refspec_that_overwrites_branches_is_not_fetched(followed: Followed) -> None:
    local = followed.commit("mine.txt")
    git(followed.pod.directory, "checkout", "--quiet", "-b", "other")
    git(followed.pod.directory, "config", "remote.origin.fetch", "+refs/heads/*:refs/heads/*")
    followed.hand_over()
    followed.push()
    assert "overwrite branches" in followed.restart("fetch")
    assert git(followed.pod.directory, "rev-parse", "main") == local


def test_remote_of_a_refused_transport_is_not_fetched(followed: Followed) -> None:
    git(followed.pod.directory, "remote", "set-url", "origin", str(followed.bare))
    assert "the URL of the remote 'origin' is a local path" in followed.restart("fetch")


def test_branch_deleted_on_the_server_is_still_known_here(followed: Followed) -> None:
    git(followed.pod.directory, "config", "fetch.prune", "true")
    git(followed.bare, "update-ref", "-d", "refs/heads/dev")
    followed.restart("fetch")
    assert git(followed.pod.directory, "rev-parse", "--verify", "origin/dev")


@pytest.mark.fault("hostile-volume")
def test_configuration_of_a_submodule_runs_no_program(
    pod: Pod, ssh: SshServer, scratch: Path
) -> None:
    bare = ssh.root / f"super-{scratch.name}.git"
    shutil.copytree(ssh.root / "superproject.git", bare)
    connect(pod, ssh, bare.name).bootstrap(WORKSPACE_CLONE_SUBMODULES="true").expect(0)
    proof = pod.home / "ran"
    git(pod.directory / "part", "config", "core.fsmonitor", f"touch {proof}")
    super_project = Followed(pod, bare, scratch)
    pushed = super_project.push()
    assert "submodules are left" in super_project.restart("fast-forward")
    assert super_project.head() == pushed
    assert not proof.exists()


@pytest.mark.fault("hostile-volume")
def test_hooks_of_the_repository_do_not_run(followed: Followed) -> None:
    proof = followed.pod.home / "ran"
    hook = followed.pod.directory / ".git" / "hooks" / "post-merge"
    followed.pod.write(hook, f"#!/bin/sh\ntouch {proof}\n", 0o755)
    pushed = followed.push()
    followed.restart("fast-forward")
    assert followed.head() == pushed
    assert not proof.exists()
