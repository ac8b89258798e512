"""A process that runs tests while some files have other texts: a fork of a worker."""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.mutation import modules, tracing
from tests.mutation.messages import Broken, Outcome, Task

_PACKAGE = "scripts/opencode_workspace/"
# Tasks after which a process is replaced: Helm's library keeps some of what it has read.
_MOST = 100
# Seconds for tidying up after a task.
_TIDYING = 20.0


class Child:
    """Answers one task, or several that leave nothing behind in the process's memory.

    run: a test and the one that follows, to what is wrong; empty when it passes.
    """

    def __init__(self, session: pytest.Session, run: Callable[[Any, Any], str]) -> None:
        self.usable = True
        self._left = _MOST
        theirs, self._tasks = os.pipe()
        self._answers, ours = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._tasks)
            os.close(self._answers)
            try:
                _serve(session, run, theirs, ours)
            finally:
                os._exit(0)
        os.close(theirs)
        os.close(ours)

    def answer(self, task: Task) -> list[Outcome]:
        """Outcomes of the task's tests, in order, up to the one that decides it."""
        _send(self._tasks, task)
        outcomes = list(self._outcomes(task))
        self._left -= 1
        self.usable = task.lasting and self._left > 0 and self._receive(_TIDYING) == "ready"
        return outcomes

    def end(self) -> None:
        os.close(self._tasks)
        os.close(self._answers)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def _outcomes(self, task: Task) -> Iterator[Outcome]:
        for number, limit in zip(task.tests, task.limits, strict=True):
            started = time.perf_counter()
            outcome = self._receive(limit)
            if not isinstance(outcome, Outcome):
                # Too slow, or its process is gone: no test ends like that with an intact project.
                broken: Broken = "hung" if outcome == "slow" else "ended"
                failure = "it took too long" if broken == "hung" else "its process ended"
                seconds = time.perf_counter() - started
                yield Outcome(number, failure, seconds, broken=broken)
                return
            yield outcome
            if outcome.failure and task.until_failure:
                return

    def _receive(self, limit: float) -> Any:
        """What it says within `limit` seconds; "slow" when that is nothing, "gone" when it has ended."""
        ready, _, _ = select.select([self._answers], [], [], limit)
        return _received(self._answers) if ready else "slow"


def _serve(session: pytest.Session, run: Callable[[Any, Any], str], tasks: int, out: int) -> None:
    # What the worker has set up is the worker's to end: its servers and folders outlive this process.
    session._setupstate.stack.clear()
    while isinstance(task := _received(tasks), Task):
        for name, text in task.writes.items():
            if name.startswith(_PACKAGE):
                modules.patch(f"opencode_workspace.{Path(name).stem}", text)
        for outcome in _run(session, run, task):
            _send(out, outcome)
        if task.lasting:
            _forget(session)
        _send(out, "ready")


def _run(session: pytest.Session, run: Callable[[Any, Any], str], task: Task) -> Iterator[Outcome]:
    # The last has a next one, too: none would end what all tests share.
    following = [*task.tests[1:], task.tests[0] - 1]
    for number, after in zip(task.tests, following, strict=True):
        started = time.perf_counter()
        with tracing.recording(task.trace) as reached:
            failure = run(session.items[number], session.items[after])
        seconds = time.perf_counter() - started
        yield Outcome(number, failure[-2000:], seconds, frozenset(reached))
        if failure and task.until_failure:
            return


def _forget(session: pytest.Session) -> None:
    """Ends every fixture, and drops every chart that was read: the next task's is another."""
    session._setupstate.teardown_exact(None)
    if rendering := sys.modules.get("tests.support.rendering"):
        rendering.forget()


def _send(pipe: int, message: Any) -> None:
    data = pickle.dumps(message)
    data = len(data).to_bytes(8) + data
    # The other side may be gone; then it will not answer, which is noticed.
    with contextlib.suppress(BrokenPipeError):
        while data:
            data = data[os.write(pipe, data) :]


def _received(pipe: int) -> Any:
    size = _read(pipe, 8)
    return pickle.loads(_read(pipe, int.from_bytes(size))) if len(size) == 8 else "gone"


def _read(pipe: int, size: int) -> bytes:
    data = b""
    while len(data) < size and (part := os.read(pipe, size - len(data))):
        data += part
    return data
