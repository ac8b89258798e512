"""The sandbox that a run lives in: private, and gone with everything in it, however the run ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cluster import __main__ as cluster
from tests.cluster.rig import sandbox

SIDE_BY_SIDE = (
    "import json, sys; from tests.cluster.rig.sidebyside import side_by_side; "
    "sys.exit(side_by_side(json.loads(sys.argv[1])))"
)
ENTER = "import sys; from tests.cluster.rig import sandbox; sys.exit(sandbox.enter(sys.argv[1:]))"
REPOSITORY = Path(__file__).parents[2]
# What a cluster does to the machine, in small: a daemon in a session of its own, a port of the address
# that every run has, a mount, files where kubelet and CNI write, and control groups, which no namespace hides.
INSIDE = """
import os, socket, subprocess, time
from pathlib import Path
from tests.cluster.rig import sandbox

def test_something(marks=Path({marks!r})):
    daemon = subprocess.Popen(["sleep", {token!r}], start_new_session=True)
    listener = socket.create_server((sandbox.ADDRESS, 6443))
    (sandbox.STATE / "mounted").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", {token!r}, sandbox.STATE / "mounted"], check=True)
    for root in sandbox.control_groups(os.environ[sandbox.RUN]):
        (root / "pod").mkdir(parents=True)
    for folder in sandbox.PRIVATE:
        assert not (folder / "kept").exists(), "another run's file"
        (folder / "kept").touch()
    (marks / "up").write_text(os.readlink("/proc/self/ns/net"))
    deadline = time.monotonic() + 60
    while not (marks / "go").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
"""


class Run:
    """A run of one small test in a sandbox of its own; `token` marks its daemon and its mount."""

    def __init__(self, folder: Path, token: str) -> None:
        folder.mkdir()
        self.token, self.marks, self.runs = token, folder, folder.parent / "runs"
        test = folder / "test_inside.py"
        test.write_text(textwrap.dedent(INSIDE).format(marks=str(folder), token=token))
        environment = {**os.environ, "CLUSTER_TEST_RUNS": str(self.runs)}
        with (folder / "output").open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", ENTER, "-m", "pytest", "-p", "no:cacheprovider", str(test)],
                env=environment,
                cwd=REPOSITORY,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A terminal sends Ctrl-C to the whole group.
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        """What the run has printed."""
        return (self.marks / "output").read_text()

    def wait_up(self) -> None:
        """Returns when the small test waits inside."""
        deadline = time.monotonic() + 60
        while not (self.marks / "up").exists():
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.05)

    def left(self) -> list[str]:
        """What is there of the run: processes in its network or with its token, mounts and files."""
        network = (self.marks / "up").read_text()
        found = [
            f"mount {line}"
            for line in Path("/proc/self/mounts").read_text().splitlines()
            if self.token in line or str(self.runs) in line
        ]
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
                inside = str((process / "ns/net").readlink()) == network
            except OSError:
                continue  # it has ended meanwhile, or is a zombie
            if inside or words[:2] == ["sleep", self.token]:
                found.append(f"process {' '.join(words)}")
        kept = [folder / "kept" for folder in sandbox.PRIVATE]
        found += [f"file {file}" for file in kept if file.exists()]
        return found

    def groups(self) -> list[Path]:
        """Its control groups."""
        names = [folder.name for folder in self.runs.iterdir()]
        return [group for n in names for group in sandbox.control_groups(n) if group.exists()]

    def state(self) -> list[Path]:
        """Folders with files of a run that has not been cleaned up."""
        return list(self.runs.glob("*/state"))


@contextmanager
def started(folder: Path, token: str) -> Iterator[Run]:
    run = Run(folder, token)
    try:
        run.wait_up()
        yield run
    finally:
        run.process.kill()
        run.process.wait()


def wait_gone(run: Run) -> None:
    deadline = time.monotonic() + 30
    while left := run.left():
        assert time.monotonic() < deadline, f"left behind: {left}"
        time.sleep(0.05)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM], ids=lambda end: end.name)
def test_a_run_that_is_interrupted_leaves_nothing(tmp_path: Path, end: signal.Signals) -> None:
    with started(tmp_path / "one", "7001") as run:
        assert run.left(), "the test looks for the wrong things: a running sandbox has processes"
        assert run.groups(), "nor does it look for the right control groups"
        os.killpg(run.process.pid, end)
        assert run.process.wait(30) != 0
        wait_gone(run)
        assert (run.state(), run.groups()) == ([], [])


def test_a_run_that_is_killed_leaves_files_that_the_next_one_removes(tmp_path: Path) -> None:
    with started(tmp_path / "one", "7002") as run:
        run.process.kill()
        run.process.wait()
        wait_gone(run)
    (left,) = run.state()
    groups = run.groups()
    assert groups
    with started(tmp_path / "two", "7003"):
        assert left not in run.state()
        assert not any(group.exists() for group in groups)


def test_two_runs_side_by_side_do_not_meet(tmp_path: Path) -> None:
    with started(tmp_path / "one", "7004") as one, started(tmp_path / "two", "7005") as two:
        assert len(one.state()) == 2, "the second run has removed the files of the first"
        for run in (one, two):
            (run.marks / "go").touch()
            assert run.process.wait(60) == 0, run.output
        wait_gone(one)
        wait_gone(two)
        assert one.state() == []


def together(*scripts: str) -> subprocess.Popen[str]:
    """A process that runs these Python scripts side by side."""
    commands = [[sys.executable, "-c", script] for script in scripts]
    return subprocess.Popen(
        [sys.executable, "-c", SIDE_BY_SIDE, json.dumps(commands)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_parts_are_one_run_with_one_output_and_one_result(tmp_path: Path) -> None:
    met = f"import time; from pathlib import Path; a, b = Path({str(tmp_path / 'a')!r}), Path({str(tmp_path / 'b')!r})"
    wait = "\nwhile not {}.exists(): time.sleep(0.05)\n"
    first = f"{met}; a.touch(){wait.format('b')}print('first')"
    second = f"{met}; b.touch(){wait.format('a')}print('second'); raise SystemExit(3)"
    process = together(first, second)
    assert process.communicate(timeout=60)[0] == "first\nsecond\n"
    assert process.returncode == 3


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_all_parts_end_with_the_run(how: signal.Signals) -> None:
    with together(*["import time; time.sleep(60)"] * 2) as process:
        listed = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        deadline = time.monotonic() + 30
        while len(children := listed.read_text().split()) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(how)
        assert process.wait(30) != 0
        while any(Path("/proc", child).exists() for child in children):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_outside_of_a_sandbox_the_tests_count_as_not_run() -> None:
    environment = {name: text for name, text in os.environ.items() if name != sandbox.RUN}
    test = "tests/cluster/test_first.py::test_claim_is_bound_and_the_pod_ready"
    command = [sys.executable, "-m", "pytest", "-rs", test]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    assert "2 skipped" in done.stdout, done.stdout
    assert "passed" not in done.stdout
    assert "make test-cluster" in done.stdout


def test_without_root_it_says_so_fails_and_leaves_no_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cluster-1.xml").write_text("an earlier run's")
    # Other parts of this run write theirs meanwhile.
    monkeypatch.setattr(cluster, "RESULTS", tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert cluster.main([]) == 2
    assert list(tmp_path.iterdir()) == []
    said = capsys.readouterr().err
    assert "What needs a cluster was not run" in said
    assert "need root" in said


def test_missing_programs_are_named_with_their_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "PROGRAMS", {"no-such-program": "its-package"})
    assert sandbox.missing() == ["no-such-program is not installed (Debian package its-package)."]
