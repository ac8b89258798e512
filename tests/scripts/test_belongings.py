"""Would a start that loses something of the user's be noticed?"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.belongings import Belongings, look
from workbench.pod import Pod
from workbench.remotes import commit, git

LOGIN = b'{"anthropic":{"type":"api","key":"only-for-this-test"}}'


@pytest.fixture(scope="module")
def volume(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One of everything."""
    work_tree = tmp_path_factory.mktemp("volume") / "workspace"
    work_tree.mkdir(parents=True)
    git(work_tree, "init", "--quiet", "--initial-branch", "main")
    commit(work_tree, "README.md", "first\n")
    commit(work_tree, "README.md", "second\n")
    (work_tree / "draft.txt").write_text("mine\n")
    (work_tree / "staged.txt").write_text("mine\n")
    git(work_tree, "add", "staged.txt")
    data = work_tree.parent / ".local/share/opencode"
    data.mkdir(parents=True)
    (data / "auth.json").write_bytes(LOGIN)
    (data / "opencode.db").write_bytes(b"sessions")
    return work_tree.parent


@pytest.fixture
def home(volume: Path, tmp_path: Path) -> Path:
    """A volume of this test's own."""
    return shutil.copytree(volume, tmp_path / "home")


def drop_draft(home: Path) -> None:
    (home / "workspace/draft.txt").unlink()


def change_draft(home: Path) -> None:
    (home / "workspace/draft.txt").write_text("theirs\n")


def reset(home: Path) -> None:
    git(home / "workspace", "reset", "--quiet", "--soft", "HEAD~1")


def unstage(home: Path) -> None:
    git(home / "workspace", "rm", "--quiet", "--cached", "staged.txt")


def delete_branch(home: Path) -> None:
    (home / "workspace/.git/refs/heads/main").unlink()


def forget_reflog(home: Path) -> None:
    (home / "workspace/.git/logs/HEAD").write_text("")


def clone_anew(home: Path) -> None:
    shutil.rmtree(home / "workspace/.git")
    git(home / "workspace", "init", "--quiet")


def drop_sessions(home: Path) -> None:
    (home / ".local/share/opencode/opencode.db").unlink()


def replace_login(home: Path) -> None:
    (home / ".local/share/opencode/auth.json").write_text("{}")


@pytest.mark.parametrize(
    "damage",
    [
        drop_draft,
        change_draft,
        reset,
        unstage,
        delete_branch,
        forget_reflog,
        clone_anew,
        drop_sessions,
        replace_login,
    ],
)
def test_loss_is_noticed(home: Path, damage: Callable[[Path], None]) -> None:
    before = look(home)
    damage(home)
    assert before.lost(look(home)) != []


@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        ("workspace/.git/refs/heads/main", {"commits"}),
        ("workspace/.git/config", set()),
        ("workspace/src/main.py", {"files"}),
        (".opencode-clone.abcdef/tree/main.py", set()),
        (".local/share/opencode/opencode.db", {"sessions"}),
        (".local/share/opencode/auth.json", {"login"}),
    ],
)
def test_file_is_of_its_kind(tmp_path: Path, path: str, kinds: set[str]) -> None:
    assert Belongings(tmp_path, {path: b""}).kinds == kinds


def test_what_stays_beside_something_newer_is_not_lost(home: Path) -> None:
    before = look(home)
    data = home / ".local/share/opencode"
    (data / "auth.json").rename(data / "auth.json.20260101T000000Z")
    (data / "auth.json").write_text("{}")
    commit(home / "workspace", "README.md", "third\n")
    assert before.lost(look(home)) == []


def test_start_that_loses_something_fails_its_test(pod: Pod) -> None:
    pod.write(pod.home / "note.txt", "mine\n")
    pod.script("bootstrap.sh").write_text("rm $HOME/note.txt\n")
    with pytest.raises(AssertionError, match=r"note\.txt was removed"):
        pod.bootstrap()
