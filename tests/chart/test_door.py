"""The pod of `helm test`."""

from __future__ import annotations

from tests.support.rendering import Renderer


def test_it_is_a_hook_that_is_replaced_and_removed(render_chart: Renderer) -> None:
    assert render_chart(hooks=True).at("Pod/metadata/annotations") == {
        "helm.sh/hook": "test",
        "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded",
    }


def test_it_runs_once(render_chart: Renderer) -> None:
    assert render_chart(hooks=True).at("Pod/spec/restartPolicy") == "Never"


def test_it_knocks_at_the_services_port(render_chart: Renderer) -> None:
    rendered = render_chart(
        {"service": {"app": {"ports": {"http": {"port": 80, "targetPort": 4096}}}}}, hooks=True
    )
    assert rendered.at("Pod/spec/containers/door/env") == [
        {"name": "DOOR_URL", "value": "http://opencode-flux:80"}
    ]


def test_it_uses_an_image_that_the_workspace_pulls_anyway(render_chart: Renderer) -> None:
    image = {"image": {"repository": "registry.example.com/git", "tag": "1.2"}}
    values = {"controllers": {"workspace": {"initContainers": {"init-workspace": image}}}}
    assert (
        render_chart(values, hooks=True).at("Pod/spec/containers/door/image")
        == "registry.example.com/git:1.2"
    )


def test_it_runs_where_the_workspace_may_run(render_chart: Renderer) -> None:
    options = {
        "nodeSelector": {"kubernetes.io/arch": "arm64"},
        "tolerations": [{"operator": "Exists"}],
        "hostAliases": [{"ip": "192.0.2.1", "hostnames": ["a"]}],
        "priorityClassName": "high",
    }
    spec = render_chart({"defaultPodOptions": options}, hooks=True).one("Pod")["spec"]
    assert {key: spec.get(key) for key in options} == options | {"priorityClassName": None}


def test_it_has_the_user_of_the_workspace(render_chart: Renderer) -> None:
    rendered = render_chart(
        {"controllers": {"workspace": {"pod": {"securityContext": {"runAsUser": 1234}}}}},
        hooks=True,
    )
    assert (
        rendered.at("Pod/spec/securityContext")
        == {"runAsUser": 1234}
        == rendered.pod["securityContext"]
    )


def test_no_service_sends_requests_to_it(render_chart: Renderer) -> None:
    rendered = render_chart(hooks=True)
    selector, labels = rendered.at("Service/spec/selector"), rendered.at("Pod/metadata/labels")
    assert not selector.items() <= labels.items()


def test_the_network_policy_lets_it_in(render_chart: Renderer) -> None:
    rendered = render_chart({"networkpolicies": {"app": {"enabled": True}}}, hooks=True)
    (rule,) = rendered.at("NetworkPolicy/spec/ingress")
    labels = rendered.at("Pod/metadata/labels")
    assert any(
        peer["podSelector"]["matchLabels"].items() <= labels.items()
        for peer in rule["from"]
        if "podSelector" in peer
    )


def test_without_a_service_there_is_no_door(render_chart: Renderer) -> None:
    assert render_chart({"service": {"app": {"enabled": False}}}, hooks=True).all("Pod") == []
