"""A workspace that somebody works in starts again, whatever goes wrong: everything is still there.

What was there is compared by the workbench, at the end of every bootstrap.sh.
"""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workbench import used
from workbench.belongings import KINDS, look
from workbench.packages import program
from workbench.place import read_only
from workbench.pod import DASH, Pod, Shell
from workbench.remotes import git, push_commit
from workbench.silent import silent_server
from workbench.sshd import SshServer, free_port, make_key

SEED = '{"github-copilot":{"type":"oauth","refresh":"rotated-0123456789","expires":0}}\n'
# Instants as parts of the time that a first start takes; this one takes less.
PART = 0.3
MORE_PARTS = [n / 50 for n in range(1, 51)]


@pytest.fixture(scope="session")
def used_volume(bench: Path, clone: Path) -> Path:
    """What a pod in use has on its volume."""
    used.make_used(clone, bench / "used")
    return bench / "used"


@pytest.fixture
def used_pod(ssh_pod: Pod, used_volume: Path) -> Iterator[Pod]:
    """A pod in use; afterwards everything was there before each start, and after it."""
    for entry in used_volume.iterdir():
        ssh_pod.copy(entry, ssh_pod.home)
    yield ssh_pod
    assert ssh_pod.kept == set(KINDS), "nothing was compared"


@pytest.fixture
def newer(used_pod: Pod, ssh: SshServer, scratch: Path) -> Pod:
    """The pod in use, whose remote has a newer commit and whose Secret has a newer login."""
    bare = ssh.root / f"{scratch.name}.git"
    shutil.copytree(ssh.root / "project.git", bare)
    url = ssh.url(bare.name)
    git(used_pod.directory, "remote", "set-url", "origin", url)
    used_pod.account.own(used_pod.directory / ".git/config")
    used_pod.environment |= {"WORKSPACE_REPOSITORY": url, "WORKSPACE_UPDATE": "fast-forward"}
    push_commit(bare, scratch, "README.md", "newer\n")
    used_pod.put_secret("auth.json", SEED)
    return used_pod


@pytest.mark.fault("killed-restart")
@pytest.mark.parametrize(
    "part", [PART, *(pytest.param(part, marks=pytest.mark.slow) for part in MORE_PARTS)]
)
def test_start_that_is_killed_loses_nothing(
    newer: Pod, start_seconds: Callable[[Shell], float], part: float
) -> None:
    seconds = part * start_seconds(newer.shell)
    process = newer.start("bootstrap.sh")
    time.sleep(seconds)
    newer.kill(process)
    newer.finish(process)
    newer.bootstrap().expect(0, "kept as it is")
    assert newer.auth.read_text() == SEED
    assert newer.leftovers() == []


@pytest.mark.slow
@pytest.mark.fault("killed-clone")
@pytest.mark.parametrize("part", [0.2, 0.4, 0.6, 0.8])
def test_clone_beside_the_work_that_is_killed_loses_nothing(
    used_pod: Pod, start_seconds: Callable[[Shell], float], part: float
) -> None:
    """`workspace.directory` names another place, so that there is a first clone again."""
    seconds = part * start_seconds(used_pod.shell)
    elsewhere = used_pod.home / "elsewhere"
    process = used_pod.start("bootstrap.sh", WORKSPACE_DIRECTORY=str(elsewhere))
    time.sleep(seconds)
    used_pod.kill(process)
    used_pod.finish(process)
    used_pod.bootstrap(WORKSPACE_DIRECTORY=str(elsewhere)).expect(0)
    assert (elsewhere / "README.md").exists()


@pytest.mark.slow
@pytest.mark.fault("stopped")
def test_update_that_is_stopped_loses_nothing(newer: Pod) -> None:
    with silent_server() as server:
        url = f"ssh://git@127.0.0.1:{server.port}/project.git"
        git(newer.directory, "remote", "set-url", "origin", url)
        process = newer.start("bootstrap.sh")
        assert server.called.wait(20), "ssh never connected"
        process.send_signal(signal.SIGTERM)
        newer.finish(process, 20).expect(143)
    newer.bootstrap(WORKSPACE_UPDATE="none").expect(0)


