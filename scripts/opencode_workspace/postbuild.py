"""`spec.postBuild` of a Flux Kustomization: where its variables come from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple


class VariableSource(NamedTuple):
    """A ConfigMap or Secret that variables come from."""

    kind: str
    name: str


def sources(post_build: Mapping[str, Any]) -> dict[VariableSource, bool]:
    """What substituteFrom names, and whether it may be missing (`optional`)."""
    listed = post_build.get("substituteFrom")
    entries = (
        [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    )
    return {
        VariableSource(str(one.get("kind")), str(one.get("name"))): bool(one.get("optional"))
        for one in entries
    }


def has_cluster_variables(
    named: Collection[VariableSource], of_the_cluster: Collection[VariableSource]
) -> bool:
    """Whether a Kustomization that names these sources has the variables of the catalogue.

    of_the_cluster: the catalogue's cluster.substituteFrom. Where it lists none, a parent Kustomization
    patches them into its children, or the catalogue has no variables.
    """
    return not of_the_cluster or any(source in of_the_cluster for source in named)


def is_always(post_build: Mapping[str, Any]) -> bool:
    """Whether Flux substitutes although no variable is there (substituteStrategy, Flux 2.9)."""
    return post_build.get("substituteStrategy") == "Always"
