"""Is every default right for a user who sets only a repository, a host and a Secret?"""

from __future__ import annotations

import re

import pytest

from tests.support.manifests import Manifests
from tests.support.pods import containers, pod_of
from tests.support.rendering import Renderer

THREE_THINGS = {
    "workspace": {"repository": "git@github.com:owner/home-kubernetes.git"},
    "route": {
        "app": {
            "enabled": True,
            "parentRefs": [
                {"name": "envoy-internal", "namespace": "network", "sectionName": "https"}
            ],
            "hostnames": ["flux.opencode.example.com"],
        }
    },
}


@pytest.fixture
def release(render_chart: Renderer) -> Manifests:
    return render_chart(THREE_THINGS, hooks=True)


def test_every_image_is_pinned(release: Manifests) -> None:
    for document in release:
        pod = pod_of(document)
        for container in containers(pod) if pod else ():
            assert re.search(r":v?[0-9]+(\.[0-9]+)+$", container["image"]), container["image"]


def test_the_app_starts_behind_the_script_that_insists_on_a_password(release: Manifests) -> None:
    app = release.container("app")
    assert app["command"] == ["sh", "/scripts/serve.sh"]
    assert app["args"] == ["opencode", "web", "--hostname", "0.0.0.0", "--port", "4096"]


@pytest.mark.parametrize("probe", ["startupProbe", "readinessProbe", "livenessProbe"])
def test_probes_ask_the_page_that_answers_without_a_password(
    release: Manifests, probe: str
) -> None:
    assert release.container("app")[probe]["httpGet"] == {"path": "/site.webmanifest", "port": 4096}


def test_a_slow_start_has_two_minutes(release: Manifests) -> None:
    probe = release.container("app")["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] == 120


def test_a_busy_app_is_restarted_after_a_minute_at_the_earliest(release: Manifests) -> None:
    probe = release.container("app")["livenessProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] == 60


def test_the_app_may_use_all_idle_cpu_and_2_gib(release: Manifests) -> None:
    assert release.container("app")["resources"] == {
        "requests": {"cpu": "250m", "memory": "768Mi"},
        "limits": {"memory": "2Gi"},
    }


def test_opencode_does_not_update_itself_and_logs_to_stderr(release: Manifests) -> None:
    env = {entry["name"]: entry.get("value") for entry in release.container("app")["env"]}
    assert env["OPENCODE_DISABLE_AUTOUPDATE"] == "true"
    assert env["OPENCODE_PRINT_LOGS"] == "1"


def test_one_pod_at_a_time_writes_to_the_volume(release: Manifests) -> None:
    spec = release.one("Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert release.at("PersistentVolumeClaim/spec/accessModes") == ["ReadWriteOnce"]


def test_the_volume_is_kept_and_is_home_to_both_containers(release: Manifests) -> None:
    assert release.at("PersistentVolumeClaim/metadata/annotations") == {
        "helm.sh/resource-policy": "keep"
    }
    assert release.at("PersistentVolumeClaim/spec/resources/requests/storage") == "5Gi"
    assert "storageClassName" not in release.one("PersistentVolumeClaim")["spec"]
    for name in ("init-workspace", "app"):
        (mount,) = [m for m in release.container(name)["volumeMounts"] if m["name"] == "config"]
        assert mount == {"name": "config", "mountPath": "/home/user"}
        assert {"name": "HOME", "value": "/home/user"} in release.container(name)["env"]


def test_the_repository_lies_on_the_volume_beside_the_logins(release: Manifests) -> None:
    assert (
        release.at("Deployment/spec/template/spec/containers/app/env/WORKSPACE_DIRECTORY/value")
        == "/home/user/workspace"
    )


def test_event_streams_are_not_cut_by_the_gateway(release: Manifests) -> None:
    assert release.at("HTTPRoute/spec/rules/0/timeouts") == {"request": "0s"}


def test_the_gateway_is_told_that_the_port_speaks_websocket(release: Manifests) -> None:
    assert release.at("Service/spec/ports/http/appProtocol") == "kubernetes.io/ws"


def test_reloader_restarts_the_workspace_when_its_secret_changes(release: Manifests) -> None:
    assert release.at("Deployment/metadata/annotations") == {
        "secret.reloader.stakater.com/reload": "opencode-flux-secret"
    }


def test_the_pod_waits_for_its_secret_but_not_for_every_key(release: Manifests) -> None:
    optional = {
        volume["name"]: volume["secret"].get("optional", False)
        for volume in release.pod["volumes"]
        if "secret" in volume
    }
    assert optional == {"auth-json": True, "deploy-key": True, "git-token": True}
    for name in ("init-workspace", "app"):
        (password,) = [
            e for e in release.container(name)["env"] if e["name"] == "OPENCODE_SERVER_PASSWORD"
        ]
        assert password["valueFrom"]["secretKeyRef"] == {
            "name": "opencode-flux-secret",
            "key": "SERVER_PASSWORD",
        }


def test_the_owner_of_the_volume_is_repaired_only_when_it_is_wrong(release: Manifests) -> None:
    context = release.pod["securityContext"]
    assert (context["fsGroup"], context["fsGroupChangePolicy"]) == (1000, "OnRootMismatch")


def test_a_running_turn_has_half_a_minute_to_end(release: Manifests) -> None:
    assert release.pod["terminationGracePeriodSeconds"] == 30