@pytest.mark.fault("seed-rotated", "local-changes", "local-commits")
@pytest.mark.parametrize(
    ("update", "says"),
    [
        pytest.param("fetch", "fetched from", marks=pytest.mark.slow),
        ("fast-forward", "not updated"),
    ],
)
def test_rotated_login_and_newer_commits_lose_nothing(newer: Pod, update: str, says: str) -> None:
    newer.bootstrap(WORKSPACE_UPDATE=update).expect(0, "changed seed", says)
    assert newer.auth.read_text() == SEED
    asides = [path.read_text() for path in newer.auth.parent.glob("auth.json.*")]
    assert asides == [used.LOGIN]


def refuse_connections(pod: Pod, ssh: SshServer, scratch: Path) -> str:
    url = f"ssh://git@127.0.0.1:{free_port()}/project.git"
    git(pod.directory, "remote", "set-url", "origin", url)
    return "cannot be reached"


def take_the_key_away(pod: Pod, ssh: SshServer, scratch: Path) -> str:
    (pod.root / "secrets/id").unlink()
    return "no deploy key"


def give_another_key(pod: Pod, ssh: SshServer, scratch: Path) -> str:
    pod.put_secret("id", make_key(scratch / "other").read_bytes())
    return "does not accept the deploy key"


def forget_the_server(pod: Pod, ssh: SshServer, scratch: Path) -> str:
    pod.put_known_hosts("")
    return "host key is not known"


def delete_the_repository(pod: Pod, ssh: SshServer, scratch: Path) -> str:
    git(pod.directory, "remote", "set-url", "origin", ssh.url("nothing.git"))
    return "does not exist"


@pytest.mark.slow
@pytest.mark.fault("update-fails")
@pytest.mark.parametrize(
    "fault",
    [
        refuse_connections,
        take_the_key_away,
        give_another_key,
        forget_the_server,
        delete_the_repository,
    ],
)
def test_update_that_fails_loses_nothing(
    newer: Pod, ssh: SshServer, scratch: Path, fault: Callable[[Pod, SshServer, Path], str]
) -> None:
    says = fault(newer, ssh, scratch)
    newer.bootstrap().expect(0, says, "starting with the repository as it is")


@pytest.mark.slow
@pytest.mark.fault("changed-repository")
def test_another_repository_and_branch_in_the_settings_lose_nothing(
    used_pod: Pod, ssh: SshServer
) -> None:
    used_pod.bootstrap(
        WORKSPACE_REPOSITORY=ssh.url("headless.git"), WORKSPACE_BRANCH="elsewhere"
    ).expect(0, "setting has changed")


@pytest.mark.slow
@pytest.mark.fault("other-owner")
def test_volume_in_use_that_cannot_be_written_loses_nothing(used_pod: Pod) -> None:
    with read_only(used_pod.home):
        used_pod.bootstrap().expect(20, "cannot write")
    used_pod.bootstrap().expect(0, "kept as it is")


@pytest.mark.slow
@pytest.mark.fault("full-restart")
@pytest.mark.parametrize("shell", [DASH], ids=["dash"])  # what is full is the volume, not the shell
@pytest.mark.parametrize(
    ("room", "code", "says"), [(0, 21, "is full"), (12_288, 50, "could not be written")]
)
def test_full_volume_in_use_loses_nothing(newer: Pod, room: int, code: int, says: str) -> None:
    """A file system of its own is filled but for `room` bytes; what it holds after the start is taken out."""
    small, out = newer.root / "small", newer.root / "out"
    small.mkdir()
    directory = f"{small}/workspace"
    newer.git_configuration.write_text("[safe]\n\tdirectory = *\n")
    newer.put_secret("auth.json", SEED.replace("rotated", "rotated" * 4_000))
    newer.prefix = [program("unshare"), "--user", "--map-root-user", "--mount"]
    newer.prefix += [program("dash"), "-c"]
    newer.prefix += [
        f"mount -t tmpfs -o size=2m tmpfs {small} && cp -R {newer.home}/. {small}/ && "
        f"dd if=/dev/zero of={small}/ballast bs=4096 2>/dev/null; "
        f"truncate -s -{room} {small}/ballast; "
        f'"$@"; code=$?; rm {small}/ballast; cp -R {small}/. {out}/ && exit $code',
        "-",
    ]
    out.mkdir()
    newer.account.own(out)
    newer.bootstrap(HOME=str(small), WORKSPACE_DIRECTORY=directory).expect(code, says)
    assert look(newer.home).lost(look(out)) == []
    newer.prefix = []
    newer.bootstrap(HOME=str(out), WORKSPACE_DIRECTORY=f"{out}/workspace").expect(
        0, "kept as it is"
    )
    assert look(newer.home).lost(look(out)) == []
