"""etcd, API server, controller manager and scheduler, with the definitions of all custom resources."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from .api import Api, condition, wait_for
from .processes import Process, answers, listens

TOOLS = Path(__file__).parents[3] / ".cache" / "tools"
PROGRAMS = TOOLS / "cluster"
BOX = PROGRAMS / "box"
DEFINITIONS = (PROGRAMS / "crds", TOOLS / "backup" / "crds")
SERVICE_ADDRESSES = "10.96.0.0/16"
# The network is the run's own, so that every port is free.
API_PORT, ETCD_PORT, PEER_PORT, MANAGER_PORT, SCHEDULER_PORT = 6443, 2379, 2380, 10257, 10259
OLDEST_PORT = 6444


@dataclass(frozen=True)
class ControlPlane:
    """The API and the processes behind it, for tests that restart one."""

    api: Api
    etcd: Process
    server: Process
    manager: Process


def _etcd(folder: Path, logs: Path) -> Process:
    client, peer = f"http://127.0.0.1:{ETCD_PORT}", f"http://127.0.0.1:{PEER_PORT}"
    options = {
        "data-dir": folder / "etcd",
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"default={peer}",
        "log-level": "warn",
    }
    command = [BOX, "etcd", "--unsafe-no-fsync", *(f"--{k}={v}" for k, v in options.items())]
    return Process("etcd", command, logs, answers(f"{client}/health"))


def _server(
    folder: Path, logs: Path, api: Api, program: Sequence[object], more: Mapping[str, object]
) -> Process:
    name = Path(str(program[-1])).name
    options = {
        "etcd-servers": f"http://127.0.0.1:{ETCD_PORT}",
        # Each server has the store to itself.
        "etcd-prefix": f"/{name}",
        "bind-address": "127.0.0.1",
        "advertise-address": "127.0.0.1",
        "secure-port": api.url.rpartition(":")[2],
        "cert-dir": folder / "certificates",
        "service-account-key-file": folder / "sa.key",
        "service-account-signing-key-file": folder / "sa.key",
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-cluster-ip-range": SERVICE_ADDRESSES,
        "token-auth-file": folder / "tokens.csv",
        "authorization-mode": "Node,RBAC",
        "endpoint-reconciler-type": "none",
        "allow-privileged": "true",
        "kubelet-preferred-address-types": "InternalIP",
        "profiling": "false",
        "max-requests-inflight": 0,
        **more,
    }

    def ready() -> bool:
        try:
            return api.request("GET", "readyz") == b"ok"
        except OSError:
            return False

    command = [*program, *(f"--{k}={v}" for k, v in options.items())]
    return Process(name, command, logs, ready)


def _follower(program: str, port: int, folder: Path, logs: Path, api: Api, *more: str) -> Process:
    command = [
        *(BOX, program, f"--kubeconfig={api.kubeconfig}", "--leader-elect=false"),
        *("--bind-address=127.0.0.1", "--authorization-always-allow-paths=*"),
        *(f"--cert-dir={folder / 'certificates'}", f"--secure-port={port}", *more),
    ]
    return Process(program, command, logs, listens(port))


def _kubeconfig(api: Api) -> dict[str, object]:
    server = {"server": api.url, "certificate-authority": str(api.authority)}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": server}],
        "users": [{"name": "admin", "user": {"token": api.token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
    }


def _definitions() -> list[Path]:
    return [file for folder in DEFINITIONS for file in sorted(folder.glob("*.yaml"))]


def _define_resources(api: Api, files: Collection[Path]) -> None:
    """Sent as they are and one after the other: several at a time only get into each other's way."""
    path = api.path("CustomResourceDefinition", None)
    for file in files:
        api.request("POST", path, file.read_bytes(), "application/yaml")

    def established() -> bool:
        found = [condition(item, "Established") for item in api.list("CustomResourceDefinition")]
        return [each.get("status") for each in found] == ["True"] * len(files)

    wait_for(established, "established custom resources")


def _prepare(folder: Path, port: int) -> Api:
    """Writes what a server on this port needs, and what its clients need, into `folder`."""
    folder.mkdir()
    token = secrets.token_hex(16)
    (folder / "tokens.csv").write_text(f'{token},admin,1,"system:masters"\n')
    subprocess.run(
        ["openssl", "genrsa", "-out", folder / "sa.key", "2048"], check=True, capture_output=True
    )
    authority = folder / "certificates" / "apiserver.crt"
    api = Api(f"https://127.0.0.1:{port}", token, authority, folder / "kubeconfig", BOX)
    # JSON is YAML.
    api.kubeconfig.write_text(json.dumps(_kubeconfig(api)))
    return api


@contextmanager
def control_plane(
    folder: Path, logs: Path, server_options: Mapping[str, object] = MappingProxyType({})
) -> Iterator[ControlPlane]:
    """An empty cluster with all custom resources, its files in `folder`.

    server_options: more of the API server's, without dashes.
    """
    api = _prepare(folder, API_PORT)
    server = _server(folder, logs, api, [BOX, "kube-apiserver"], server_options)
    manager = _follower(
        *("kube-controller-manager", MANAGER_PORT, folder, logs, api),
        *(
            f"--service-account-private-key-file={folder / 'sa.key'}",
            f"--root-ca-file={api.authority}",
        ),
    )
    scheduler = _follower("kube-scheduler", SCHEDULER_PORT, folder, logs, api)
    with ExitStack() as stack:
        # Stopped in the other order: the API server hangs once etcd has gone.
        etcd = stack.enter_context(_etcd(folder, logs))
        stack.enter_context(server)
        stack.enter_context(manager)
        stack.enter_context(scheduler)
        _define_resources(api, _definitions())
        yield ControlPlane(api, etcd, server, manager)


@contextmanager
def oldest_server(folder: Path, logs: Path, kinds: set[str]) -> Iterator[Api]:
    """The oldest API server that the chart is for, beside the cluster, with the custom ones of `kinds`."""
    api = _prepare(folder, OLDEST_PORT)
    files = [
        file
        for file in _definitions()
        if any(f"\n    kind: {kind}\n" in file.read_text() for kind in kinds)
    ]
    program = TOOLS / "bin" / "apiserver-oldest"
    with _server(folder, logs, api, [program], {}):
        _define_resources(api, files)
        yield api
