"""The wire to the Git server: what goes over it, and what a start does when it is slow or breaks."""

from __future__ import annotations

import dataclasses
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.https import HttpsServer
from workbench.pod import DASH, Pod, connect
from workbench.relay import relay
from workbench.remotes import FILES, commit, git
from workbench.sshd import SshServer

# Each waits for what is slow on purpose.
pytestmark = pytest.mark.slow

# Of the bytes that a first start takes from the server; of its last ones nothing depends.
PARTS = [n / 20 for n in range(1, 18)]
VERSIONS = 60
VERSION_SIZE = 1_000_000

# Bytes a second: with it the clone takes several seconds.
RATE = 2_000


def whole(pod: Pod) -> bool:
    """Whether the clone of project.git is all there."""
    git(pod.directory, "fsck", "--strict")
    files = list(pod.directory.glob("file-*.txt"))
    return len(files) == FILES and git(pod.directory, "status", "--porcelain") == ""


def impatient(pod: Pod) -> None:
    """Waits a second for a server that says nothing, where a pod waits for a minute."""
    pod.set_constant("bootstrap.sh", "stall_seconds", 1)
    script = pod.script("bootstrap.sh")
    text, count = re.subn(
        r"ServerAliveInterval=\d+ -o ServerAliveCountMax=\d+",
        "ServerAliveInterval=1 -o ServerAliveCountMax=1",
        script.read_text(),
    )
    assert count == 1, "bootstrap.sh has no ServerAliveInterval"
    script.write_text(text)


def over_ssh(pod: Pod, ssh: SshServer, port: int) -> None:
    """The pod's repository is at this port of a wire to `ssh`."""
    connect(pod, dataclasses.replace(ssh, port=port))


def over_https(pod: Pod, https: HttpsServer, port: int) -> None:
    """The pod's repository is at this port of a wire to `https`."""
    pod.environment["WORKSPACE_REPOSITORY"] = f"https://127.0.0.1:{port}/project.git"
    pod.environment["GIT_SSL_CAINFO"] = str(https.authority)


Wired = tuple[int, Callable[[int], None]]


@pytest.fixture(params=["ssh", "https"])
def wired(
    request: pytest.FixtureRequest, pod: Pod, ssh: SshServer, open_https: HttpsServer
) -> Wired:
    """A server's port, and what makes the pod call another port instead."""
    if request.param == "ssh":
        return ssh.port, lambda port: over_ssh(pod, ssh, port)
    return open_https.port, lambda port: over_https(pod, open_https, port)


@pytest.fixture
def size(pod: Pod, wired: Wired) -> int:
    """Bytes that a first start takes from the server; the volume is empty again afterwards."""
    port, use = wired
    with relay(port) as wire:
        use(wire.port)
        pod.bootstrap().expect(0)
    shutil.rmtree(pod.directory)
    return wire.to_client


def assert_started_anew(pod: Pod, wired: Wired) -> None:
    """Nothing is on the volume, and a start without a fault gives the whole clone."""
    port, use = wired
    assert list(pod.home.iterdir()) == []
    use(port)
    pod.bootstrap().expect(0, "is ready")
    assert whole(pod)


@pytest.mark.fault("server-slow")
def test_slow_server_is_waited_for(pod: Pod, wired: Wired) -> None:
    """The clone takes longer than a server may be silent, and is never silent."""
    port, use = wired
    impatient(pod)
    with relay(port, rate=RATE) as wire:
        use(wire.port)
        pod.bootstrap().expect(0, "is ready")
        assert wire.to_client > 2 * RATE, "it took no longer than a silence may last"
    assert whole(pod)


@pytest.mark.fault("server-stalls")
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_server_that_stops_in_the_middle_is_given_up(
    pod: Pod, wired: Wired, size: int, part: float
) -> None:
    port, use = wired
    impatient(pod)
    with relay(port, limit=int(part * size), then="silence") as wire:
        use(wire.port)
        pod.bootstrap().expect(41, "stopped answering")
        assert wire.reached.is_set()
    assert_started_anew(pod, wired)


@pytest.mark.fault("server-cut")
@pytest.mark.parametrize("part", PARTS)
def test_connection_that_breaks_in_the_middle_is_told(
    pod: Pod, wired: Wired, size: int, part: float
) -> None:
    port, use = wired
    with relay(port, limit=int(part * size)) as wire:
        use(wire.port)
        pod.bootstrap().expect(41, "stopped answering")
        assert wire.reached.is_set()
    assert_started_anew(pod, wired)


@pytest.fixture(scope="session")
def large(bench: Path, served: Path) -> str:
    """A repository with VERSIONS commits of a file, none of which resembles another."""
    work_tree, chance = bench / "large", random.Random(1)
    work_tree.mkdir()
    git(work_tree, "init", "--quiet", "--initial-branch", "main")
    for _ in range(VERSIONS):
        commit(work_tree, "model.txt", chance.randbytes(VERSION_SIZE // 2).hex())
    git(bench, "clone", "--quiet", "--bare", str(work_tree), str(served / "large.git"))
    git(served / "large.git", "config", "uploadpack.allowFilter", "true")
    return "large.git"


def moved(pod: Pod, port: int, url: Callable[[int], str], clone_filter: str) -> int:
    """Bytes that a first start takes from the server."""
    with relay(port) as wire:
        pod.environment["WORKSPACE_REPOSITORY"] = url(wire.port)
        pod.environment["WORKSPACE_DIRECTORY"] = f"{pod.directory}-{clone_filter or 'all'}"
        pod.bootstrap(WORKSPACE_CLONE_FILTER=clone_filter).expect(0)
        return wire.to_client


@pytest.mark.parametrize("shell", [DASH], ids=["dash"])  # it is git that counts here
def test_partial_clone_of_a_large_repository_moves_a_fraction(
    pod: Pod,
    large: str,
    open_https: HttpsServer,
    record_property: Callable[[str, object], None],
) -> None:
    pod.environment["GIT_SSL_CAINFO"] = str(open_https.authority)
    full, partial = (
        moved(pod, open_https.port, lambda port: f"https://127.0.0.1:{port}/{large}", clone_filter)
        for clone_filter in ("", "blob:none")
    )
    record_property(
        f"bytes moved for the first clone of a repository with {VERSIONS} versions of one file",
        f"{full / 1e6:.1f} MB, with `clone.filter: blob:none` {partial / 1e6:.1f} MB",
    )
    assert full > VERSIONS * VERSION_SIZE / 2, "the history was not moved: nothing was compared"
    assert partial < full / 2
