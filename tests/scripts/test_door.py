"""door.sh: the test that `helm test` runs, with each HTTP client an image may have."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.door import LOCKED, door
from workbench.packages import path_without
from workbench.pod import BUSYBOX, DASH, Pod, Result
from workbench.silent import silent_server
from workbench.sshd import free_port
from workbench.waiting import wait_until

# Under busybox's shell, wget is always busybox's own.
VISITORS = [
    pytest.param(DASH, "curl", id="curl"),
    pytest.param(DASH, "wget", id="gnu-wget"),
    pytest.param(BUSYBOX, "curl", id="busybox-sh-and-curl"),
    pytest.param(BUSYBOX, "wget", id="busybox-sh-and-wget"),
]
bounded_clients = pytest.mark.parametrize(("shell", "client"), VISITORS[:3])
every_client = pytest.mark.parametrize(("shell", "client"), VISITORS)


@pytest.fixture
def visitor(pod: Pod, client: str, bench: Path) -> Pod:
    """A pod that has only this client, and that waits for nothing."""
    others = {"curl", "wget"} - {client}
    pod.environment["PATH"] = path_without(bench, *others)
    pod.set_constant("door.sh", "pause_seconds", 0)
    return pod


def knock(pod: Pod, url: str) -> Result:
    return pod.finish(pod.start("door.sh", DOOR_URL=url), 20)


@every_client
def test_locked_door_passes(visitor: Pod) -> None:
    with door(LOCKED) as url:
        knock(visitor, url).expect(0, "answers", "is locked")


@every_client
def test_open_door_fails(visitor: Pod) -> None:
    with door({**LOCKED, "/": 200}) as url:
        knock(visitor, url).expect(1, "is open")


@every_client
def test_closed_port_fails_after_some_attempts(visitor: Pod) -> None:
    knock(visitor, f"http://127.0.0.1:{free_port()}").expect(1, "does not answer")


@every_client
def test_other_server_fails(visitor: Pod) -> None:
    with door({}) as url:
        knock(visitor, url).expect(1, "404 instead of 200")


@every_client
@pytest.mark.parametrize("status", [302, 403, 500])
def test_door_that_answers_something_else_fails(visitor: Pod, status: int) -> None:
    with door({**LOCKED, "/": status}) as url:
        knock(visitor, url).expect(1, f"{status} instead of 401")


@bounded_clients
def test_door_that_never_answers_fails(visitor: Pod) -> None:
    visitor.set_constant("door.sh", "answer_seconds", 1)
    visitor.set_constant("door.sh", "attempts", 1)
    with silent_server() as server:
        knock(visitor, f"http://127.0.0.1:{server.port}").expect(1, "does not answer")


def test_door_that_opens_late_passes(pod: Pod) -> None:
    """The first attempt finds nobody; the server starts during the pause."""
    proof = pod.home / "paused"
    pod.set_constant("door.sh", "pause_seconds", 0)
    port = free_port()
    script = pod.script("door.sh")
    waiting = f"while [ ! -e {proof}.done ]; do :; done"
    text = script.read_text().replace('sleep "$pause_seconds"', f"touch {proof}; {waiting}")
    script.write_text(text)
    process = pod.start("door.sh", DOOR_URL=f"http://127.0.0.1:{port}")
    wait_until(proof.exists, "the pause after the first attempt", process)
    with door(LOCKED, port):
        pod.write(Path(f"{proof}.done"), "")
        pod.finish(process, 20).expect(0, "is locked")


@every_client
def test_proxy_of_the_environment_is_not_asked(visitor: Pod) -> None:
    visitor.environment["http_proxy"] = f"http://127.0.0.1:{free_port()}"
    with door(LOCKED) as url:
        knock(visitor, url).expect(0)


@pytest.mark.parametrize("url", ["", "127.0.0.1:4096", "ftp://127.0.0.1"])
def test_missing_url_cannot_be_tested(pod: Pod, url: str) -> None:
    knock(pod, url).expect(2, "DOOR_URL")


def test_url_with_a_password_is_refused_and_not_shown(pod: Pod) -> None:
    pod.secrets.add("hunter2")
    knock(pod, "http://opencode:hunter2@127.0.0.1").expect(2, "without a password")


@pytest.mark.parametrize("shell", [DASH], ids=["dash"])  # busybox always brings wget
def test_image_without_a_client_cannot_test(pod: Pod, bench: Path) -> None:
    pod.environment["PATH"] = path_without(bench, "curl", "wget")
    knock(pod, "http://127.0.0.1").expect(2, "neither curl nor wget")
