"""What is on the volume already: kept when it is the user's, removed only when the script made it."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from workbench.packages import program
from workbench.place import read_only
from workbench.pod import DASH, Pod, connect
from workbench.remotes import FILES, git
from workbench.sshd import SshServer, ssh_server


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def owner(pod: Pod, mode: int) -> str:
    return f"owner {pod.account.uid}:{pod.account.gid}, mode {mode}"


def mountpoint(pod: Pod) -> Path:
    """A directory that cannot be renamed over, as a mount point cannot."""
    pod.make_directory(pod.directory)
    pod.make_directory(pod.directory / "lost+found")
    return pod.directory


@pytest.mark.fault("lost-and-found")
def test_lost_and_found_beside_the_workspace_is_ignored(ssh_pod: Pod) -> None:
    ssh_pod.make_directory(ssh_pod.home / "lost+found")
    ssh_pod.bootstrap().expect(0)
    assert names(ssh_pod.home) >= {"lost+found", "workspace"}


def test_empty_directory_is_used(ssh_pod: Pod) -> None:
    ssh_pod.make_directory(ssh_pod.directory)
    ssh_pod.bootstrap().expect(0)
    assert (ssh_pod.directory / "README.md").exists()


@pytest.mark.fault("lost-and-found")
def test_directory_with_lost_and_found_is_used(ssh_pod: Pod) -> None:
    mountpoint(ssh_pod)
    ssh_pod.bootstrap().expect(0)
    assert "lost+found" in names(ssh_pod.directory)
    assert git(ssh_pod.directory, "status", "--porcelain") == ""
    assert ssh_pod.leftovers() == []


@pytest.mark.fault("killed-install")
def test_clone_into_a_mount_point_is_finished_after_a_kill(cloned_pod: Pod, scratch: Path) -> None:
    whole = scratch / "whole"
    cloned_pod.directory.rename(whole)
    directory = mountpoint(cloned_pod)
    stage = directory / ".opencode-clone.abcdef"
    cloned_pod.make_directory(stage)
    cloned_pod.write(stage / "whole", "")
    whole.rename(stage / "tree")
    (stage / "tree" / "README.md").rename(directory / "README.md")
    (cloned_pod.root / "secrets" / "id").unlink()  # no network from here on
    cloned_pod.bootstrap().expect(0, "interrupted start")
    assert git(directory, "status", "--porcelain") == ""
    assert len(list(directory.glob("file-*.txt"))) == FILES
    assert cloned_pod.leftovers() == []


@pytest.mark.parametrize("shell", [DASH], ids=["dash"])  # busybox takes no other mv
@pytest.mark.fault("killed-install")
def test_clone_killed_between_two_moves_is_finished_without_network(ssh_pod: Pod) -> None:
    directory = mountpoint(ssh_pod)
    kill = f"[ ! -e {directory}/file-003.txt ] || kill -KILL $PPID"
    path = ssh_pod.environment["PATH"]
    ssh_pod.put_program("mv", f'{kill}; exec {program("mv")} "$@"')
    killed = ssh_pod.bootstrap()
    assert killed.code == -signal.SIGKILL
    assert not (directory / ".git").exists()
    (ssh_pod.root / "secrets" / "id").unlink()
    ssh_pod.bootstrap(PATH=path).expect(0, "interrupted start")
    assert git(directory, "status", "--porcelain") == ""
    assert ssh_pod.leftovers() == []


@pytest.mark.fault("half-clone")
def test_stage_of_a_killed_start_is_removed(ssh_pod: Pod) -> None:
    ssh_pod.write(ssh_pod.home / ".opencode-clone.abcdef" / "tree" / "half", "half")
    ssh_pod.write(ssh_pod.home / ".opencode-probe.1", "probe")
    ssh_pod.bootstrap().expect(0)
    assert ssh_pod.leftovers() == []


def test_files_of_similar_names_are_not_removed(ssh_pod: Pod) -> None:
    ssh_pod.write(ssh_pod.home / ".opencode-clone.of-mine" / "note", "mine")
    ssh_pod.bootstrap().expect(0)
    assert (ssh_pod.home / ".opencode-clone.of-mine" / "note").read_text() == "mine"


@pytest.mark.parametrize("name", ["notes.txt", ".env"])
@pytest.mark.fault("foreign-files")
def test_directory_with_foreign_files_is_refused_untouched(ssh_pod: Pod, name: str) -> None:
    ssh_pod.write(ssh_pod.directory / name, "mine")
    ssh_pod.bootstrap().expect(22, "not a Git repository", "nothing was touched")
    assert names(ssh_pod.directory) == {name}
    assert (ssh_pod.directory / name).read_text() == "mine"


@pytest.mark.fault("foreign-files")
def test_file_in_place_of_the_directory_is_refused(ssh_pod: Pod) -> None:
    ssh_pod.write(ssh_pod.directory, "mine")
    ssh_pod.bootstrap().expect(22)
    assert ssh_pod.directory.read_text() == "mine"


@pytest.mark.fault("half-clone")
def test_interrupted_clone_of_another_tool_is_replaced(ssh_pod: Pod) -> None:
    ssh_pod.write(ssh_pod.directory / ".git" / "objects" / "pack" / "tmp_pack_x", "half")
    ssh_pod.write(ssh_pod.directory / ".git" / "config", "")
    ssh_pod.bootstrap().expect(0, "killed before it had any commit")
    assert (ssh_pod.directory / "README.md").exists()


@pytest.mark.fault("half-clone")
def test_clone_interrupted_before_the_first_object_is_replaced(pod: Pod, ssh: SshServer) -> None:
    pod.bootstrap().expect(0)
    git(pod.directory, "remote", "add", "origin", ssh.url("project.git"))
    (pod.directory / ".git" / "index").unlink()
    connect(pod, ssh).bootstrap().expect(0, "killed before it had any commit")
    assert (pod.directory / "README.md").exists()


@pytest.mark.fault("damaged-repository")
def test_damaged_repository_with_files_is_refused_untouched(cloned_pod: Pod) -> None:
    (cloned_pod.directory / ".git" / "HEAD").unlink()
    cloned_pod.write(cloned_pod.directory / "work.txt", "mine")
    cloned_pod.bootstrap().expect(23, "damaged", "nothing was touched")
    assert (cloned_pod.directory / "work.txt").read_text() == "mine"


@pytest.mark.fault("damaged-repository")
def test_repository_whose_head_is_lost_still_starts(cloned_pod: Pod) -> None:
    cloned_pod.write(cloned_pod.directory / ".git" / "HEAD", "ref: refs/heads/lost\n")
    cloned_pod.bootstrap().expect(0, "HEAD of")
    assert (cloned_pod.directory / "README.md").exists()


@pytest.mark.fault("other-owner")
def test_volume_that_cannot_be_written_is_explained(ssh_pod: Pod) -> None:
    with read_only(ssh_pod.home):
        ssh_pod.bootstrap().expect(
            20, f"cannot write to {ssh_pod.home} ({owner(ssh_pod, 555)})", "fsGroup"
        )


@pytest.mark.fault("other-owner")
def test_repository_that_cannot_be_written_is_explained(cloned_pod: Pod) -> None:
    with read_only(cloned_pod.directory):
        says = f"cannot write to {cloned_pod.directory} ({owner(cloned_pod, 555)})"
        cloned_pod.bootstrap().expect(20, says, "change the owner")


@pytest.mark.fault("other-owner")
def test_repository_of_another_uid_is_explained(cloned_pod: Pod) -> None:
    cloned_pod.git_configuration.write_text("")
    uid = cloned_pod.account.uid
    cloned_pod.bootstrap(GIT_TEST_ASSUME_DIFFERENT_OWNER="1").expect(
        20, f"belongs to another uid than {uid} ({owner(cloned_pod, 755)})"
    )


def small_volume(pod: Pod, size: str, fill: str = "") -> None:
    """Mounts a volume of that size, only for the script."""
    mount = f"mount -t tmpfs -o size={size},mode=0777 tmpfs {pod.home}"
    pod.prefix = [program("unshare"), "--user", "--map-root-user", "--mount"]
    pod.prefix += [program("dash"), "-c", f'{mount} && {fill or ":"} && "$@"', "-"]


@pytest.mark.fault("full-clone")
def test_full_volume_is_reported(ssh_pod: Pod) -> None:
    full = f"! dd if=/dev/zero of={ssh_pod.home}/ballast bs=4096 2>/dev/null"
    small_volume(ssh_pod, "64k", full)
    ssh_pod.bootstrap().expect(21, "is full")


@pytest.mark.fault("full-clone")
def test_volume_that_fills_during_the_clone_is_reported(ssh_pod: Pod) -> None:
    small_volume(ssh_pod, "80k")
    ssh_pod.bootstrap().expect(21, "is full")


@pytest.mark.fault("server-gone")
def test_restart_touches_no_network(pod: Pod, scratch: Path, served: Path) -> None:
    with ssh_server(scratch / "sshd", served) as server:
        connect(pod, server).bootstrap().expect(0, "cloning")
    pod.write(pod.directory / "work.txt", "mine")
    pod.bootstrap().expect(0, "kept as it is")
    assert (pod.directory / "work.txt").read_text() == "mine"


@pytest.mark.fault("changed-repository")
def test_changed_repository_setting_is_reported_and_the_clone_kept(
    cloned_pod: Pod, ssh: SshServer
) -> None:
    other = ssh.url("empty.git")
    cloned_pod.bootstrap(WORKSPACE_REPOSITORY=other).expect(
        0, f"comes from {ssh.url('project.git')}, the setting says {other};"
    )
    assert git(cloned_pod.directory, "remote", "get-url", "origin") == ssh.url("project.git")


@pytest.mark.parametrize(
    ("scheme", "shown"), [("https", "https://***@127.0.0.1"), ("ssh", "ssh://user:***@127.0.0.1")]
)
@pytest.mark.fault("secret-in-view")
def test_password_in_a_remote_url_is_not_shown(cloned_pod: Pod, scheme: str, shown: str) -> None:
    url = f"{scheme}://user:remote-password@127.0.0.1/project.git"
    git(cloned_pod.directory, "remote", "set-url", "origin", url)
    cloned_pod.secrets.add("remote-password")
    cloned_pod.bootstrap().expect(0, shown)


@pytest.mark.fault("server-gone")
def test_empty_clone_survives_a_restart_without_network(
    pod: Pod, scratch: Path, served: Path
) -> None:
    with ssh_server(scratch / "sshd", served) as server:
        connect(pod, server, "empty.git").bootstrap().expect(0)
    pod.bootstrap().expect(0, "kept as it is")


@pytest.mark.fault("killed-git")
def test_lock_left_by_a_killed_git_is_pointed_out(cloned_pod: Pod) -> None:
    cloned_pod.write(cloned_pod.directory / ".git" / "index.lock", "")
    cloned_pod.bootstrap().expect(0, "index.lock")
    assert (cloned_pod.directory / ".git" / "index.lock").exists()


@pytest.mark.fault("hostile-volume")
def test_missing_object_is_not_fetched_with_the_repository_s_own_ssh_command(
    cloned_pod: Pod,
) -> None:
    proof = cloned_pod.home / "ran"
    for name, value in (
        ("core.sshCommand", f"touch {proof}"),
        ("remote.origin.url", "git@127.0.0.1:project.git"),
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.promisor", "true"),
    ):
        git(cloned_pod.directory, "config", name, value)
    main = cloned_pod.directory / ".git" / "refs" / "heads" / "main"
    cloned_pod.write(main, "1234567890" * 4 + "\n")
    cloned_pod.bootstrap().expect(0)
    assert not proof.exists()


@pytest.mark.fault("hostile-volume")
def test_volume_configuration_runs_no_program(cloned_pod: Pod) -> None:
    """Whoever controls the volume must not reach the deploy key, which is in this container."""
    proof = cloned_pod.home / "ran"
    program_line = f"!touch {proof}"
    cloned_pod.write(
        cloned_pod.home / ".gitconfig",
        f'[core]\n\tsshCommand = "{program_line[1:]}"\n\tfsmonitor = "{program_line[1:]}"\n',
    )
    git(cloned_pod.directory, "config", "core.fsmonitor", program_line[1:])
    git(cloned_pod.directory, "config", "core.sshCommand", program_line[1:])
    cloned_pod.bootstrap().expect(0)
    cloned_pod.bootstrap(WORKSPACE_UPDATE="fast-forward").expect(0, "core.fsmonitor")
    assert not proof.exists()
