"""`helm test` knocks at the door of a workspace, inside the cluster."""

from __future__ import annotations

import subprocess

from tests.cluster.rig.api import Api
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.registry import HELM
from tests.cluster.rig.workspace import NAMESPACE, Workspace


def helm_test(api: Api, release: str) -> subprocess.CompletedProcess[str]:
    command = [str(HELM), "test", release, "--namespace", NAMESPACE, "--logs", "--timeout", "90s"]
    environment = {"KUBECONFIG": str(api.kubeconfig), "HOME": "/nonexistent", "PATH": "/usr/bin"}
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_helm_test_passes_on_a_healthy_workspace(cluster: Cluster, workspace: Workspace) -> None:
    done = helm_test(cluster.api, workspace.name)
    assert done.returncode == 0, done.stdout + done.stderr
