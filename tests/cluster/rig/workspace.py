"""One workspace as its user and its administrator see it."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import signal
import socket
from dataclasses import dataclass
from pathlib import Path

from .api import Api, Object, condition, wait_for
from .storage import Volumes

NAMESPACE = "opencode"
# Where the repository is in the pod.
DIRECTORY = "/home/user/workspace"
PORT = 4096


@dataclass(frozen=True)
class Address:
    """Where something listens; reached as it is."""

    host: str
    port: int

    @property
    def authority(self) -> str:
        """As in the address of the page."""
        return f"{self.host}:{self.port}"

    def connect(self, seconds: float = 30) -> socket.socket:
        """A TCP connection. OSError when nothing listens."""
        return socket.create_connection((self.host, self.port), seconds)


@dataclass(frozen=True)
class Workspace:
    """`name` is that of the release, such as opencode-flux."""

    name: str
    api: Api
    volumes: Volumes

    @property
    def short_name(self) -> str:
        """Its name in the catalogue."""
        return self.name.removeprefix("opencode-")

    @property
    def pods(self) -> list[Object]:
        """Its pods, the one that goes included."""
        selector = f"app.kubernetes.io/instance={self.name}"
        return self.api.list("Pod", NAMESPACE, selector)

    def pod(self) -> Object:
        """Its one pod; AssertionError unless it is Ready and alone."""
        pods = self.pods
        assert len(pods) == 1, f"{self.name} has {len(pods)} pods"
        state = condition(pods[0], "Ready")
        assert state.get("status") == "True", f"pod of {self.name}: {pods[0].get('status')}"
        assert "deletionTimestamp" not in pods[0]["metadata"], f"pod of {self.name} is going"
        return pods[0]

    def wait_pod(self, other_than: str = "") -> Object:
        """Its pod once it is ready; `other_than` is the uid of the one before."""

        def found() -> Object:
            pod = self.pod()
            assert pod["metadata"]["uid"] != other_than, "the old pod is still there"
            return pod

        return wait_for(found, f"ready pod of {self.name}")

    @property
    def life(self) -> str:
        """Changes when its pod is made anew, and when its app is started again."""
        pod = self.wait_pod()
        (app,) = pod["status"]["containerStatuses"]
        return f"{pod['metadata']['uid']} {app['restartCount']}"

    def restart(self) -> None:
        """Makes its pod anew, as Reloader does when a Secret changes."""
        uids = {pod["metadata"]["uid"] for pod in self.pods}
        for pod in self.pods:
            self.api.delete("Pod", pod["metadata"]["name"], NAMESPACE)
        wait_for(lambda: not uids & {pod["metadata"]["uid"] for pod in self.pods}, "end of pod")
        self.wait_pod()

    @property
    def place(self) -> Address:
        """The way to it through its Service."""
        service = self.api.read("Service", self.name, NAMESPACE)
        return Address(service["spec"]["clusterIP"], PORT)

    def claim(self) -> Object:
        """Its claim; AssertionError unless it is bound."""
        claim = self.api.read("PersistentVolumeClaim", self.name, NAMESPACE)
        assert claim["status"]["phase"] == "Bound", f"claim {self.name}: {claim['status']}"
        return claim

    @property
    def home(self) -> Path:
        """Its volume on this machine, /home/user in the pod."""
        return self.volumes.of(self.claim())

    def run(self, *command: str, container: str = "app") -> str:
        """Output of a command in its pod; AssertionError when it fails."""
        return self.api.run_in(
            self.pod()["metadata"]["name"], NAMESPACE, *command, container=container
        )

    def log(self, container: str) -> str:
        """What a container of its pod has written."""
        return self.api.log(self.pod()["metadata"]["name"], NAMESPACE, container)

    def crash(self) -> None:
        """Kills all processes of its app container, and waits until that has been started again."""
        pod = self.pod()
        (state,) = pod["status"]["containerStatuses"]
        name = state["containerID"].removeprefix("containerd://")
        for process in Path("/proc").glob("[0-9]*"):
            # A process may end before it is looked at.
            with contextlib.suppress(OSError):
                if name in (process / "cgroup").read_text():
                    os.kill(int(process.name), signal.SIGKILL)

        def again() -> bool:
            (now,) = self.pod()["status"]["containerStatuses"]
            return bool(now["restartCount"] > state["restartCount"])

        wait_for(again, "restart of the container")

    def get(self, path: str = "/", password: str | None = None) -> tuple[int, str]:
        """Status and body of its page, through the Service's address."""
        return self._ask("GET", path, password, None)

    def post(self, path: str, password: str, body: Object) -> Object:
        """What it answers to a POST in its repository; AssertionError unless that is a success."""
        query = f"{path}?directory={DIRECTORY}"
        status, answer = self._ask("POST", query, password, json.dumps(body))
        assert status == 200, f"POST {path}: {status} {answer}"
        found: Object = json.loads(answer)
        return found

    def _ask(
        self, method: str, path: str, password: str | None, body: str | None
    ) -> tuple[int, str]:
        connection = wait_for(self._connection, f"Service of {self.name}")
        headers = {"Content-Type": "application/json"}
        if password is not None:
            word = base64.b64encode(f"opencode:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {word}"
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        """To the Service's address; OSError while that still leads to the pod before."""
        connection = http.client.HTTPConnection(self.place.authority, timeout=3)
        connection.connect()
        # What is asked may take longer than to be let in.
        connection.sock.settimeout(30)
        return connection
