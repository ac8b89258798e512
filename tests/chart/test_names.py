"""What are the objects called, and which are there?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from opencode_workspace.errors import UserError
from tests.support import references
from tests.support.rendering import Renderer

# The longest name that Helm takes.
LONGEST = "a" + "b" * 51 + "c"
SELECTORS = (
    "Deployment/spec/selector/matchLabels",
    "Deployment/spec/template/metadata/labels",
    "Service/spec/selector",
    "NetworkPolicy/spec/podSelector/matchLabels",
)
ROUTED = {"route": {"app": {"enabled": True, "parentRefs": [{"name": "gw"}], "hostnames": ["a.b"]}}}


def test_a_release_is_exactly_these_objects(render_chart: Renderer) -> None:
    assert render_chart().inventory() == {
        ("ConfigMap", "opencode-flux-scripts"),
        ("Deployment", "opencode-flux"),
        ("PersistentVolumeClaim", "opencode-flux"),
        ("Service", "opencode-flux"),
        ("ServiceAccount", "opencode-flux"),
    }


def test_a_route_and_a_network_policy_bear_the_release_name(render_chart: Renderer) -> None:
    rendered = render_chart({**ROUTED, "networkpolicies": {"app": {"enabled": True}}})
    assert {
        ("HTTPRoute", "opencode-flux"),
        ("NetworkPolicy", "opencode-flux"),
    } <= rendered.inventory()


def test_the_door_test_is_a_hook_and_no_part_of_the_release(render_chart: Renderer) -> None:
    hook = {("Pod", "opencode-flux-door-test")}
    assert render_chart(hooks=True).inventory() - render_chart().inventory() == hook


def test_every_object_says_its_namespace(render_chart: Renderer) -> None:
    rendered = render_chart(ROUTED, namespace="elsewhere", hooks=True)
    assert {d["metadata"]["namespace"] for d in rendered} == {"elsewhere"}


def test_two_releases_in_one_namespace_share_no_object(render_chart: Renderer) -> None:
    flux, ha = (
        render_chart(ROUTED, name=name, hooks=True) for name in ("opencode-flux", "opencode-ha")
    )
    assert not flux.inventory() & ha.inventory()


def test_a_release_name_leaves_no_trace_of_another(render_chart: Renderer) -> None:
    text = str(list(render_chart(ROUTED, name="other", hooks=True)))
    assert "opencode-flux" not in text


@pytest.mark.parametrize("name", ["1e3", "on", "0o17"])
def test_a_release_name_that_yaml_would_change_keeps_its_letters(
    name: str, render_chart: Renderer
) -> None:
    values = {**ROUTED, "networkpolicies": {"app": {"enabled": True}}}
    rendered = render_chart(values, name=name, namespace=name, hooks=True)
    names = {document["metadata"]["name"] for document in rendered}
    assert names == {name, f"{name}-scripts", f"{name}-door-test"}
    assert {document["metadata"]["namespace"] for document in rendered} == {name}
    assert references.mistakes(rendered) == []
    assert rendered.pod["serviceAccountName"] == name
    assert set(label_values(list(rendered))) >= {name}
    selectors = [rendered.at(place) for place in SELECTORS]
    own = {f"app.kubernetes.io/{key}": name for key in ("instance", "name")}
    assert selectors == [{"app.kubernetes.io/controller": "workspace", **own}] * len(SELECTORS)


def test_the_longest_release_name_gives_names_that_kubernetes_takes(render_chart: Renderer) -> None:
    rendered = render_chart(ROUTED, name=LONGEST, hooks=True)
    label = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
    for document in rendered:
        assert label.fullmatch(document["metadata"]["name"]), document["metadata"]["name"]
    long = [value for value in label_values(list(rendered)) if len(value) > 63]
    assert not long, f"labels are at most 63 characters long: {long}"


def test_a_longer_release_name_is_refused(render_chart: Renderer) -> None:
    with pytest.raises(UserError):
        render_chart(name=f"{LONGEST}d")


def label_values(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("labels", "matchLabels"):
                yield from value.values()
            else:
                yield from label_values(value)
    elif isinstance(node, list):
        for item in node:
            yield from label_values(item)
