"""One workspace of the chart: its release rendered, its volume, its two containers run in turn."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.opencode.pod.network import Place
from tests.opencode.pod.rendered import Volumes
from tests.opencode.pod.sandbox import Network, Root, Running, running
from tests.support.opencode import Client
from tests.support.rendering import Renderer
from workbench.sshd import SshServer, free_port

PASSWORD = "correct horse battery staple"


@dataclass
class Served:
    """A workspace that answers. start_seconds: from the container's start to the first page."""

    pod: Running
    client: Client
    start_seconds: float

    @property
    def directory(self) -> str:
        """Where the repository is in the container."""
        return self.pod.container.environment["WORKSPACE_DIRECTORY"]

    @property
    def stranger(self) -> Client:
        """Somebody who does not know the password."""
        return Client(self.client.place)


@dataclass
class Workspace:
    """A release of the chart with `values`, its files below `folder`, run in `root`.

    ends: exit codes of app containers that ended by themselves.
    """

    render: Renderer
    folder: Path
    root: Root
    values: dict[str, Any] = field(default_factory=dict)
    secret: dict[str, str] = field(default_factory=lambda: {"SERVER_PASSWORD": PASSWORD})
    ends: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)

    @property
    def volumes(self) -> Volumes:
        """The pod's files; its volume survives, the rest follows `values` and `secret`."""
        return Volumes(self.folder, self.render(self.values), self.secret)

    @property
    def home(self) -> Path:
        """The volume."""
        return self.volumes.home

    @property
    def directory(self) -> str:
        """Where the repository is in the container."""
        return self.volumes.container("app").environment["WORKSPACE_DIRECTORY"]

    def use(self, server: SshServer, repository: str = "project.git") -> None:
        """Sets the workspace up for a repository of `server`, with its deploy key."""
        self.values["workspace"] = {
            "repository": server.url(repository),
            "knownHosts": server.known_hosts,
        }
        self.secret["GIT_DEPLOY_KEY"] = server.client_key.read_text()

    def bootstrap(self) -> str:
        """Runs the init container to its end; gives its log. AssertionError when it fails."""
        container = self.volumes.container("init-workspace")
        # Git servers of the tests listen on this machine's loopback.
        with running(container, self.root, self.folder / "init.log", "host") as pod:
            code = pod.wait(60)
            assert code == 0, f"bootstrap.sh ended with {code}:\n{pod.log}"
            return pod.log

    @contextmanager
    def start(self, network: Network = "private") -> Iterator[Running]:
        """Starts the app container, and does not wait for it."""
        container = self.volumes.container("app")
        with running(container, self.root, self.folder / "app.log", network) as pod:
            yield pod
            if pod.ended():
                self.ends.append(pod.wait())

    def connect(self, pod: Running, port: int = 0) -> Served:
        """The app container `pod` once it answers: on its own network's rendered port, or on this machine's `port`."""
        place = Place(port) if port else Place(int(pod.container.command[-1]), pod.first)
        client = Client(place, PASSWORD)
        began = time.monotonic()
        try:
            client.wait(pod.ended)
        except (TimeoutError, ConnectionError) as error:
            raise AssertionError(f"{error}; log:\n{pod.log}") from error
        return Served(pod, client, time.monotonic() - began)

    @contextmanager
    def serve(self) -> Iterator[Served]:
        """The app container as rendered, in a network of its own, once it answers."""
        with self.start() as pod:
            yield self.connect(pod)

    @contextmanager
    def serve_on_this_machine(self) -> Iterator[Served]:
        """The same on a free port of this machine's loopback, which takes no root."""
        port = free_port()
        args = ["opencode", "web", "--hostname", "127.0.0.1", "--port", str(port)]
        self.values["controllers"] = {"workspace": {"containers": {"app": {"args": args}}}}
        with self.start("host") as pod:
            yield self.connect(pod, port)
