"""Does the release's name change what the API server would say?"""

from __future__ import annotations

from typing import Any

import pytest

from opencode_workspace.rules.schemas import violations

# Each is part of a key, an API version or a kind.
NAMES = ["app", "deployment", "a", "n", "00", "s", "name", "type"]


def deployment(name: str, **spec: Any) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": name}
    pod = {"containers": [{"name": "app", "image": "a:1", "args": [f"\n\x1b{name} é"]}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
            **spec,
        },
    }


def service(name: str) -> dict[str, Any]:
    port = {"name": "http", "port": 4096, "appProtocol": "kubernetes.io/ws"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"type": "ClusterIP", "ports": [port]},
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_good_object_is_good_whatever_the_release_is_called(name: str) -> None:
    assert violations(deployment(name), name) == []
    assert violations(service(name), name) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_bad_object_is_found_whatever_the_release_is_called(name: str) -> None:
    (found,) = violations(deployment(name, replica=1), name)
    assert found.pointer == ("spec",)
    assert "'replica' was unexpected" in found.message


def test_a_message_holds_the_names_that_are_in_the_object() -> None:
    for name in ("opencode-flux", "opencode-ha"):
        (found,) = violations(deployment(name, replicas=name), name)
        assert repr(name) in found.message
