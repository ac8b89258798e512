"""One node: kubelet and kube-proxy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from .api import Api, condition, wait_for
from .controlplane import BOX
from .names import DOMAIN
from .processes import Process, answers
from .runtime import POD_ADDRESSES, Runtime
from .sandbox import ADDRESS, RUN, control_group, control_groups

NAME = "node"
KUBELET_PORT, PROXY_PORT = 10248, 10256


def _make_control_group() -> None:
    """The kubelet wants the group that holds all of its pods to be there, in every hierarchy."""
    for group in control_groups(os.environ[RUN]):
        group.mkdir(exist_ok=True)
        for setting in ("cpuset.cpus", "cpuset.mems"):
            # A group of the first version starts without any processor.
            if (group.parent / setting).exists():
                (group / setting).write_text((group.parent / setting).read_text())


def _kubelet(folder: Path, logs: Path, api: Api, socket: Path) -> Process:
    resolver = folder / "resolv.conf"
    resolver.write_text("# The machine has no DNS.\n")
    configuration = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": ADDRESS,
        "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
        "authorization": {"mode": "AlwaysAllow"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{control_group()}",
        "clusterDNS": [ADDRESS],
        "clusterDomain": DOMAIN,
        "containerRuntimeEndpoint": f"unix://{socket}",
        "enforceNodeAllocatable": [],
        # A machine's disk may be nearly full; zero memory is refused.
        "evictionHard": {
            "memory.available": "1Mi",
            "nodefs.available": "0%",
            "nodefs.inodesFree": "0%",
            "imagefs.available": "0%",
        },
        "failCgroupV1": False,
        "failSwapOn": False,
        "featureGates": {"KubeletInUserNamespace": True},
        "healthzPort": KUBELET_PORT,
        "imageGCHighThresholdPercent": 100,
        "localStorageCapacityIsolation": False,
        "makeIPTablesUtilChains": False,
        "protectKernelDefaults": False,
        "registerNode": True,
        "resolvConf": str(resolver),
        "volumePluginDir": str(folder / "plugins"),
        # More often than a cluster would: a test waits for what it sees.
        "nodeStatusUpdateFrequency": "4s",
        "syncFrequency": "10s",
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(configuration))
    options = {
        "config": folder / "config.yaml",
        "hostname-override": NAME,
        "node-ip": ADDRESS,
        "root-dir": folder / "root",
        "cert-dir": folder / "certificates",
        "kubeconfig": api.kubeconfig,
    }
    command = [BOX, "kubelet", *(f"--{key}={value}" for key, value in options.items())]
    return Process("kubelet", command, logs, answers(f"http://127.0.0.1:{KUBELET_PORT}/healthz"))


def _proxy(logs: Path, api: Api) -> Process:
    command = [
        *(BOX, "kube-proxy", f"--kubeconfig={api.kubeconfig}", "--proxy-mode=iptables"),
        *(f"--hostname-override={NAME}", f"--cluster-cidr={POD_ADDRESSES}"),
        *("--conntrack-max-per-core=0", "--conntrack-tcp-timeout-established=0s"),
        *(
            "--conntrack-tcp-timeout-close-wait=0s",
            f"--healthz-bind-address=127.0.0.1:{PROXY_PORT}",
        ),
    ]
    return Process("kube-proxy", command, logs, answers(f"http://127.0.0.1:{PROXY_PORT}/livez"))


@contextmanager
def node(folder: Path, logs: Path, api: Api, runtime: Runtime) -> Iterator[Process]:
    """A node that is Ready; gives the kubelet."""
    folder.mkdir()
    _make_control_group()
    kubelet = _kubelet(folder, logs, api, runtime.socket)
    with kubelet, _proxy(logs, api):

        def ready() -> bool:
            found = api.get("Node", NAME)
            return found is not None and condition(found, "Ready").get("status") == "True"

        wait_for(ready, "ready node")
        yield kubelet
