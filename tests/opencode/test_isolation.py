"""What the server's processes may do and whom they call, and what they cost."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.opencode.pod import figures
from tests.opencode.pod.network import interfaces, resolver
from tests.opencode.pod.workspace import Served, Workspace

pytestmark = pytest.mark.slow


def status(pid: int) -> dict[str, str]:
    """/proc/<pid>/status, by its names."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, value in (line.split(":", 1) for line in lines)}


def test_server_runs_as_the_pod_does(served: Served) -> None:
    """The other tests say something about a pod only if this one holds."""
    found = status(served.pod.named("opencode"))
    assert found["Uid"].split() == ["1000"] * 4
    assert found["Gid"].split() == ["1000"] * 4
    assert {found[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd")} == {"0" * 16}
    assert found["NoNewPrivs"] == "1"


def test_root_file_system_cannot_be_written(served: Served) -> None:
    mounts = Path(f"/proc/{served.pod.first}/mounts").read_text().splitlines()
    writable = {line.split()[1] for line in mounts if "rw" in line.split()[3].split(",")}
    allowed = {"/home/user", "/tmp", "/proc"}
    assert {path for path in writable - allowed if not path.startswith("/dev")} == set()


def test_server_has_no_network_but_loopback(served: Served) -> None:
    assert interfaces(served.pod.first) == {"lo"}


def test_workspace_opens_and_works_where_no_name_resolves(cloned: Workspace) -> None:
    """Nothing the web UI asks at its start waits for another machine; who is looked for is recorded."""
    with cloned.start() as pod, resolver(pod.first) as names:
        served = cloned.connect(pod)
        for path in ("/config", "/provider", "/agent", "/command", "/project/current", "/session"):
            assert (path, served.client.ask(path, directory=cloned.directory).status) == (path, 200)
        # The installation of plug-ins' helpers begins after the first request.
        time.sleep(5)
        figures.record("opencode", names_looked_for=sorted(names))


def test_memory_and_start_are_recorded(cloned: Workspace) -> None:
    with cloned.serve() as served:
        served.client.ask("/project/current", directory=cloned.directory)
        used = figures.memory(served.pod.named("opencode"))
        figures.record("opencode", start_seconds=round(served.start_seconds, 2), **used)
        assert used["peak_mib"] * 2**20 < served.pod.container.memory
