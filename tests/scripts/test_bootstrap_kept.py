"""What only looks like a clone that was interrupted is kept, and what is in the way is not touched."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from workbench.place import read_only
from workbench.pod import Pod
from workbench.remotes import git


def half_clone(pod: Pod, directory: Path) -> None:
    """What another tool's clone holds before its first object."""
    pod.write(directory / "objects/pack/tmp_pack_x", "half")
    pod.write(directory / "config", "")


def mount_point(pod: Pod) -> Path:
    pod.make_directory(pod.directory)
    pod.make_directory(pod.directory / "lost+found")
    return pod.directory


def link(pod: Pod, path: Path, target: str) -> None:
    path.symlink_to(target)
    pod.account.own(path)


def test_half_clone_beside_files_is_refused_untouched(pod: Pod) -> None:
    half_clone(pod, pod.directory / ".git")
    pod.write(pod.directory / "work.txt", "mine")
    pod.bootstrap().expect(23, "is damaged: fatal: not a git repository", "nothing was touched")
    assert (pod.directory / ".git/objects/pack/tmp_pack_x").exists()


@pytest.mark.parametrize("what", ["link", "dangling link", "file"])
def test_git_directory_that_is_elsewhere_is_refused_untouched(pod: Pod, what: str) -> None:
    pod.make_directory(pod.directory)
    entry = pod.directory / ".git"
    if what == "file":
        pod.write(entry, "gitdir: /nowhere\n")
    elif what == "link":
        half_clone(pod, pod.home / "elsewhere")
        link(pod, entry, "../elsewhere")
    else:
        link(pod, entry, "nowhere")
    pod.bootstrap().expect(23, "nothing was touched")
    assert entry.is_symlink() or entry.is_file()


def test_repository_of_the_user_s_own_without_anything_in_it_is_kept(ssh_pod: Pod) -> None:
    url = ssh_pod.environment.pop("WORKSPACE_REPOSITORY")
    ssh_pod.bootstrap().expect(0, "empty repository")
    (ssh_pod.directory / ".git/index").unlink()
    result = ssh_pod.bootstrap(WORKSPACE_REPOSITORY=url)
    result.expect(0, "kept as it is", "comes from no remote, the setting says ")
    assert "never checked out" not in result.log
    assert "HEAD of" not in result.log


def test_empty_repository_is_kept_on_a_restart(pod: Pod) -> None:
    pod.bootstrap().expect(0, "empty repository")
    assert pod.bootstrap().log == f"bootstrap: {pod.directory} holds a repository; kept as it is\n"


def test_references_of_a_clone_without_head_are_kept(cloned_pod: Pod) -> None:
    reference = cloned_pod.directory / ".git/refs/heads/main"
    commit = git(cloned_pod.directory, "rev-parse", "HEAD")
    for entry in (*cloned_pod.directory.iterdir(), *(cloned_pod.directory / ".git").iterdir()):
        if entry.name in ("packed-refs", "index"):
            entry.unlink()
        elif entry.name == "logs":
            shutil.rmtree(entry)
        elif entry.name != ".git" and entry.parent == cloned_pod.directory:
            entry.unlink()
    cloned_pod.write(reference, f"{commit}\n")
    cloned_pod.write(cloned_pod.directory / ".git/HEAD", "ref: refs/heads/lost\n")
    cloned_pod.bootstrap().expect(0, "HEAD of", "kept as it is")
    assert reference.read_text() == f"{commit}\n"


def test_nothing_is_said_of_a_repository_that_is_in_order(cloned_pod: Pod) -> None:
    kept = f"bootstrap: {cloned_pod.directory} holds a repository; kept as it is\n"
    assert cloned_pod.bootstrap().log == kept
    assert cloned_pod.bootstrap(WORKSPACE_REPOSITORY="").log == kept


def test_repository_that_was_never_checked_out_is_pointed_out(cloned_pod: Pod) -> None:
    (cloned_pod.directory / ".git/index").unlink()
    cloned_pod.bootstrap().expect(0, "was never checked out; run 'git reset --hard'")


def test_git_directory_that_cannot_be_written_is_explained(cloned_pod: Pod) -> None:
    uid, gid = cloned_pod.account.uid, cloned_pod.account.gid
    says = f"uid {uid} cannot write to {cloned_pod.directory} (owner {uid}:{gid}, mode 755)"
    with read_only(cloned_pod.directory / ".git"):
        cloned_pod.bootstrap().expect(20, says)


