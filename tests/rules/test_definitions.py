"""Does the check know custom kinds as their definitions do? Documents are made of each definition, and damaged."""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest

from opencode_workspace.rules.fields import mistakes
from tests.support.definitions import definitions

# Definitions are downloaded.
pytestmark = pytest.mark.slow

Schema = dict[str, Any]
Steps = tuple[str | int, ...]

KINDS = {
    "Kustomization": "kustomize.toolkit.fluxcd.io/v1",
    "HelmRelease": "helm.toolkit.fluxcd.io/v2",
    "OCIRepository": "source.toolkit.fluxcd.io/v1",
    "GitRepository": "source.toolkit.fluxcd.io/v1",
    "HelmRepository": "source.toolkit.fluxcd.io/v1",
    "ExternalSecret": "external-secrets.io/v1",
    "ReplicationSource": "volsync.backube/v1alpha1",
    "ReplicationDestination": "volsync.backube/v1alpha1",
    "HTTPRoute": "gateway.networking.k8s.io/v1",
}
# Of which an object has one: the other stays.
LEFT_OUT = {
    "HelmRelease": {"chart"},
    "ReplicationSource": {"external", "rclone", "rsync", "rsyncTLS", "syncthing"},
    "ReplicationDestination": {"external", "rclone", "rsync", "rsyncTLS"},
    "": {"configMapRef"},
}
# Described no further than as a mapping or a list: large, or different from version to version.
OPEN = {
    "appArmorProfile",
    "cors",
    "data.sourceRef",
    "dataFrom",
    "extensionRef",
    "moverAffinity",
    "moverResources",
    "moverVolumes",
    "requestHeaderModifier",
    "requestMirror",
    "requestRedirect",
    "responseHeaderModifier",
    "seLinuxOptions",
    "template.metadata",
    "templateFrom",
    "urlRewrite",
    "windowsOptions",
}
SAMPLES = ("1m", "oci://a", "https://a", "a", "@daily")
WRONG = {"string": 12345, "boolean": "yes", "integer": "x", "object": "x", "array": "x"}


def spec_of(kind: str) -> Schema:
    schema: Schema = definitions()[KINDS[kind], kind]["properties"]["spec"]
    return schema


def whole(kind: str) -> dict[str, Any]:
    """A good object with every field that its definition has."""
    left_out = LEFT_OUT[""] | LEFT_OUT.get(kind, set())
    spec = sample(spec_of(kind), left_out)
    return {"apiVersion": KINDS[kind], "kind": kind, "metadata": {"name": "a"}, "spec": spec}


def sample(schema: Schema, left_out: set[str]) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    if "properties" in schema:
        return {
            k: sample(s, left_out) for k, s in schema["properties"].items() if k not in left_out
        }
    if isinstance(schema.get("additionalProperties"), dict):
        return {"a": sample(schema["additionalProperties"], left_out)}
    if schema.get("type") == "array":
        return [sample(schema["items"], left_out)]
    if schema.get("type") == "string":
        return next(text for text in SAMPLES if re.search(schema.get("pattern", ""), text))
    simple: dict[str, Any] = {"boolean": True, "integer": 1}
    return simple.get(schema.get("type", ""), 1 if "anyOf" in schema else {})


def damages(schema: Schema, value: Any, way: Steps) -> Iterator[tuple[Steps, Any]]:
    """Places, each with a value that the definition refuses there; None: without that field."""
    if schema.get("type") in WRONG:
        yield way, WRONG[schema["type"]]
    if "enum" in schema:
        yield way, "nonsense"
    if "properties" in schema:
        yield (*way, "more"), 1
        yield from (((*way, name), None) for name in schema.get("required", ()))
        for name, item in value.items():
            yield from damages(schema["properties"][name], item, (*way, name))
    elif isinstance(schema.get("additionalProperties"), dict):
        yield from damages(schema["additionalProperties"], value["a"], (*way, "a"))
    elif "items" in schema:
        yield from damages(schema["items"], value[0], (*way, 0))


def damaged(document: dict[str, Any], way: Steps, value: Any) -> dict[str, Any]:
    found = copy.deepcopy(document)
    node: Any = found
    for step in way[:-1]:
        node = node[step]
    if value is None:
        del node[way[-1]]
    else:
        node[way[-1]] = value
    return found


def is_open(way: Steps) -> bool:
    """Whether a place lies below one that is not described further."""
    names = [str(step) for step in way if isinstance(step, str)]
    above = [*names[:-1], *(".".join(pair) for pair in itertools.pairwise(names[:-1]))]
    return not OPEN.isdisjoint(above)


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_that_a_definition_has_is_taken(kind: str) -> None:
    assert list(mistakes(whole(kind))) == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_definition_refuses_is_told(kind: str) -> None:
    document = whole(kind)
    tried = [
        (way, value)
        for way, value in damages(spec_of(kind), document["spec"], ("spec",))
        if not is_open(way)
    ]
    assert len(tried) > 20
    missed = [
        f"{'/'.join(map(str, way))}: {value!r}"
        for way, value in tried
        if not list(mistakes(damaged(document, way, value)))
    ]
    assert not missed


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_wanted_that_a_definition_does_not_want(kind: str) -> None:
    """Each object with what is required alone, at every depth."""
    document = whole(kind)
    bare = {**document, "spec": _bare(spec_of(kind), document["spec"])}
    # VolSync itself wants one of its programs.
    allowed = {"ReplicationSource": 1, "ReplicationDestination": 1, "HelmRelease": 1}
    assert len(list(mistakes(bare))) == allowed.get(kind, 0)


def _bare(schema: Schema, value: Any) -> Any:
    if "properties" in schema:
        required = schema.get("required", ())
        return {k: _bare(schema["properties"][k], value[k]) for k in required}
    return value
