"""Kustomizations that make the same objects from the same files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opencode_workspace.rules.deployment import Fact
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.tree import Tree

PATH = "path"


@check("shared-path", "facts")
def shared_path(tree: Tree) -> Iterator[Finding]:
    """Two Kustomizations that build one directory into one release."""
    by_owner = {entry.identity: entry for entry in tree.deploying}
    for fact in tree.facts:
        if fact.kind != PATH:
            continue
        first, second = by_owner[fact.value], by_owner[fact.owner]
        message = f"Kustomizations {first.name} and {second.name} both build this path"
        if first.name == second.name:
            where = first.source.path
            message = f"the Kustomization of {where.parent.name}/{where.name} builds this path too"
        yield second.finding(message, ("spec", "path"))


def told_once(facts: Sequence[Fact]) -> list[Fact]:
    """Facts without those that come of building a directory twice, and one fact that says so instead.

    A directory may well be built twice, with other variables: into other releases.
    """
    releases: dict[tuple[object, ...], Fact] = {}
    twice: dict[str, Fact] = {}
    for fact in sorted(facts, key=lambda fact: fact.owner):
        if fact.kind == "release":
            first = releases.setdefault((fact.value, fact.place), fact)
            if first.owner != fact.owner:
                twice[fact.owner] = first
    if not twice:
        return list(facts)
    seen = {_identity(fact) for fact in facts if fact.owner not in twice}
    kept = [
        fact
        for fact in facts
        if fact.owner not in twice or fact.kind == "Kustomization" or _identity(fact) not in seen
    ]
    return kept + [Fact(PATH, first.owner, owner, first.place) for owner, first in twice.items()]


def _identity(fact: Fact) -> tuple[object, ...]:
    return fact.kind, fact.value, fact.place
