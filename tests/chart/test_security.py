"""What may the pod do, and what does it get to know?"""

from __future__ import annotations

import re
from typing import Any

import pytest

from opencode_workspace.errors import UserError
from opencode_workspace.rules import podsecurity
from tests.support.manifests import Manifests, resolve
from tests.support.pods import containers, pod_of
from tests.support.rendering import Renderer


@pytest.fixture(
    params=[
        pytest.param({}, id="as it comes"),
        pytest.param({"workspace": {"repository": "git@github.com:owner/a.git"}}, id="ssh"),
        pytest.param({"workspace": {"repository": "https://github.com/owner/a.git"}}, id="https"),
        pytest.param({"controllers": {"workspace": {"replicas": 0}}}, id="parked"),
    ]
)
def release(request: pytest.FixtureRequest, render_chart: Renderer) -> Manifests:
    return render_chart(request.param, hooks=True)


@pytest.mark.parametrize("kind", ["Deployment", "Pod"])
def test_pod_security_restricted_admits_the_pod(release: Manifests, kind: str) -> None:
    pod = pod_of(release.one(kind))
    assert pod is not None
    assert podsecurity.restricted(pod) == []


@pytest.mark.parametrize("kind", ["Deployment", "Pod"])
def test_the_pod_gets_no_token_of_the_api_server(release: Manifests, kind: str) -> None:
    pod = pod_of(release.one(kind))
    assert pod is not None
    assert pod["spec"]["automountServiceAccountToken"] is False
    assert release.at("ServiceAccount/automountServiceAccountToken") is False


def test_other_services_of_the_namespace_are_not_told_to_the_pod(release: Manifests) -> None:
    assert release.pod["enableServiceLinks"] is False
    assert release.at("Pod/spec/enableServiceLinks") is False


def test_every_container_writes_to_mounted_volumes_only(release: Manifests) -> None:
    for container in every_container(release):
        assert container["securityContext"]["readOnlyRootFilesystem"] is True, container["name"]


def test_no_secret_is_part_of_the_release(release: Manifests) -> None:
    assert release.all("Secret") == []


def test_the_secret_is_never_taken_whole(release: Manifests) -> None:
    for container in every_container(release):
        assert "envFrom" not in container, container["name"]


def test_the_password_is_the_only_secret_in_an_environment(release: Manifests) -> None:
    from_secrets = {
        (container["name"], entry["name"], entry["valueFrom"]["secretKeyRef"]["key"])
        for container in every_container(release)
        for entry in container["env"]
        if "secretKeyRef" in entry.get("valueFrom", {})
    }
    assert from_secrets == {
        ("app", "OPENCODE_SERVER_PASSWORD", "SERVER_PASSWORD"),
        ("init-workspace", "OPENCODE_SERVER_PASSWORD", "SERVER_PASSWORD"),
    }


def test_a_github_token_is_never_set(release: Manifests) -> None:
    names = {entry["name"] for container in every_container(release) for entry in container["env"]}
    assert not {name for name in names if "GITHUB" in name}


def test_the_app_sees_no_file_of_the_secret(release: Manifests) -> None:
    secret = {volume["name"] for volume in release.pod["volumes"] if "secret" in volume}
    mounted = {mount["name"] for mount in release.container("app")["volumeMounts"]}
    assert secret == {"auth-json", "deploy-key", "git-token"}
    assert not secret & mounted


def test_each_key_of_the_secret_is_a_volume_of_its_own(release: Manifests) -> None:
    keys = {
        volume["name"]: [item["key"] for item in volume["secret"]["items"]]
        for volume in release.pod["volumes"]
        if "secret" in volume
    }
    assert keys == {
        "auth-json": ["COPILOT_AUTH_JSON"],
        "deploy-key": ["GIT_DEPLOY_KEY"],
        "git-token": ["GIT_TOKEN"],
    }


def test_secret_files_are_the_pods_groups_and_nobody_elses(release: Manifests) -> None:
    for volume in release.pod["volumes"]:
        if "secret" in volume:
            assert volume["secret"]["defaultMode"] == 0o440, volume["name"]


def test_the_normalised_key_lies_in_memory(release: Manifests) -> None:
    assert resolve(release.pod, "/volumes/run/emptyDir") == {
        "medium": "Memory",
        "sizeLimit": "16Mi",
    }
    mounters = [c["name"] for c in every_container(release) if resolve(c, "/volumeMounts/run")]
    assert mounters == ["init-workspace"]


def test_what_the_chart_brings_cannot_be_overwritten_by_the_pod(release: Manifests) -> None:
    from_configmap = {volume["name"] for volume in release.pod["volumes"] if "configMap" in volume}
    for container in every_container(release):
        for mount in container["volumeMounts"]:
            if mount["name"] in from_configmap:
                assert mount.get("readOnly") is True, f"{container['name']}: {mount['mountPath']}"


def every_container(release: Manifests) -> list[Any]:
    return [c for document in release if (pod := pod_of(document)) for c in containers(pod)]


@pytest.mark.parametrize("character", ["\x7f", "\x85", "\x9f", "\ufffe", "\uffff"])
def test_a_character_that_yaml_cannot_hold_takes_no_security_context_away(
    character: str, render_chart: Renderer
) -> None:
    values = {"defaultPodOptions": {"nodeSelector": {"a": character}}}
    with pytest.raises(UserError, match="holds a character that YAML cannot hold"):
        render_chart(values)


def test_a_text_with_such_a_character_is_told_by_its_beginning(render_chart: Renderer) -> None:
    values = {"defaultPodOptions": {"nodeSelector": {"a": "b" * 300 + "\x85"}}}
    told = (
        r"a text in (.*) holds a character that YAML cannot hold, such as U\+007F\. Take it out\."
    )
    found = re.search(rf"{told}(?!\w)", render_chart.refusal(values))
    assert found
    assert len(found[1]) == 200
