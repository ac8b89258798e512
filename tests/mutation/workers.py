"""Processes that try mutants, each in a copy of the project of its own."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, TypeVar

from tests.mutation.messages import Outcome, Task

Key = TypeVar("Key")

# What the tests never read, or what is too large to copy: tools are reached through a link.
_LEFT_OUT = (".git", ".venv", ".cache", "build", ".hypothesis", "node_modules")
_LINKED = (".cache/tools",)


@contextlib.contextmanager
def snapshot(root: Path) -> Iterator[Path]:
    """A copy of the project at `root`, which stays as it is while people work on."""
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        Path(folder).chmod(0o755)
        _copy(root, Path(folder, "project"))
        yield Path(folder, "project")


def _copy(root: Path, target: Path) -> None:
    """Copies the project at `root`, with its dates: pytest keeps what it compiled by them."""
    ignore = shutil.ignore_patterns(*_LEFT_OUT)
    shutil.copytree(root, target, symlinks=True, ignore=ignore)
    for name in _LINKED:
        if (root / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).symlink_to((root / name).resolve())


class Pool:
    """So many workers, which have all collected the same tests.

    root: one of the copies, all of the same state. names: the tests' node ids, by number.
    words: what each is about.
    """

    def __init__(self, root: Path, workers: Sequence[Connection]) -> None:
        self.root = root
        self._workers = workers
        collected = [(worker.recv(), worker.recv()) for worker in workers]
        self.names: list[str] = collected[0][0]
        self.words: list[str] = collected[0][1]
        if any(names != self.names for names, _ in collected):
            raise RuntimeError("the workers collected different tests")

    def map(
        self, keys: Iterable[Key], task: Callable[[Key], Task]
    ) -> Iterator[tuple[Key, list[Outcome]]]:
        """Outcomes of the task of each key, as they come; a key is taken when it is its turn."""
        waiting = iter(keys)
        busy: dict[Any, Key] = {}
        idle: list[Any] = list(self._workers)
        while True:
            for key in itertools.islice(waiting, len(idle)):
                worker = idle.pop()
                worker.send(task(key))
                busy[worker] = key
            if not busy:
                return
            for worker in wait(list(busy)):
                idle.append(worker)
                yield busy.pop(worker), idle[-1].recv()


@contextlib.contextmanager
def pool(root: Path, tests: Sequence[str], jobs: int) -> Iterator[Pool]:
    """Workers for the tests in the folders or files `tests` of the project at `root`."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mutation-")))
        folder.chmod(0o755)
        copies = [folder / str(number) / "project" for number in range(jobs)]
        _copy(root, copies[0])
        for path in copies[1:]:
            _copy(copies[0], path)
        yield Pool(copies[0], [stack.enter_context(_worker(path, tests)) for path in copies])


@contextlib.contextmanager
def _worker(root: Path, tests: Sequence[str]) -> Iterator[Connection]:
    ours, theirs = socket.socketpair()
    environment = {
        **os.environ,
        "PYTHONPATH": f"{root / 'scripts'}{os.pathsep}{root}",
        # A mutant may have the size and the second of the one before, by which Python tells them.
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-m", "tests.mutation.worker", str(theirs.fileno()), *tests]
    with (root.parent / "log").open("w") as log:
        process = subprocess.Popen(
            command,
            cwd=root,
            env=environment,
            pass_fds=[theirs.fileno()],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    theirs.close()
    connection = Connection(ours.detach())
    try:
        yield connection
    except (EOFError, ConnectionError):
        # Is it this one that is gone, or another?
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=2)
        if process.returncode is None:
            raise
        said = (root.parent / "log").read_text()[-4000:]
        raise RuntimeError(
            f"the tests could not be collected, or their process ended ({process.returncode}):\n{said}"
        ) from None
    finally:
        connection.close()
        process.wait(timeout=60)
