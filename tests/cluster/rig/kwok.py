"""A node without a kubelet: kwok says of every pod that it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .api import Api, condition, wait_for
from .controlplane import TOOLS
from .node import NAME
from .processes import Process, answers

KWOK = TOOLS / "bin" / "kwok"
PORT = 10247
# Room for more pods than the /24 of a real node.
POD_ADDRESSES = "10.0.0.1/16"
MARK = "kwok.x-k8s.io/node"


def _node() -> dict[str, object]:
    """The node's object: under the name of the real one, which volumes belong to."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": NAME,
            "annotations": {MARK: "fake"},
            "labels": {"kubernetes.io/hostname": NAME, "kubernetes.io/os": "linux"},
        },
    }


@contextmanager
def kwok(logs: Path, api: Api) -> Iterator[Process]:
    """A node that is Ready and takes any number of pods."""
    options = {
        "config": KWOK.resolve().parent / "stages.yaml",
        "kubeconfig": api.kubeconfig,
        "manage-all-nodes": "false",
        "manage-nodes-with-annotation-selector": f"{MARK}=fake",
        "cidr": POD_ADDRESSES,
        "node-ip": "127.0.0.1",
        "node-lease-duration-seconds": 40,
        "server-address": f"127.0.0.1:{PORT}",
    }
    command = [KWOK, *(f"--{key}={value}" for key, value in options.items())]
    with Process("kwok", command, logs, answers(f"http://127.0.0.1:{PORT}/healthz")) as process:
        api.apply([_node()])

        def ready() -> bool:
            found = api.get("Node", NAME)
            return found is not None and condition(found, "Ready").get("status") == "True"

        wait_for(ready, "ready node")
        yield process
