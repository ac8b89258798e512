"""Runs tests against mutants, in a copy of the project; started by workers.py.

pytest starts once and collects once. Each task is then run by a child of this process (child.py), forked
when everything is loaded and nothing has been tested, so that no task sees what an earlier one left behind.
"""

from __future__ import annotations

import contextlib
import gc
import inspect
import os
import shutil
import signal
import socket
import sys
from collections.abc import Generator, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from tests.mutation import tracing
from tests.mutation.child import Child
from tests.mutation.messages import Outcome, Task


class Worker:
    """A plugin of pytest that hands its main loop over to `connection`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._failure = ""
        self._shared: Path | None = None
        self._servers: set[int] = set()
        self._child: Child | None = None

    def pytest_configure(self) -> None:
        """Has properties fail at once: to make an example small takes longer than all else."""
        from hypothesis import Phase, settings

        settings.register_profile("mutants", phases=(Phase.explicit, Phase.generate))
        settings.load_profile("mutants")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failure = report.longreprtext or "failed"

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, Any]:
        """Remembers the folder where tests of the pod's scripts make theirs."""
        value = yield
        if fixturedef.argname == "bench":
            self._shared = value
        return value

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Answers tasks until the other side hangs up."""
        nodes = [item.nodeid for item in session.items]
        if any("clone" in getattr(item, "fixturenames", ()) for item in session.items):
            self._start_servers(session)
        if any(node.startswith(("tests/chart", "tests/golden")) for node in nodes):
            _read_schemas()
        _read_chart()
        # What is here stays: without this, looking for garbage would copy every page into each child.
        gc.collect()
        gc.freeze()
        self._connection.send(nodes)
        self._connection.send([_words(item) for item in session.items])
        with contextlib.suppress(EOFError):
            while True:
                task: Task = self._connection.recv()
                self._connection.send(self._answer(session, task))
        return True

    def _start_servers(self, session: pytest.Session) -> None:
        """Sets up what the tests of the pod's scripts share, by running one that wants all of it.

        Only what is a process of its own: a server that is a thread would stay in this process,
        and a test that asks what it saw would ask a copy.
        """
        test = next(i for i in session.items if "clone" in getattr(i, "fixturenames", ()))
        # As far away as there is one: what it does not share with that is torn down.
        others = [item for item in session.items if item.path != test.path]
        elsewhere = max(others, key=lambda item: item.path.parent != test.path.parent)
        if failure := self._run(test, elsewhere):
            raise RuntimeError(f"{test.nodeid} fails with an intact project: {failure}")
        self._servers = set(_descendants())

    def _run(self, item: Any, following: Any) -> str:
        """What is wrong when the test fails; empty when it passes."""
        self._failure = ""
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return self._failure

    def _answer(self, session: pytest.Session, task: Task) -> list[Outcome]:
        writes = tracing.instrumented() if task.trace == "shell" else task.writes
        kept = {name: Path(name).read_bytes() for name in writes}
        with _undone(self._shared):
            try:
                for name, text in writes.items():
                    Path(name).write_text(text)
                return self._try(session, task)
            finally:
                for name, data in kept.items():
                    Path(name).write_bytes(data)
                kept_alive = self._servers | ({self._child.pid} if self._child else set())
                _end(set(_descendants()) - kept_alive)

    def _try(self, session: pytest.Session, task: Task) -> list[Outcome]:
        if task.lasting:
            self._child = self._child or Child(session, self._run)
            outcomes = self._child.answer(task)
            if not self._child.usable:
                self._child.end()
                self._child = None
            # It may have ended because of what it tried before: a new one decides.
            if not any(outcome.broken for outcome in outcomes):
                return outcomes
        child = Child(session, self._run)
        try:
            return child.answer(task)
        finally:
            child.end()


def _read_schemas() -> None:
    """Reads what every test of the chart would read, a third of a second long, in a child of its own.

    Helm's library is not to be loaded here: its threads do not survive a fork.
    """
    from opencode_workspace import yamlio
    from tests.support import kubernetes

    documents = [yamlio.load_one(p) for p in Path("tests/golden/manifests").glob("*/*.yaml")]
    chart = yamlio.load_one(Path("charts/opencode-workspace/Chart.yaml"))
    kubernetes.all_violations(documents, kubernetes.supported(chart["kubeVersion"]))


def _read_chart() -> None:
    """Looks through the chart's schema, as every command does, before there are children that would."""
    from opencode_workspace import schema
    from opencode_workspace.chart import Chart

    chart = Chart(Path("charts/opencode-workspace"))
    schema.validate(chart.values, chart.schema)


def _words(item: Any) -> str:
    """What a test is about, for choosing: its name, and the cases it was made from."""
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    texts = [p.read_text() if isinstance(p, Path) and p.is_file() else str(p) for p in parameters]
    return " ".join([item.nodeid, inspect.getsource(item.function), *texts])


@contextlib.contextmanager
def _undone(folder: Path | None) -> Iterator[None]:
    """Removes what a task adds to a folder that all tasks share."""
    before = set(folder.iterdir()) if folder else set()
    yield
    for path in set(folder.iterdir()) - before if folder else ():
        shutil.rmtree(path, ignore_errors=True)


def _descendants() -> Iterator[int]:
    """Processes that this one started, and theirs."""
    children: dict[int, list[int]] = {}
    # A pattern with a file's name in it would look at each, and raise for a process that ends meanwhile.
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(process.name))
    waiting = [os.getpid()]
    while waiting:
        found = children.get(waiting.pop(), [])
        yield from found
        waiting += found


def _end(processes: set[int]) -> None:
    for process in processes:
        with contextlib.suppress(OSError):
            os.kill(process, signal.SIGKILL)
    for process in processes:
        with contextlib.suppress(OSError):
            os.waitpid(process, 0)


def _adopt_orphans() -> None:
    """From here on the orphans of a test become children of this process, which ends them."""
    import ctypes

    pr_set_child_subreaper = 36
    ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1, 0, 0, 0)


def main(arguments: Sequence[str]) -> int:
    """Serves tasks on the inherited socket whose number comes first; then come paths of tests."""
    number, *paths = arguments
    connection = Connection(socket.socket(fileno=int(number)).detach())
    _adopt_orphans()
    # What was started in the background ignores it, and a shell cannot trap what it finds ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    options = ["-q", "-p", "no:xdist", "--tb=line", "-m", "not slow"]
    # Elsewhere a pytest that starts later would remove what it takes for the rest of an old one.
    options += ["-o", "tmp_path_retention_policy=none", "--basetemp", "../tmp"]
    return int(pytest.main([*options, *paths], [Worker(connection)]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
