"""Fixtures for the scripts that run inside the pod: shells, a pod, real Git servers on loopback."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.pages.reliability import CODES, KEPT
from workbench import remotes
from workbench.account import pod_account
from workbench.https import TOKEN, HttpsServer, https_server
from workbench.place import workplace
from workbench.pod import BUSYBOX, DASH, Pod, Shell, connect
from workbench.sshd import SshServer, ssh_server


@pytest.fixture(scope="session")
def bench() -> Iterator[Path]:
    """A directory for everything the tests of one worker make."""
    with workplace() as path:
        yield path


@pytest.fixture(scope="session")
def served(bench: Path) -> Path:
    """The bare repositories all servers offer; tests that change one copy it first."""
    scratch = bench / "scratch"
    scratch.mkdir()
    remotes.make_all(bench / "remotes", scratch)
    return bench / "remotes"


@pytest.fixture(scope="session")
def ssh(bench: Path, served: Path) -> Iterator[SshServer]:
    """An sshd that stays up for the whole session."""
    with ssh_server(bench / "sshd", served) as server:
        yield server


@pytest.fixture(scope="session")
def open_https(bench: Path, served: Path) -> Iterator[HttpsServer]:
    """An HTTPS server that asks for no token."""
    with https_server(bench / "https-open", served) as server:
        yield server


@pytest.fixture(scope="session")
def token_https(bench: Path, served: Path) -> Iterator[HttpsServer]:
    """An HTTPS server that wants TOKEN."""
    with https_server(bench / "https-token", served, TOKEN) as server:
        yield server


# Debian's shell is the one of the project's image; that of Alpine takes as long again.
@pytest.fixture(
    params=[DASH, pytest.param(BUSYBOX, marks=pytest.mark.slow)], ids=lambda shell: shell.name
)
def shell(request: pytest.FixtureRequest) -> Shell:
    """Each shell the scripts have to work under."""
    assert isinstance(request.param, Shell)
    return request.param


@pytest.fixture
def scratch(bench: Path) -> Path:
    """A fresh directory the pod's uid can enter."""
    path = Path(tempfile.mkdtemp(dir=bench))
    path.chmod(0o755)
    return path


@pytest.fixture
def pod(
    scratch: Path, shell: Shell, record_property: Callable[[str, object], None]
) -> Iterator[Pod]:
    """A pod without repository and secrets: the setting `repository: ""`."""
    made = Pod(scratch / "pod", pod_account(), shell)
    yield made
    if made.ends:
        # A negative one is the signal of the test's own kill.
        record_property(CODES, ", ".join(str(code) for code in made.ends if code >= 0))
        record_property(KEPT, ", ".join(made.kept))


@pytest.fixture(scope="session")
def start_seconds(bench: Path, ssh: SshServer) -> Callable[[Shell], float]:
    """Seconds that the first start of a pod takes under a shell, measured once for each."""

    @cache
    def measure(shell: Shell) -> float:
        pod = connect(Pod(bench / f"measured-{shell.name}", pod_account(), shell), ssh)
        began = time.monotonic()
        pod.bootstrap().expect(0)
        return time.monotonic() - began

    return measure


@pytest.fixture
def ssh_pod(pod: Pod, ssh: SshServer) -> Pod:
    """A pod that may clone project.git over ssh."""
    return connect(pod, ssh)


@pytest.fixture(scope="session")
def clone(bench: Path, ssh: SshServer) -> Path:
    """A clone of project.git as bootstrap.sh leaves it; copying it is quicker than cloning again."""
    path = bench / "clone"
    remotes.git(bench, "clone", "--quiet", "--template=", str(ssh.root / "project.git"), str(path))
    remotes.git(path, "remote", "set-url", "origin", ssh.url("project.git"))
    return path


@pytest.fixture
def cloned_pod(ssh_pod: Pod, clone: Path) -> Pod:
    """A pod whose volume holds a clone of project.git from an earlier start."""
    ssh_pod.copy(clone, ssh_pod.directory)
    return ssh_pod


@pytest.fixture
def https_pod(pod: Pod, token_https: HttpsServer) -> Pod:
    """A pod for project.git over https that trusts the server but has no token yet."""
    pod.environment["WORKSPACE_REPOSITORY"] = token_https.url("project.git")
    pod.environment["GIT_SSL_CAINFO"] = str(token_https.authority)
    pod.secrets.add(TOKEN)
    return pod
