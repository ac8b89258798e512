"""Is a custom object held against what its kind takes, no more and no less?"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import yamlio
from opencode_workspace.rules import fields
from opencode_workspace.rules.schemas import place
from tests.support import kubernetes

HERE = Path(__file__).parent
GOOD = {d["kind"]: d for d in yamlio.load(HERE.parent / "harness/custom-objects.yaml")}
CHANGES = [
    pytest.param(kind, change, id=f"{kind}: {change['says']}")
    for kind, changes in yamlio.load_one(HERE / "fields.yaml").items()
    for change in changes
]


def told(document: dict[str, Any]) -> list[str]:
    return [f"{place(mistake.pointer)}: {mistake.message}" for mistake in fields.mistakes(document)]


def changed(kind: str, at: str, value: Any) -> dict[str, Any]:
    document: dict[str, Any] = copy.deepcopy(GOOD[kind])
    node: Any = document
    *way, last = at.split("/")[1:]
    for step in way:
        node = node[int(step)] if isinstance(node, list) else node[step]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return document


@pytest.mark.parametrize("kind", GOOD)
def test_nothing_is_wrong_with_a_good_object(kind: str) -> None:
    assert told(GOOD[kind]) == []


@pytest.mark.parametrize(("kind", "change"), CHANGES)
def test_one_mistake_is_told_at_its_place(kind: str, change: dict[str, Any]) -> None:
    assert told(changed(kind, change["at"], change["set"])) == [change["says"]]


def test_every_kind_that_this_project_writes_is_described() -> None:
    undescribed = {k for k in kubernetes.profiles() if not fields.known_fields(*k)}
    assert not undescribed


@pytest.mark.parametrize("kind", GOOD)
def test_the_profiles_of_the_tests_know_no_field_that_the_check_does_not(kind: str) -> None:
    """They are narrower: the fields that this project writes."""
    version = GOOD[kind]["apiVersion"]
    profile = kubernetes.profiles()[version, kind]
    sample = _all(profile, profile)
    assert [m for m in fields.mistakes(sample, version, kind) if m.known] == []
    sample["spec"]["more"] = None
    assert [m.pointer for m in fields.mistakes(sample, version, kind) if m.known] == [
        ("spec", "more")
    ]


def _all(root: dict[str, Any], schema: dict[str, Any]) -> Any:
    """A value with every field of a profile; the values themselves mean nothing."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    if "properties" in schema:
        return {key: _all(root, inner) for key, inner in schema["properties"].items()}
    return [_all(root, schema["items"])] if "items" in schema else None


def test_a_kind_that_is_not_described_is_left_alone() -> None:
    unknown = {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "spec": 1}
    assert told(unknown) == []


def test_a_variable_may_become_anything() -> None:
    assert told(changed("Kustomization", "/spec/prune", "${PRUNE}")) == []


def test_what_is_null_is_not_written() -> None:
    document = copy.deepcopy(GOOD["Kustomization"])
    document["spec"] |= {"wait": None, "interval": None}
    document["metadata"]["creationTimestamp"] = None
    assert told(document) == ["spec: interval is missing"]


def test_a_helm_repository_needs_no_interval() -> None:
    repository = {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "HelmRepository",
        "metadata": {"name": "a"},
        "spec": {"type": "oci", "url": "oci://ghcr.io/owner/charts"},
    }
    assert told(repository) == []
    repository["spec"] = {"type": "git"}
    assert told(repository) == [
        "spec.type: 'git' is not one of default, oci",
        "spec: url is missing",
    ]
