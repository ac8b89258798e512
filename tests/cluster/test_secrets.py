"""Secrets go missing or are wrong, and their store goes away; test_operations.py rotates them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from tests.cluster.rig.api import condition, wait_for
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.workspace import NAMESPACE, Workspace

SECRET = "opencode-ha-secret"
LOGIN, OWN_PASSWORD = "OPENCODE_COPILOT_AUTH_JSON", "OPENCODE_HA_PASSWORD"
PASSWORD, DEPLOY_KEY = "OPENCODE_SERVER_PASSWORD", "OPENCODE_HA_DEPLOY_KEY"


@pytest.fixture
def ha(cluster: Cluster) -> Workspace:
    """The workspace whose secrets change."""
    return cluster.workspace("ha")


@pytest.fixture
def store(cluster: Cluster) -> Iterator[dict[str, str]]:
    """What Doppler holds; afterwards what it held before, and the cluster knows it."""
    held = dict(cluster.doppler.secrets)
    yield cluster.doppler.secrets
    cluster.doppler.secrets.clear()
    cluster.doppler.secrets.update(held)
    synchronise(cluster)


def synchronise(cluster: Cluster) -> None:
    """Asks and waits until the Secret holds what Doppler holds."""
    template = cluster.api.read("ExternalSecret", SECRET, NAMESPACE)["spec"]["target"]["template"]
    cluster.synchronise(SECRET)

    def synced() -> bool:
        held = cluster.api.read("Secret", SECRET, NAMESPACE)["data"]
        for key, text in template["data"].items():
            name = text.strip("{ .}")
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
    cluster: Cluster, store: dict[str, str], ha: Workspace
) -> None:
    pod = ha.pod()["metadata"]["uid"]
    del store[DEPLOY_KEY]
    cluster.synchronise(SECRET)
    assert wait_for(lambda: failure(cluster), "failure") == "SecretSyncedError"
    assert ha.pod()["metadata"]["uid"] == pod
    assert cluster.api.read("Secret", SECRET, NAMESPACE)["data"]["GIT_DEPLOY_KEY"]


@pytest.mark.parametrize("fault", ["401", "429", "500", "hang"])
def test_nothing_restarts_while_doppler_is_down(
    cluster: Cluster, ha: Workspace, fault: str
) -> None:
    pod, secret = ha.pod(), cluster.api.read("Secret", SECRET, NAMESPACE)
    with cluster.doppler.failing(fault):
        asked = len(cluster.doppler.requests)
        cluster.synchronise(SECRET)
        wait_for(lambda: len(cluster.doppler.requests) > asked, "request to Doppler")
        if fault != "hang":
            wait_for(lambda: failure(cluster), "failure")
        assert ha.pod()["metadata"]["uid"] == pod["metadata"]["uid"]
        assert cluster.api.read("Secret", SECRET, NAMESPACE)["data"] == secret["data"]
    cluster.synchronise(SECRET)
    cluster.api.wait_ready("ExternalSecret", SECRET, NAMESPACE)
    assert ha.pod()["metadata"]["uid"] == pod["metadata"]["uid"]


def test_a_rotation_arrives_although_external_secrets_is_killed_while_it_asks(
    cluster: Cluster, store: dict[str, str], ha: Workspace
) -> None:
    pod = ha.pod()["metadata"]["uid"]
    with cluster.doppler.failing("hang"):
        store[LOGIN] = json.dumps({"github-copilot": {"type": "oauth", "refresh": "rotated"}})
        asked = len(cluster.doppler.requests)
        cluster.synchronise(SECRET)
        wait_for(lambda: len(cluster.doppler.requests) > asked, "request to Doppler")
        cluster.external_secrets.kill()
    cluster.external_secrets.start()
    synchronise(cluster)
    assert ha.pod()["metadata"]["uid"] == pod


@pytest.fixture(scope="module")
def special(cluster: Cluster) -> Iterator[None]:
    """The workspace fetches when it starts, and has a password of its own."""
    cluster.doppler.secrets[OWN_PASSWORD] = "of-its-own"
    change = {"update": "fetch", "secretKeys": {"serverPassword": OWN_PASSWORD}}
    with cluster.changed(lambda catalogue: catalogue["workspaces"]["ha"].update(change)):
        synchronise(cluster)
        cluster.workspace("ha").restart()
        yield
    del cluster.doppler.secrets[OWN_PASSWORD]
    synchronise(cluster)
    cluster.workspace("ha").restart()


@pytest.mark.usefixtures("special")
def test_a_password_of_its_own_opens_one_workspace_alone(cluster: Cluster) -> None:
    passwords = {"flux": cluster.doppler.secrets[PASSWORD], "ha": "of-its-own"}
    for name, password in passwords.items():
        answers = {other: cluster.workspace(other).get(password=password)[0] for other in passwords}
        assert answers == {other: 200 if other == name else 401 for other in passwords}
    assert "of-its-own" not in cluster.workspace("flux").run("env")


@pytest.mark.usefixtures("special")
def test_with_a_wrong_deploy_key_a_workspace_that_was_cloned_starts(
    cluster: Cluster, ha: Workspace
) -> None:
    right = cluster.doppler.secrets[DEPLOY_KEY]
    cluster.doppler.secrets[DEPLOY_KEY] = cluster.doppler.secrets["OPENCODE_FLUX_DEPLOY_KEY"]
    synchronise(cluster)
    ha.restart()
    log = ha.log("init-workspace")
    cluster.doppler.secrets[DEPLOY_KEY] = right
    assert "starting with the repository as it is" in log
