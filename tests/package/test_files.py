"""Files change all together or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path, PurePosixPath

import pytest

from opencode_workspace import files, interruption, stage
from opencode_workspace.errors import UserError

P = PurePosixPath
OLD = {P("a.yaml"): b"old a", P("deep/b.yaml"): b"old b", P("deep/er/c.yaml"): b"old c"}
NEW = {P("a.yaml"): b"new a", P("deep/b.yaml"): b"new b", P("fresh/d.yaml"): b"new d"}
REMOVED = [P("deep/er/c.yaml")]


def tree(root: Path) -> dict[str, bytes | None]:
    """Every path below root: contents of files, None for directories."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(root.rglob("*"))
    }


def touched(root: Path) -> dict[PurePosixPath, tuple[int, int]]:
    """Which file each is, and when it was written; reading one may change its other times."""
    found = {path: (root / path).stat() for path in OLD}
    return {path: (status.st_ino, status.st_mtime_ns) for path, status in found.items()}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    files.replace(root, OLD, ())
    return root


def test_everything_changes_together(root: Path) -> None:
    changes = files.replace(root, NEW, REMOVED)
    assert changes == files.Changes(
        created=(P("fresh/d.yaml"),),
        updated=(P("a.yaml"), P("deep/b.yaml")),
        removed=(P("deep/er/c.yaml"),),
    )
    assert tree(root) == {
        "a.yaml": b"new a",
        "deep": None,
        "deep/b.yaml": b"new b",
        "fresh": None,
        "fresh/d.yaml": b"new d",
    }


def test_files_with_the_right_contents_are_not_touched(root: Path) -> None:
    before = touched(root)
    assert files.replace(root, OLD, [P("gone.yaml")]) == files.Changes()
    assert touched(root) == before


def test_only_what_differs_is_written(root: Path) -> None:
    before = (root / "deep/b.yaml").stat().st_ino
    files.replace(root, {**OLD, P("a.yaml"): b"new a"}, ())
    assert (root / "deep/b.yaml").stat().st_ino == before


def test_permissions_of_a_changed_file_stay(root: Path) -> None:
    (root / "a.yaml").chmod(0o640)
    files.replace(root, NEW, ())
    assert (root / "a.yaml").stat().st_mode & 0o777 == 0o640


def test_new_file_has_ordinary_permissions(root: Path) -> None:
    mask = os.umask(0o022)
    try:
        files.replace(root, NEW, ())
    finally:
        os.umask(mask)
    assert (root / "fresh/d.yaml").stat().st_mode & 0o777 == 0o644
    assert (root / "fresh").stat().st_mode & 0o777 == 0o755


def test_emptied_directories_go_but_not_those_with_other_files(root: Path) -> None:
    (root / "deep/other").write_bytes(b"mine")
    files.replace(root, {}, [P("deep/er/c.yaml"), P("deep/b.yaml"), P("a.yaml")])
    assert tree(root) == {"deep": None, "deep/other": b"mine"}


def test_root_stays_when_all_files_go(root: Path) -> None:
    files.replace(root, {}, list(OLD))
    assert tree(root) == {}
    assert root.is_dir()


def test_nothing_to_do_makes_no_directory(tmp_path: Path) -> None:
    assert not files.replace(tmp_path / "new", {}, [P("gone")])
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "."])
def test_paths_out_of_the_root_are_refused(path: str, root: Path) -> None:
    with pytest.raises(UserError, match=r"leads out of .*\. Name a path below it$"):
        files.replace(root, {P(path): b""}, ())


@pytest.mark.parametrize("link", ["a.yaml", "deep"])
def test_symbolic_links_are_refused(link: str, root: Path, tmp_path: Path) -> None:
    (root / link).rename(tmp_path / "elsewhere")
    (root / link).symlink_to(tmp_path / "elsewhere")
    before = tree(tmp_path)
    with pytest.raises(UserError, match=rf"{link}: is a symbolic link"):
        files.replace(root, NEW, ())
    assert tree(tmp_path) == before


def test_directory_in_the_place_of_a_file_is_refused(root: Path) -> None:
    told = r"deep: is a directory where a file is to be written\. Move it; nothing was changed$"
    with pytest.raises(UserError, match=told):
        files.replace(root, {P("deep"): b"x"}, ())


def test_file_in_the_place_of_a_directory_is_refused(root: Path) -> None:
    before = tree(root)
    with pytest.raises(UserError, match=rf"^{root}/a\.yaml/x: cannot be changed: Not a directory"):
        files.replace(root, {P("a.yaml/x"): b"x", P("b.yaml"): b"x"}, ())
    assert tree(root) == before


def test_only_a_stage_that_nobody_works_in_is_removed(root: Path) -> None:
    names = ("stage-abandoned", "stage-locked", "kept-old", "mine")
    stages = {name: root / f".opencode-workspace-{name}" for name in names}
    for path in stages.values():
        path.mkdir()
        (path / "new-0").write_bytes(b"half")
    (root / ".opencode-workspace-stage-file").write_bytes(b"mine")
    (root / ".opencode-workspace-stage-link").symlink_to(stages["mine"])
    lock = os.open(stages["stage-locked"], os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        files.replace(root, NEW, ())
    finally:
        os.close(lock)
    kept = {path.name.removeprefix(".opencode-workspace-") for path in root.glob(".opencode*")}
    assert kept == {"stage-locked", "kept-old", "mine", "stage-file", "stage-link"}


def test_a_stage_is_locked_as_long_as_it_is_worked_in(root: Path) -> None:
    ours = stage.Stage.within(root)
    stage.remove_abandoned(root)
    assert ours.path.is_dir()
    ours.remove()
    assert not ours.path.exists()


@pytest.mark.parametrize("moment", ["before", "while", "no locks"])
def test_a_stage_that_another_run_takes_for_abandoned_is_made_anew(
    moment: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = fcntl.flock
    calls = 0

    def flock(folder: int, operation: int) -> None:
        nonlocal calls
        calls += 1
        if moment == "no locks":
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
        if calls == 1:
            (made,) = root.glob(".opencode-workspace-stage-*")
            if moment == "while":
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            made.rmdir()
        original(folder, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    assert stage.Stage.within(root).path.is_dir()
    assert calls == (1 if moment == "no locks" else 2)


def test_without_locks_no_stage_is_taken_for_abandoned(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(folder: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    theirs = root / ".opencode-workspace-stage-theirs"
    theirs.mkdir()
    files.replace(root, NEW, ())
    assert theirs.is_dir()


def test_one_file_is_written(tmp_path: Path) -> None:
    files.write_text(tmp_path / "new/x.txt", "häß\n")
    assert tree(tmp_path) == {"new": None, "new/x.txt": "häß\n".encode()}


def test_one_file_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").symlink_to("elsewhere")
    with pytest.raises(UserError, match="is a symbolic link"):
        files.write_text(tmp_path / "x", "text")


def test_a_change_is_noted_for_whoever_interrupts_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interruption, "_changed", False)
    files.replace(tmp_path, {P("a"): b"new"}, [])
    assert interruption.message() == "interrupted; by then the files had been changed, all of them"
