"""Which one is meant where there are many? Always the first by name: Helm's maps have no order."""

from __future__ import annotations

from typing import Any

from tests.support.rendering import Renderer

NAMES = ("k3", "b1", "z9", "c2", "x8", "d4", "y7", "e5")

# By chance the right one of eight comes first now and then, but not so often in a row.
TIMES = 4


def services() -> dict[str, Any]:
    many = {
        name: {"controller": "workspace", "ports": {"web": {"port": 8000 + number}}}
        for number, name in enumerate(NAMES)
    }
    return {"app": {"enabled": False}, **many}


def routes() -> dict[str, Any]:
    return {
        name: {
            "enabled": True,
            "parentRefs": [{"name": "gw"}],
            "hostnames": [f"first.{name}.example.com", f"last.{name}.example.com"],
            "rules": [{"backendRefs": [{"identifier": "app"}]}],
        }
        for name in NAMES
    }


def test_the_notes_tell_the_first_host_of_the_first_route(render_chart: Renderer) -> None:
    for _ in range(TIMES):
        assert "Open https://first.b1.example.com " in render_chart.notes({"route": routes()})


def test_the_notes_forward_a_port_of_the_first_service(render_chart: Renderer) -> None:
    for _ in range(TIMES):
        notes = render_chart.notes({"service": services()})
        assert "port-forward service/opencode-flux-b1 4096:8001" in notes


def test_the_door_test_knocks_at_the_first_service(render_chart: Renderer) -> None:
    rendered = render_chart({"service": services()}, hooks=True)
    assert rendered.at("Pod/spec/containers/door/env") == [
        {"name": "DOOR_URL", "value": "http://opencode-flux-b1:8001"}
    ]


def test_a_probe_without_a_port_asks_where_the_first_service_points(render_chart: Renderer) -> None:
    probe = {"enabled": True, "custom": False, "type": "TCP", "spec": None}
    app = {"probes": {"readiness": probe}}
    values = {
        "service": services(),
        "controllers": {"workspace": {"containers": {"app": app}}},
    }
    container = render_chart(values).container("app")
    assert container["readinessProbe"]["tcpSocket"] == {"port": 8001}


def test_a_number_of_a_service_that_is_first_by_name_is_its_port(render_chart: Renderer) -> None:
    ports = {name: {"port": 9000 + number} for number, name in enumerate(NAMES)}
    service = {"app": {"ports": {"http": {"enabled": False}, **ports}}}
    rendered = render_chart({"service": service}, hooks=True)
    assert rendered.at("Pod/spec/containers/door/env/DOOR_URL/value") == "http://opencode-flux:9001"