@pytest.mark.parametrize("target", ["", "nowhere"])
def test_link_in_place_of_the_directory_is_refused(pod: Pod, target: str) -> None:
    """One to a file, and one to nothing."""
    pod.write(pod.home / "file", "mine")
    link(pod, pod.directory, target or "file")
    pod.bootstrap().expect(22, "nothing was touched")
    assert pod.directory.is_symlink()


def test_directory_with_a_dangling_link_is_refused_untouched(pod: Pod) -> None:
    pod.make_directory(pod.directory)
    link(pod, pod.directory / "link", "nowhere")
    pod.bootstrap().expect(22, "nothing was touched")
    assert (pod.directory / "link").is_symlink()


@pytest.mark.parametrize("deep", [False, True])
def test_parent_that_cannot_be_written_is_explained(pod: Pod, deep: bool) -> None:
    closed = pod.home / "closed"
    pod.make_directory(closed)
    wanted = closed / "a/b" if deep else closed
    uid, gid = pod.account.uid, pod.account.gid
    with read_only(closed):
        pod.bootstrap(WORKSPACE_DIRECTORY=str(wanted / "workspace")).expect(
            20, f"uid {uid} cannot write to {wanted} (owner {uid}:{gid}, mode 555)"
        )


def test_file_in_place_of_the_parent_is_explained(pod: Pod) -> None:
    pod.write(pod.home / "file", "mine")
    pod.bootstrap(WORKSPACE_DIRECTORY=f"{pod.home}/file/workspace").expect(20, "cannot write to")


def test_empty_repository_is_made_in_a_mount_point(pod: Pod) -> None:
    mount_point(pod)
    pod.bootstrap().expect(0, "is ready")
    assert {path.name for path in pod.directory.iterdir()} == {".git", "lost+found"}


def stage(pod: Pod, *, whole: bool) -> Path:
    """What an interrupted start left in a mount point, with a file, a link to nothing, and .git."""
    made = mount_point(pod) / ".opencode-clone.abcdef"
    pod.write(made / "tree/notes.txt", "from the repository")
    pod.write(made / "tree/.git/HEAD", "ref: refs/heads/main\n")
    link(pod, made / "tree/link", "nowhere")
    if whole:
        pod.write(made / "whole", "")
    return made


def test_link_to_nothing_in_the_repository_is_put_into_place_too(pod: Pod) -> None:
    stage(pod, whole=True)
    assert "putting the clone of an interrupted start into place" in pod.bootstrap().log
    assert (pod.directory / "link").is_symlink()
    assert (pod.directory / "notes.txt").exists()


@pytest.mark.parametrize("dangling", [False, True])
def test_entry_in_the_way_of_the_repository_s_stays_and_so_does_the_clone(
    pod: Pod, dangling: bool
) -> None:
    made = stage(pod, whole=True)
    mine = pod.directory / "notes.txt"
    if dangling:
        link(pod, mine, "of-mine")
    else:
        pod.write(mine, "mine")
    pod.bootstrap().expect(22, f"{mine} exists and the repository has an entry of that name")
    assert mine.is_symlink() if dangling else mine.read_text() == "mine"
    assert (made / "tree/notes.txt").read_text() == "from the repository"
    mine.unlink()
    pod.bootstrap()
    assert mine.read_text() == "from the repository"


@pytest.mark.parametrize("state", ["half", "no tree", "in place already"])
def test_stage_that_is_not_to_be_finished_is_removed(pod: Pod, state: str) -> None:
    made = stage(pod, whole=state != "half")
    if state == "no tree":
        shutil.rmtree(made / "tree")
    elif state == "in place already":
        pod.environment["WORKSPACE_DIRECTORY"] = str(pod.home / "other")
        pod.git_configuration.write_text("[safe]\n\tdirectory = *\n")
        pod.bootstrap().expect(0)
        shutil.move(pod.home / "other/.git", pod.directory / ".git")
        pod.environment["WORKSPACE_DIRECTORY"] = str(pod.directory)
    result = pod.bootstrap()
    result.expect(0)
    assert "putting" not in result.log
    assert {path.name for path in pod.directory.iterdir()} == {".git", "lost+found"}


def test_stage_that_cannot_be_removed_is_named_and_does_not_stop_the_start(pod: Pod) -> None:
    closed = stage(pod, whole=False) / "tree"
    with read_only(closed):
        pod.bootstrap().expect(
            0, f"cannot remove what an interrupted start left in {pod.home}", "is ready"
        )
