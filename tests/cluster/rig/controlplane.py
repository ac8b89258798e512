"""etcd, API server, controller manager and scheduler, with the definitions of all custom resources."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from .api import Api
from .processes import Process, answers, listens

TOOLS = Path(__file__).parents[3] / ".cache" / "tools"
PROGRAMS = TOOLS / "cluster"
BOX = PROGRAMS / "box"
SERVICE_ADDRESSES = "10.96.0.0/16"
# The network is the run's own, so that every port is free.
API_PORT, ETCD_PORT, PEER_PORT, MANAGER_PORT, SCHEDULER_PORT = 6443, 2379, 2380, 10257, 10259


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


def _server(folder: Path, logs: Path, api: Api, more: Mapping[str, object]) -> Process:
    options = {
        "etcd-servers": f"http://127.0.0.1:{ETCD_PORT}",
        "bind-address": "127.0.0.1",
        "advertise-address": "127.0.0.1",
        "secure-port": API_PORT,
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

    command = [BOX, "kube-apiserver", *(f"--{k}={v}" for k, v in options.items())]
    return Process("kube-apiserver", command, logs, ready)


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


def _define_resources(api: Api) -> None:
    folders = (PROGRAMS / "crds", TOOLS / "backup" / "crds")
    files = [f"--filename={file}" for folder in folders for file in sorted(folder.glob("*.yaml"))]
    api.kubectl("apply", "--server-side", *files)
    api.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")


@contextmanager
def control_plane(
    folder: Path, logs: Path, server_options: Mapping[str, object] = MappingProxyType({})
) -> Iterator[ControlPlane]:
    """An empty cluster with all custom resources, its files in `folder`.

    server_options: more of the API server's, without dashes.
    """
    folder.mkdir()
    token = secrets.token_hex(16)
    (folder / "tokens.csv").write_text(f'{token},admin,1,"system:masters"\n')
    subprocess.run(
        ["openssl", "genrsa", "-out", folder / "sa.key", "2048"], check=True, capture_output=True
    )
    authority = folder / "certificates" / "apiserver.crt"
    kubeconfig = folder / "kubeconfig"
    api = Api(f"https://127.0.0.1:{API_PORT}", token, authority, kubeconfig, BOX)
    # JSON is YAML.
    kubeconfig.write_text(json.dumps(_kubeconfig(api)))
    server = _server(folder, logs, api, server_options)
    manager = _follower(
        *("kube-controller-manager", MANAGER_PORT, folder, logs, api),
        *(f"--service-account-private-key-file={folder / 'sa.key'}", f"--root-ca-file={authority}"),
    )
    scheduler = _follower("kube-scheduler", SCHEDULER_PORT, folder, logs, api)
    with ExitStack() as stack:
        # Stopped in the other order: the API server hangs once etcd has gone.
        etcd = stack.enter_context(_etcd(folder, logs))
        stack.enter_context(server)
        stack.enter_context(manager)
        stack.enter_context(scheduler)
        _define_resources(api)
        yield ControlPlane(api, etcd, server, manager)
