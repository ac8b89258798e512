"""A call that fails, or Ctrl-C, while files change: what was changed until then is undone."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from opencode_workspace import files
from opencode_workspace.errors import UserError
from tests.package.change import COUNT, NEW, NEW_TREE, OLD, OLD_TREE, REMOVED, P, tree


@pytest.mark.parametrize("at", range(1, COUNT + 2))
def test_failing_rename_is_undone(at: int, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Path.replace
    calls = 0

    def failing(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls == at:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(target))
        return original(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(
        UserError, match=rf"^{root}/.*x\.yaml: cannot be changed: Input/output error"
    ):
        files.replace(root, NEW, [REMOVED])
    assert tree(root) == OLD_TREE
    assert not (root / "fresh").exists()


def test_what_cannot_be_put_back_is_kept_and_told(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Path.replace
    failed = False

    def failing(self: Path, target: Path) -> Path:
        nonlocal failed
        if target == root / "4/x.yaml":
            failed = True
        if failed and target in (root / "1/x.yaml", root / "4/x.yaml"):
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(target))
        return original(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(UserError) as refused:
        files.replace(root, NEW, [REMOVED])
    cause, left = str(refused.value).splitlines()
    assert cause.startswith(f"{root}/4/x.yaml: cannot be changed: Input/output error. ")
    assert "nothing was changed" not in cause
    told = re.fullmatch(
        rf"{root}/1/x\.yaml: cannot be put back as it was: Input/output error\. Move (\S+) there",
        left,
    )
    assert told, left
    assert Path(told[1]).read_bytes() == OLD_TREE["1/x.yaml"]

    monkeypatch.undo()
    files.replace(root, {P("later"): b"x"}, ())
    assert Path(told[1]).exists(), "a later run removed it"
    Path(told[1]).replace(root / "1/x.yaml")
    shutil.rmtree(Path(told[1]).parent)
    (root / "later").unlink()
    assert tree(root) == OLD_TREE, "everything else was put back"


def test_a_new_file_that_cannot_be_removed_again_is_told(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Path.unlink

    def failing(self: Path, missing_ok: bool = False) -> None:
        if self in (root / "fresh/x.yaml", root / REMOVED):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(self))
        original(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", failing)
    told = rf"{root}/fresh/x\.yaml: is new and cannot be removed: Permission denied\. Remove it"
    with pytest.raises(UserError, match=told):
        files.replace(root, NEW, [REMOVED])
    assert tree(root) == {**OLD_TREE, "fresh/x.yaml": NEW_TREE["fresh/x.yaml"]}


def test_failing_removal_is_undone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    last = max(OLD)
    original = Path.unlink

    def failing(self: Path, missing_ok: bool = False) -> None:
        if self == root / last:
            raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(self))
        original(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", failing)
    with pytest.raises(UserError, match="Permission denied"):
        files.replace(root, {}, [REMOVED, last])
    assert tree(root) == OLD_TREE


def test_a_new_file_that_somebody_took_away_does_not_stop_the_undoing(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if target == root / "4/x.yaml" and (root / "fresh/x.yaml").exists():
            (root / "fresh/x.yaml").unlink()
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(target))
        return original(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(UserError, match="Input/output error") as caught:
        files.replace(root, NEW, [REMOVED])
    assert "cannot be removed" not in str(caught.value)
    assert tree(root) == OLD_TREE


@pytest.mark.parametrize("place", ["4", "fresh", "0"])
def test_a_directory_that_may_not_be_written_to_changes_nothing_anywhere(
    place: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = {"4": (NEW, ()), "fresh": (NEW, ()), "0": ({}, [REMOVED])}[place]
    monkeypatch.setattr(os, "access", lambda path, mode: path != root / place)
    with pytest.raises(UserError, match=rf"^{root}/{place}: cannot be changed: Permission denied"):
        files.replace(root, *changed)
    assert tree(root) == OLD_TREE


def test_a_file_that_may_not_be_read_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Path) -> bytes:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))

    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(UserError, match=rf"^{root}/0/gone\.yaml: .* Permission denied"):
        files.replace(root, {}, [REMOVED])


def test_litter_that_cannot_be_removed_stops_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, ignore_errors: bool = False) -> None:
        if not ignore_errors:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(path))

    (root / ".opencode-workspace-stage-abc").mkdir()
    monkeypatch.setattr(shutil, "rmtree", refused)
    files.replace(root, NEW, [REMOVED])
    assert {name: data for name, data in tree(root).items() if name[0] != "."} == NEW_TREE


def test_files_change_in_a_thread_that_gets_no_signals(root: Path) -> None:
    with ThreadPoolExecutor() as threads:
        assert threads.submit(files.replace, root, NEW, [REMOVED]).result()
    assert tree(root) == NEW_TREE


def test_file_system_without_links_is_undone_from_copies(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(source: Path, target: Path) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", unsupported)
    test_failing_rename_is_undone(3, root, monkeypatch)


def _interrupted(
    function: str,
    at: int,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    new: Mapping[PurePosixPath, bytes] = NEW,
) -> int:
    """Presses Ctrl-C when `function` is called for the `at`-th time; how often it was called."""
    holder = os if function == "link" else Path
    original = getattr(holder, function)
    calls = 0

    def counting(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == at:
            signal.raise_signal(signal.SIGINT)
        return original(*arguments)

    monkeypatch.setattr(holder, function, counting)
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        files.replace(root, new, [REMOVED])
    assert signal.getsignal(signal.SIGINT) is handler, "the next Ctrl-C would be lost"
    return calls


@pytest.mark.parametrize("function", ["write_bytes", "link"])
@pytest.mark.parametrize("at", [1, 3, COUNT + 1])
def test_interrupt_while_preparing_is_obeyed_at_once_and_changes_nothing(
    function: str, at: int, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _interrupted(function, at, root, monkeypatch) == at
    assert tree(root) == OLD_TREE
    assert not (root / "fresh").exists()


def test_interrupt_with_removals_only_changes_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _interrupted("link", 1, root, monkeypatch, new={}) == 1
    assert tree(root) == OLD_TREE


@pytest.mark.parametrize("at", [1, COUNT + 1])
def test_interrupt_while_renaming_comes_after_it(
    at: int, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _interrupted("replace", at, root, monkeypatch)
    assert tree(root) == NEW_TREE
