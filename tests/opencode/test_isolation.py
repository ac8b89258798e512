"""What the server's processes may do and whom they call, and what they cost."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
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


def test_workspace_opens_and_works_where_no_name_resolves(
    cloned: Workspace, record_property: Callable[[str, object], None]
) -> None:
    """Nothing the web UI asks at its start waits for another machine; how many are looked for is recorded."""
    with cloned.start() as pod, resolver(pod.first) as names:
        served = cloned.connect(pod)
        for path in ("/config", "/provider", "/agent", "/command", "/project/current", "/session"):
            assert (path, served.client.ask(path, directory=cloned.directory).status) == (path, 200)
        # The installation of plug-ins' helpers begins after the first request.
        time.sleep(5)
        record_property("hosts that OpenCode looks for by itself", len(names))


def test_memory_stays_below_the_limit(
    cloned: Workspace, record_property: Callable[[str, object], None]
) -> None:
    with cloned.serve() as served:
        served.client.ask("/project/current", directory=cloned.directory)
        peak = figures.memory(served.pod.named("opencode"))
        record_property(
            "OpenCode, from its start to the first page", f"{served.start_seconds:.1f} s"
        )
        record_property("most memory of OpenCode with a project open", f"{peak >> 20} MiB")
        assert peak < served.pod.container.memory


def test_version_is_that_of_the_image(
    opencode: Path, repository: Path, record_property: Callable[[str, object], None]
) -> None:
    version = subprocess.check_output([opencode, "--version"], text=True).strip()
    record_property("version of OpenCode", version)
    assert f"OPENCODE_VERSION={version}\n" in (
        (repository / "images/workspace/Dockerfile").read_text()
    )
