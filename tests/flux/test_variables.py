"""Does a workspace get the cluster's variables only from where Flux would take them?"""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import pytest

from opencode_workspace import flux
from opencode_workspace.catalogue import Catalogue
from opencode_workspace.errors import UserError


@pytest.fixture
def kustomization(cluster: flux.Cluster) -> dict[str, Any]:
    return copy.deepcopy(cluster.reconciliations[0].kustomization)


def hostnames(applied: tuple[flux.Document, ...]) -> list[str]:
    (release,) = (document for document in applied if document["kind"] == "HelmRelease")
    found: list[str] = release["spec"]["values"]["route"]["app"]["hostnames"]
    return found


def test_a_source_of_the_catalogue_brings_its_variables(
    shipped: Catalogue, kustomization: dict[str, Any]
) -> None:
    del kustomization["spec"]["postBuild"]["substituteFrom"][0]
    assert hostnames(flux.apply(shipped, kustomization)) == ["flux.opencode.example.com"]


@pytest.mark.parametrize("sources", [None, [], [{"kind": "ConfigMap", "name": "cluster-setings"}]])
def test_without_such_a_source_they_are_not_set(
    sources: object, shipped: Catalogue, kustomization: dict[str, Any]
) -> None:
    kustomization["spec"]["postBuild"]["substituteFrom"] = sources
    with pytest.raises(UserError, match="SECRET_DOMAIN"):
        flux.apply(shipped, kustomization)


def test_without_post_build_nothing_is_substituted(
    shipped: Catalogue, kustomization: dict[str, Any]
) -> None:
    del kustomization["spec"]["postBuild"]
    assert hostnames(flux.apply(shipped, kustomization)) == ["flux.opencode.${SECRET_DOMAIN}"]


def test_a_catalogue_without_sources_leaves_them_to_a_parent(
    shipped: Catalogue, kustomization: dict[str, Any]
) -> None:
    patched = dataclasses.replace(shipped, cluster={**shipped.cluster, "substituteFrom": []})
    del kustomization["spec"]["postBuild"]["substituteFrom"]
    assert hostnames(flux.apply(patched, kustomization)) == ["flux.opencode.example.com"]


def test_the_strategy_always_substitutes_without_variables(
    shipped: Catalogue, kustomization: dict[str, Any]
) -> None:
    kustomization["spec"]["postBuild"] = {"substituteStrategy": "Always"}
    with pytest.raises(UserError, match="variable not set"):
        flux.apply(shipped, kustomization)
