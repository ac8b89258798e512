"""`helm test` knocks at the door of a workspace, inside the cluster."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.cluster.rig import sample
from tests.cluster.rig.api import Api, wait_for
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.registry import HELM
from tests.cluster.rig.workspace import NAMESPACE, Workspace

OPEN = "open"


def helm_test(api: Api, release: str, namespace: str) -> subprocess.CompletedProcess[str]:
    command = [str(HELM), "test", release, "--namespace", namespace, "--logs", "--timeout", "90s"]
    environment = {"KUBECONFIG": str(api.kubeconfig), "HOME": "/nonexistent", "PATH": "/usr/bin"}
    return subprocess.run(command, env=environment, capture_output=True, text=True)


@pytest.fixture
def open_workspace(cluster: Cluster) -> Iterator[str]:
    """A release, and a namespace of the same name, whose server does not learn of its password."""
    values = sample.values(cluster.fleet)
    app = values["controllers"]["workspace"]["containers"]["app"]
    # Past serve.sh, which refuses to start like this.
    app["command"] = ["env", "--unset", "OPENCODE_SERVER_PASSWORD"]
    # OpenCode does not heed SIGTERM as a container's first process.
    values["defaultPodOptions"] = {"terminationGracePeriodSeconds": 1}
    source = {"kind": "OCIRepository", "name": "opencode-ha", "namespace": NAMESPACE}
    namespace = {"name": OPEN, "labels": sample.RESTRICTED}
    cluster.api.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": namespace}])
    cluster.api.apply(
        [
            sample.secret(OPEN, OPEN),
            sample.release(OPEN, OPEN, values, {"chartRef": source}),
        ]
    )
    try:
        cluster.api.wait_ready("HelmRelease", OPEN, OPEN)
        yield OPEN
    finally:
        cluster.api.delete("HelmRelease", OPEN, OPEN)
        wait_for(lambda: cluster.api.get("HelmRelease", OPEN, OPEN) is None, "end of the release")
        cluster.api.delete("Namespace", OPEN)


def test_helm_test_passes_on_a_healthy_workspace(cluster: Cluster, workspace: Workspace) -> None:
    done = helm_test(cluster.api, workspace.name, NAMESPACE)
    assert done.returncode == 0, done.stdout + done.stderr


def test_helm_test_fails_when_the_door_is_open(cluster: Cluster, open_workspace: str) -> None:
    done = helm_test(cluster.api, open_workspace, open_workspace)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"http://{open_workspace}:4096 is open" in done.stdout + done.stderr
