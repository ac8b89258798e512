"""Changes files all together or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import FrameType

from opencode_workspace import interruption
from opencode_workspace.errors import UserError, UserErrors
from opencode_workspace.stage import Stage, remove_abandoned

_UNCHANGED = "nothing was changed"
_HALF = "not all of what had been changed before could be put back"


@dataclass(frozen=True)
class Changes:
    """Paths, relative to the root and sorted, of what `replace` did."""

    created: tuple[PurePosixPath, ...] = ()
    updated: tuple[PurePosixPath, ...] = ()
    removed: tuple[PurePosixPath, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.created or self.updated or self.removed)


def replace(
    root: Path, files: Mapping[PurePosixPath, bytes], remove: Collection[PurePosixPath]
) -> Changes:
    """Gives `files` their contents and removes the files in `remove`, all or nothing.

    root: directory that all paths are relative to; created if missing.
    remove: files that may be missing already.

    A file with the right contents is not touched. All new contents are written beside the tree
    first, so a full disk or a read-only target changes nothing; then they are renamed into place,
    which is undone if a step fails; old files that cannot be put back are kept, and the error says
    where. Ctrl-C is obeyed before the renaming or after it. A process
    that is killed leaves every single file either old or new. Directories that `remove` empties
    are removed.

    Raises UserError for paths outside root, targets that are symbolic links or directories, and
    everything the file system refuses; KeyboardInterrupt after Ctrl-C.
    """
    changes = _changes(root, files, remove)
    if not changes:
        return changes
    with _deferred_interrupt() as interrupted:
        transaction = _Transaction(root)
        try:
            transaction.prepare(changes, files, interrupted)
            transaction.commit()
            interruption.files_changed()
        except OSError as error:
            raise _refusal(error, root) from None
        finally:
            transaction.clean()
    return changes


def write_text(path: Path, text: str) -> None:
    """Gives the file `path` the contents `text` in UTF-8, atomically; errors as `replace`."""
    replace(path.parent, {PurePosixPath(path.name): text.encode()}, ())


class _Interrupted:
    """Whether Ctrl-C was pressed while it was deferred."""

    def __init__(self) -> None:
        self.pressed = False

    def raise_if_pressed(self) -> None:
        if self.pressed:
            raise KeyboardInterrupt


@contextlib.contextmanager
def _deferred_interrupt() -> Iterator[_Interrupted]:
    """Turns SIGINT into a flag; raises KeyboardInterrupt at the end if it is set."""
    interrupted = _Interrupted()
    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return

    def remember(signum: int, frame: FrameType | None) -> None:
        interrupted.pressed = True

    previous = signal.signal(signal.SIGINT, remember)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, previous)
    interrupted.raise_if_pressed()


@dataclass
class _Transaction:
    root: Path
    _stage: Stage | None = None
    _new_directories: list[Path] = field(default_factory=list)
    _writes: list[tuple[Path, Path]] = field(default_factory=list)
    _backups: list[tuple[Path, Path]] = field(default_factory=list)
    _removals: list[Path] = field(default_factory=list)

    def prepare(
        self,
        changes: Changes,
        files: Mapping[PurePosixPath, bytes],
        interrupted: _Interrupted,
    ) -> None:
        """Writes new contents and links old ones into the stage; the tree stays as it is."""
        self._make_directory(self.root)
        remove_abandoned(self.root)
        self._stage = Stage.within(self.root)
        stage = self._stage.path
        for number, path in enumerate((*changes.updated, *changes.removed)):
            interrupted.raise_if_pressed()
            _keep(self.root / path, stage / f"old-{number}")
            self._backups.append((stage / f"old-{number}", self.root / path))
        for number, path in enumerate((*changes.created, *changes.updated)):
            interrupted.raise_if_pressed()
            target = self.root / path
            self._make_directory(target.parent)
            _require_writable(target.parent)
            source = stage / f"new-{number}"
            source.write_bytes(files[path])
            if path in changes.updated:
                shutil.copymode(target, source)
            self._writes.append((source, target))
        for path in changes.removed:
            _require_writable((self.root / path).parent)
            self._removals.append(self.root / path)
        interrupted.raise_if_pressed()

    def commit(self) -> None:
        """Renames everything into place; on failure puts the old files back and raises.

        Raises OSError when all is as it was, otherwise UserErrors about what is not.
        """
        created = {target for _, target in self._writes} - {old for _, old in self._backups}
        done: list[Path] = []
        try:
            for source, target in self._writes:
                source.replace(target)
                done.append(target)
            for target in self._removals:
                target.unlink()
                done.append(target)
        except OSError as error:
            if left := [*self._remove(done, created), *self._put_back(done)]:
                raise UserErrors([_refusal(error, self.root, _HALF), *left]) from None
            raise
        for target in self._removals:
            self._remove_empty_directories(target.parent)

    def clean(self) -> None:
        """Removes the stage, and the directories made for new files that hold none after all."""
        if self._stage is not None:
            self._stage.remove()
        for directory in reversed(self._new_directories):
            with contextlib.suppress(OSError):
                directory.rmdir()

    def _remove(self, done: list[Path], created: set[Path]) -> Iterator[UserError]:
        """Removes the new files; yields what is left to do."""
        for target in done:
            if target in created:
                try:
                    target.unlink(missing_ok=True)
                except OSError as error:
                    yield UserError(
                        f"is new and cannot be removed: {error.strerror}", str(target), "Remove it"
                    )

    def _put_back(self, done: list[Path]) -> list[UserError]:
        """Puts every old file back that can be; keeps the others, and says what is left to do."""
        failed: list[tuple[str, Path, OSError]] = []
        for backup, target in self._backups:
            if target in done:
                try:
                    backup.replace(target)
                except OSError as error:
                    failed.append((backup.name, target, error))
        if not failed or self._stage is None:
            return []
        kept = self._stage.keep()
        self._stage = None
        return [
            UserError(
                f"cannot be put back as it was: {error.strerror}",
                str(target),
                f"Move {kept / name} there",
            )
            for name, target, error in failed
        ]

    def _make_directory(self, directory: Path) -> None:
        missing: list[Path] = []
        while not directory.exists():
            missing.append(directory)
            directory = directory.parent
        for path in reversed(missing):
            path.mkdir()
            self._new_directories.append(path)

    def _remove_empty_directories(self, directory: Path) -> None:
        with contextlib.suppress(OSError):
            while directory != self.root:
                directory.rmdir()
                directory = directory.parent


def _changes(
    root: Path, files: Mapping[PurePosixPath, bytes], remove: Collection[PurePosixPath]
) -> Changes:
    created: list[PurePosixPath] = []
    updated: list[PurePosixPath] = []
    removed: list[PurePosixPath] = []
    for path in sorted({*files, *remove}):
        target = _checked(root, path)
        old = _contents(target)
        if path in files:
            if old is None:
                created.append(path)
            elif old != files[path]:
                updated.append(path)
        elif old is not None:
            removed.append(path)
    return Changes(tuple(created), tuple(updated), tuple(removed))


def _checked(root: Path, path: PurePosixPath) -> Path:
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise UserError(f"{path} leads out of {root}", remedy="Name a path below it")
    target = root
    for part in path.parts:
        target = target / part
        if target.is_symlink():
            raise UserError("is a symbolic link", str(target), f"Replace it; {_UNCHANGED}")
    return target


def _contents(target: Path) -> bytes | None:
    try:
        return target.read_bytes()
    except FileNotFoundError:
        return None
    except IsADirectoryError:
        raise UserError(
            "is a directory where a file is to be written", str(target), f"Move it; {_UNCHANGED}"
        ) from None
    except OSError as error:
        raise _refusal(error, target) from None


def _keep(target: Path, backup: Path) -> None:
    """A second name for the old file, so that undoing needs no space; a copy where links fail."""
    try:
        os.link(target, backup)
    except OSError:
        shutil.copy2(target, backup)


def _require_writable(directory: Path) -> None:
    if not os.access(directory, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(directory))


def _refusal(error: OSError, where: Path, state: str = _UNCHANGED) -> UserError:
    return UserError(
        f"cannot be changed: {error.strerror or error}",
        str(error.filename or where),
        f"Make room for it and make it writable, then try again; {state}",
    )
