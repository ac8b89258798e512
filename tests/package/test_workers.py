"""Do the processes of a large check end with it, however it ends?"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from opencode_workspace import catalogue, generate, workers
from opencode_workspace.errors import UserError

MANY = 300
# What a machine that is busy with other tests may take to end processes; a part of the work takes longer.
QUICKLY = 8
PATIENCE = 60


@pytest.fixture
def many(project: Path) -> Path:
    """A generated tree of some hundred workspaces."""
    path = Path("flux/workspaces.yaml")
    head = path.read_text().partition("\nworkspaces:\n")[0]
    entries = [
        f"  w{n}:\n    repository: git@github.com:owner/w{n}.git\n"
        f"    host: w{n}.opencode.${{SECRET_DOMAIN}}\n"
        for n in range(MANY)
    ]
    path.write_text(f"{head}\nworkspaces:\n{''.join(entries)}")
    loaded = catalogue.load(path)
    generate.write(loaded, generate.plan(loaded))
    return project


def _command(*arguments: str) -> subprocess.Popen[str]:
    """Runs in a process group of its own, as a shell starts it: Ctrl-C reaches all of the group."""
    return subprocess.Popen(
        [sys.executable, "-m", "opencode_workspace", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _has_worked(process: psutil.Process, seconds: float) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        is_worker = any("spawn_main" in word for word in process.cmdline())
        return is_worker and sum(process.cpu_times()[:2]) >= seconds
    return False


def _wait_for_workers(process: subprocess.Popen[str], *, busy: float) -> None:
    """Until two processes of the pool have computed for `busy` seconds."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        children = psutil.Process(process.pid).children()
        if sum(_has_worked(child, busy) for child in children) > 1:
            return
        assert process.poll() is None, "it ended before there was anything to interrupt"
        time.sleep(0.02)
    pytest.fail(f"no processes at work within {PATIENCE} s")


def _members(group: int) -> Iterator[str]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                yield " ".join(process.cmdline())


def _left_over(group: int) -> list[str]:
    """What is left of a process group a moment later: Python's own helper sees that the command has ended."""
    end = time.monotonic() + QUICKLY
    while (left := list(_members(group))) and time.monotonic() < end:
        time.sleep(0.05)
    return left


@pytest.mark.slow
@pytest.mark.parametrize("command", ["check", "render"])
@pytest.mark.parametrize("busy", [0.0, 2.0], ids=["while they start", "at work"])
def test_ctrl_c_ends_a_large_command_at_once_with_one_line_and_leaves_no_process(
    command: str, busy: float, many: Path
) -> None:
    process = _command(command)
    _wait_for_workers(process, busy=busy)
    pressed = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert time.monotonic() - pressed < QUICKLY
    assert (process.returncode, out) == (2, "")
    assert err.strip() == "error: interrupted; nothing was changed"
    assert _left_over(process.pid) == []


def test_an_exception_does_not_wait_for_tasks_that_are_under_way() -> None:
    def fail() -> None:
        with workers.Workers(1) as pool:
            pool.submit(time.sleep, PATIENCE)
            raise KeyError

    begun = time.monotonic()
    with pytest.raises(KeyError):
        fail()
    assert time.monotonic() - begun < QUICKLY


@pytest.mark.slow
def test_an_exception_does_not_wait_for_the_rest_of_a_result() -> None:
    def fail() -> None:
        with workers.Workers(1) as pool:
            pool.submit(bytes, 400_000_000)
            _wait_for_a_part(100_000_000)
            raise KeyError

    ended = threading.Event()

    def observe() -> None:
        with pytest.raises(KeyError):
            fail()
        ended.set()

    # Not in this thread: what is looked for is that it never ends.
    threading.Thread(target=observe, daemon=True).start()
    assert ended.wait(PATIENCE), "it waits for what nobody writes any more"


def _wait_for_a_part(size: int) -> None:
    """Until this process has read so many bytes, of a result that has more."""
    begun = psutil.Process().io_counters().read_chars
    end = time.monotonic() + PATIENCE
    while psutil.Process().io_counters().read_chars < begun + size:
        assert time.monotonic() < end, f"no result within {PATIENCE} s"


def test_without_an_exception_every_task_is_finished() -> None:
    with workers.Workers(2) as pool:
        futures = [pool.submit(abs, -n) for n in range(4)]
    assert [workers.result(future) for future in futures] == [0, 1, 2, 3]


def test_a_process_that_is_killed_is_told_in_one_line() -> None:
    with pytest.raises(UserError, match="was ended from outside"), workers.Workers(1) as pool:
        workers.result(pool.submit(os._exit, 1))


def test_only_the_processes_are_told_how_go_is_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOGC", raising=False)
    monkeypatch.setenv("GOMAXPROCS", "7")
    with workers.Workers(1) as pool:
        told = [workers.result(pool.submit(os.getenv, name)) for name in ("GOGC", "GOMAXPROCS")]
    assert told == ["800", "7"], "what a person has set stays"
    assert "GOGC" not in os.environ
