"""The namespaces that workspaces live in."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.source import mapping
from opencode_workspace.rules.tree import Tree

_PRUNE = "kustomize.toolkit.fluxcd.io/prune"
_ENFORCE = "pod-security.kubernetes.io/enforce"


@check("open-namespace", "facts")
def open_namespace(tree: Tree) -> Iterator[Finding]:
    """Namespaces of workspaces without Pod Security level or prune lock."""
    wanted = {fact.place.message for fact in tree.facts if fact.kind == "namespace"}
    for entry in tree.entries:
        if entry.kind != "Namespace" or entry.name not in wanted:
            continue
        labels = mapping(entry.metadata.get("labels"))
        annotations = mapping(entry.metadata.get("annotations"))
        if labels.get(_ENFORCE) != "restricted":
            message = f"the namespace {entry.name} does not enforce restricted pods"
            yield entry.finding(message, ("metadata", "labels", _ENFORCE))
        if str({**annotations, **labels}.get(_PRUNE, "")).lower() != "disabled":
            message = f"the namespace {entry.name} has no {_PRUNE}: disabled"
            yield entry.finding(message, ("metadata", "labels", _PRUNE))
