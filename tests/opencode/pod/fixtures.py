"""What tests of OpenCode on this machine and in the image share; a conftest.py imports them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.opencode.pod.sandbox import Root
from tests.opencode.pod.workspace import Workspace
from tests.pages.reliability import CODES
from tests.support.charts import Chart
from tests.support.rendering import Renderer
from workbench import remotes
from workbench.place import workplace
from workbench.sshd import SshServer, ssh_server


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    """A directory every uid can enter, as pytest's own are not."""
    with workplace() as path:
        yield path


@pytest.fixture(scope="session")
def name_server(place: Path) -> Path:
    """An /etc/resolv.conf for a network that has only loopback."""
    path = place / "resolv.conf"
    path.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    return path


@pytest.fixture(scope="session")
def ssh(place: Path) -> Iterator[SshServer]:
    """An sshd with project.git and the others."""
    (place / "scratch").mkdir()
    remotes.make_all(place / "remotes", place / "scratch")
    with ssh_server(place / "sshd", place / "remotes") as server:
        yield server


@pytest.fixture(scope="session")
def release(
    request: pytest.FixtureRequest,
    repository: Path,
    charts: Callable[[Path], Chart],
    place: Path,
    root: Root,
) -> Callable[[str], Workspace]:
    """Makes a workspace of its own by a name, in the folder's `root`; bootstrap() fills its volume."""
    path = request.config.getoption("chart_path") or repository / "charts/opencode-workspace"
    render = Renderer(charts(Path(path).absolute()))
    return lambda name: Workspace(render, place / name, root)


@pytest.fixture
def workspace(
    release: Callable[[str], Workspace],
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> Iterator[Workspace]:
    """This test's own workspace."""
    made = release(request.node.name)
    yield made
    if made.ends:
        record_property(CODES, ", ".join(map(str, made.ends)))


@pytest.fixture
def cloned(workspace: Workspace, ssh: SshServer) -> Workspace:
    """This test's own workspace with a clone of project.git."""
    workspace.use(ssh)
    workspace.bootstrap()
    return workspace
