"""Processes that share the work of one command, and end with it."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from opencode_workspace.errors import UserError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

# What the Go runtime of Helm's library reads when it is loaded. Each process has a processor to itself, and
# each release makes a megabyte of garbage and keeps none: to collect it eight times as rarely saves a tenth
# of the time.
_GO = {"GOGC": "800", "GOMAXPROCS": "1"}


@contextlib.contextmanager
def leaving_garbage() -> Iterator[None]:
    """Keeps what goes in circles for the length of the block: to look for it takes a tenth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Workers:
    """A pool of processes for the length of a `with` block.

    They start with the first tasks. A block that ends with an exception, Ctrl-C among them, ends them at once,
    in the middle of their tasks.
    """

    def __init__(
        self, count: int, initializer: Callable[..., None] | None = None, *arguments: Any
    ) -> None:
        # Spawned: neither the threads of Helm's library nor that of a progress bar survive a fork.
        context = multiprocessing.get_context("spawn")
        self._others = set(multiprocessing.active_children())
        self._pool = ProcessPoolExecutor(
            count, mp_context=context, initializer=initializer, initargs=arguments
        )

    def submit(
        self,
        function: Callable[Parameters, Result],
        *arguments: Parameters.args,
        **options: Parameters.kwargs,
    ) -> Future[Result]:
        """Has one process call `function`, which is importable by name."""
        with _inherited():
            return self._pool.submit(function, *arguments, **options)

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            for process in set(multiprocessing.active_children()) - self._others:
                process.terminate()
            # One that ends within a result leaves the rest of it unwritten. The pool would wait for that as long
            # as anybody could write it, which this process could; the executor has no public way to say so.
            self._pool._result_queue._writer.close()  # type: ignore[attr-defined]  # it is private
        self._pool.shutdown(wait=True, cancel_futures=kind is not None)


def result(future: Future[Result]) -> Result:
    """What the task of `future` gave; raises what it raised, and UserError when its process is gone."""
    try:
        return future.result()
    except BrokenProcessPool:
        raise UserError(
            "a process of this command was ended from outside",
            remedy="Check that there is memory left, and run it again",
        ) from None


@contextlib.contextmanager
def _inherited() -> Iterator[None]:
    """What the processes made here inherit. Ctrl-C belongs to the one that was started first."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    settings = {name: value for name, value in _GO.items() if name not in os.environ}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name in settings:
            del os.environ[name]
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
