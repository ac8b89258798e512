"""Secrets go missing, and their store goes away.

How they are rotated is tested with the page that says so, in test_operations.py.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator

import pytest

from tests.cluster.rig.api import condition, wait_for
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.workspace import NAMESPACE

SECRET = "opencode-ha-secret"
KEYS = {
    "SERVER_PASSWORD": "OPENCODE_SERVER_PASSWORD",
    "GIT_DEPLOY_KEY": "OPENCODE_HA_DEPLOY_KEY",
    "COPILOT_AUTH_JSON": "OPENCODE_COPILOT_AUTH_JSON",
}


@pytest.fixture
def store(cluster: Cluster) -> Iterator[dict[str, str]]:
    """What Doppler holds; afterwards what it held before, and the cluster knows it."""
    held = dict(cluster.doppler.secrets)
    yield cluster.doppler.secrets
    cluster.doppler.secrets.clear()
    cluster.doppler.secrets.update(held)
    synchronise(cluster)
    cluster.workspace("ha").restart()


def ask(cluster: Cluster) -> None:
    """What `kubectl annotate externalsecret … force-sync=…` does."""
    marks = {"force-sync": str(time.time())}
    cluster.api.patch("ExternalSecret", SECRET, NAMESPACE, {"metadata": {"annotations": marks}})


def synchronise(cluster: Cluster) -> None:
    """Asks and waits until the Secret holds what Doppler holds."""
    ask(cluster)

    def synced() -> bool:
        held = cluster.api.read("Secret", SECRET, NAMESPACE)["data"]
        for key, name in KEYS.items():
            assert base64.b64decode(held[key]).decode() == cluster.doppler.secrets[name], key
        cluster.api.ready("ExternalSecret", SECRET, NAMESPACE)
        return True

    wait_for(synced, "Secret as in Doppler")


def failure(cluster: Cluster) -> str:
    """Why the ExternalSecret is not ready; AssertionError while it is."""
    state = condition(cluster.api.read("ExternalSecret", SECRET, NAMESPACE), "Ready")
    assert state.get("status") == "False", "the ExternalSecret is still ready"
    return str(state["reason"])


def test_a_missing_key_is_loud_and_the_workspace_runs_on(
    cluster: Cluster, store: dict[str, str]
) -> None:
    pod = cluster.workspace("ha").pod()["metadata"]["uid"]
    del store["OPENCODE_HA_DEPLOY_KEY"]
    ask(cluster)
    assert wait_for(lambda: failure(cluster), "failure") == "SecretSyncedError"
    assert cluster.workspace("ha").pod()["metadata"]["uid"] == pod
    assert cluster.api.read("Secret", SECRET, NAMESPACE)["data"]["GIT_DEPLOY_KEY"]


@pytest.mark.parametrize("fault", ["401", "429", "500", "hang"])
def test_nothing_restarts_while_doppler_is_down(cluster: Cluster, fault: str) -> None:
    workspace = cluster.workspace("ha")
    pod, secret = workspace.pod(), cluster.api.read("Secret", SECRET, NAMESPACE)
    with cluster.doppler.failing(fault):
        asked = len(cluster.doppler.requests)
        ask(cluster)
        wait_for(lambda: len(cluster.doppler.requests) > asked, "request to Doppler")
        if fault != "hang":
            wait_for(lambda: failure(cluster), "failure")
        assert workspace.pod()["metadata"]["uid"] == pod["metadata"]["uid"]
        assert cluster.api.read("Secret", SECRET, NAMESPACE)["data"] == secret["data"]
    ask(cluster)
    cluster.api.wait_ready("ExternalSecret", SECRET, NAMESPACE)
    assert workspace.pod()["metadata"]["uid"] == pod["metadata"]["uid"]
