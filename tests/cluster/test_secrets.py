"""Secrets go missing or are wrong, and their store goes away."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.cluster.rig.api import condition, wait_for
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.workspace import NAMESPACE, Workspace

SECRET = "opencode-ha-secret"
LOGIN, OWN_PASSWORD = "OPENCODE_COPILOT_AUTH_JSON", "OPENCODE_HA_PASSWORD"
DEPLOY_KEY = "OPENCODE_HA_DEPLOY_KEY"


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
    cluster.synchronise(SECRET)


def failure(cluster: Cluster) -> str:
    """Why the ExternalSecret is not ready; AssertionError while it is."""
    state = condition(cluster.api.read("ExternalSecret", SECRET, NAMESPACE), "Ready")
    assert state.get("status") == "False", "the ExternalSecret is still ready"
    return str(state["reason"])


def warnings(cluster: Cluster) -> str:
    """What external-secrets says in events of the ExternalSecret."""
    events = cluster.api.list("Event", NAMESPACE)
    ours = [event for event in events if event["involvedObject"]["name"] == SECRET]
    return "\n".join(event["message"] for event in ours if event["type"] == "Warning")


def test_a_missing_key_is_loud_and_the_workspace_runs_on(
    cluster: Cluster, store: dict[str, str], ha: Workspace
) -> None:
    life = ha.life
    del store[DEPLOY_KEY]
    cluster.ask_store(SECRET)
    assert wait_for(lambda: failure(cluster), "failure") == "SecretSyncedError"
    wait_for(lambda: DEPLOY_KEY in warnings(cluster), "event that names the key")
    assert ha.life == life
    assert cluster.api.read("Secret", SECRET, NAMESPACE)["data"]["GIT_DEPLOY_KEY"]


@pytest.mark.parametrize("fault", ["401", "429", "500", "hang"])
def test_nothing_restarts_while_doppler_is_down(
    cluster: Cluster, ha: Workspace, fault: str
) -> None:
    life, secret = ha.life, cluster.api.read("Secret", SECRET, NAMESPACE)
    with cluster.doppler.failing(fault):
        asked = cluster.doppler.asked
        cluster.ask_store(SECRET)
        wait_for(lambda: cluster.doppler.asked > asked, "request for a secret")
        # Of a store that does not answer it learns when it has waited for as long as it ever does.
        wait_for(lambda: failure(cluster), "failure")
        assert ha.life == life
        assert cluster.api.read("Secret", SECRET, NAMESPACE)["data"] == secret["data"]
    cluster.ask_store(SECRET)
    cluster.api.wait_ready("ExternalSecret", SECRET, NAMESPACE)
    assert ha.life == life


def test_a_rotation_arrives_although_external_secrets_is_killed_while_it_asks(
    cluster: Cluster, store: dict[str, str], ha: Workspace
) -> None:
    life = ha.life
    with cluster.doppler.failing("hang"):
        store[LOGIN] = json.dumps({"github-copilot": {"type": "oauth", "refresh": "rotated"}})
        asked = cluster.doppler.asked
        cluster.ask_store(SECRET)
        wait_for(lambda: cluster.doppler.asked > asked, "request for a secret")
        cluster.external_secrets.kill()
    cluster.external_secrets.start()
    cluster.synchronise(SECRET)
    assert ha.life == life


@pytest.fixture(scope="module")
def special(cluster: Cluster) -> Iterator[None]:
    """The workspace fetches when it starts, and has a password of its own."""
    cluster.doppler.secrets[OWN_PASSWORD] = "of-its-own"
    change = {"update": "fetch", "secretKeys": {"serverPassword": OWN_PASSWORD}}
    with cluster.changed(lambda catalogue: catalogue["workspaces"]["ha"].update(change)):
        cluster.synchronise(SECRET)
        cluster.workspace("ha").restart()
        yield
    del cluster.doppler.secrets[OWN_PASSWORD]
    cluster.synchronise(SECRET)
    cluster.workspace("ha").restart()


@pytest.mark.usefixtures("special")
def test_a_password_of_its_own_opens_one_workspace_alone(cluster: Cluster) -> None:
    passwords = {"flux": cluster.password, "ha": "of-its-own"}
    for name, password in passwords.items():
        answers = {other: cluster.workspace(other).get(password=password)[0] for other in passwords}
        assert answers == {other: 200 if other == name else 401 for other in passwords}
    assert "of-its-own" not in cluster.workspace("flux").run("env")


@pytest.mark.usefixtures("special")
def test_with_a_wrong_deploy_key_a_workspace_that_was_cloned_starts(
    cluster: Cluster, store: dict[str, str], ha: Workspace
) -> None:
    store[DEPLOY_KEY] = store["OPENCODE_FLUX_DEPLOY_KEY"]
    cluster.synchronise(SECRET)
    ha.restart()
    log = ha.log("init-workspace")
    assert "starting with the repository as it is" in log
