"""Does the library that the API server decides with agree with our own check, and admit our pods?"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import yamlio
from opencode_workspace.rules import podsecurity
from tests.security import tools
from tests.support.pods import pods
from tests.support.rendering import Renderer

HERE = Path(__file__).parent
GOLDEN = sorted((HERE.parent / "golden/cases").glob("*.yaml"))
CHANGES: list[dict[str, Any]] = yamlio.load_one(HERE / "pods.yaml")

# What a person may ask for, and the level refuses: an init container that is root, a Docker daemon.
ASK_FOR_MORE = {"architecture", "sidecar"}

POD: dict[str, Any] = {
    "metadata": {"name": "a"},
    "spec": {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": "app",
                "image": "a:1",
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                },
            }
        ],
    },
}


def changed(change: dict[str, Any]) -> dict[str, Any]:
    pod = copy.deepcopy(POD)
    for one in (change, change.get("and", {})):
        if "at" in one:
            place(pod, one["at"].split("/")[1:], one["set"])
    return pod


def place(node: Any, steps: list[str], value: Any) -> None:
    # An annotation's key may hold a slash: places end before it.
    for step in steps[:-1]:
        node = node[int(step)] if isinstance(node, list) else node[step]
    if value is None:
        del node[steps[-1]]
    else:
        node[steps[-1]] = value


def golden(render_chart: Renderer) -> dict[str, list[tuple[str, Any]]]:
    return {
        case.stem: list(pods(list(render_chart(yamlio.load_one(case), hooks=True))))
        for case in GOLDEN
    }


def test_both_judge_every_changed_pod_as_the_standard_says() -> None:
    verdicts = tools.pod_security([changed(change) for change in CHANGES])
    wrong = {}
    for change, library in zip(CHANGES, verdicts, strict=True):
        own = podsecurity.restricted(changed(change))
        admitted = change.get("admitted", False)
        if (not own, not library) != (admitted, admitted):
            wrong[f"a pod that {change['it']}"] = {"own check": own, "library": library}
    assert not wrong


def test_there_are_pods_of_both_kinds() -> None:
    refused = [change for change in CHANGES if not change.get("admitted")]
    assert len(refused) >= 25
    assert len(CHANGES) - len(refused) >= 8


def test_both_judge_every_golden_release_alike(render_chart: Renderer) -> None:
    named = [
        (case, name, pod) for case, found in golden(render_chart).items() for name, pod in found
    ]
    verdicts = tools.pod_security([pod for _, _, pod in named])
    differing = {
        f"{case}: {name}": (own, library)
        for (case, name, pod), library in zip(named, verdicts, strict=True)
        if bool(own := podsecurity.restricted(pod)) != bool(library)
    }
    assert not differing


def test_the_library_admits_every_pod_that_does_not_ask_for_more(render_chart: Renderer) -> None:
    refused = {
        case
        for case, found in golden(render_chart).items()
        if any(tools.pod_security([pod for _, pod in found]))
    }
    assert refused == ASK_FOR_MORE


def test_a_user_namespace_is_no_licence_for_us() -> None:
    """The library lets pods in a user namespace be root; the own check stays with the strict level."""
    pod = copy.deepcopy(POD)
    pod["spec"]["hostUsers"] = False
    pod["spec"]["securityContext"]["runAsUser"] = 0
    assert tools.pod_security([pod]) == [[]]
    assert podsecurity.restricted(pod) != []


def test_a_field_that_kubernetes_does_not_know_is_no_verdict() -> None:
    pod = copy.deepcopy(POD)
    pod["spec"]["securityContexts"] = {}
    with pytest.raises(ValueError, match="unknown field"):
        tools.pod_security([pod])
