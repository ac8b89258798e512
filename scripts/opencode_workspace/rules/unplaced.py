"""Kustomizations and releases that get no namespace on their way to the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from opencode_workspace.rules.deployment import Deployment
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.paths import resolve
from opencode_workspace.rules.reach import children
from opencode_workspace.rules.registry import also, check
from opencode_workspace.rules.source import Source, mapping
from opencode_workspace.rules.tree import Tree

# Fields of a kustomization that give nothing a namespace; any other may.
_HARMLESS = frozenset(
    (
        *("apiVersion", "kind", "metadata", "resources", "labels", "commonLabels"),
        *("commonAnnotations", "configMapGenerator", "secretGenerator", "generatorOptions"),
    )
)
_CHANGING = ("targetNamespace", "patches", "components")


@check("missing-namespace", "tree")
def missing_namespace(tree: Tree) -> Iterator[Finding]:
    """Workspaces' Kustomizations without a namespace, where every parent leaves them so."""
    lacking = [entry for entry in tree.deploying if not entry.namespace]
    if not lacking or tree.known.is_patched or not tree.parents:
        return
    bare, others = _reached(tree)
    for entry in lacking:
        path = entry.source.path
        if path in bare and path not in others:
            message = f"Kustomization {entry.name} has no namespace, and nothing above gives it one"
            yield entry.finding(message, ("metadata", "name"))


@also("missing-namespace", "deployment")
def missing_target(deployment: Deployment) -> Iterator[Finding]:
    """Releases without a namespace; their other objects then lack it as well."""
    if deployment.problems or deployment.may_be_patched:
        return
    for release in deployment.releases:
        if not release.applied.namespace:
            # Without a catalogue a parent elsewhere may patch targetNamespace in.
            yield release.applied.finding(
                f"HelmRelease {release.applied.name} has no namespace, "
                f"and Kustomization {deployment.entry.name} no targetNamespace",
                ("metadata", "name"),
                severity=deployment.provided.unknown_severity,
            )


def _reached(tree: Tree) -> tuple[set[Path], set[Path]]:
    """Files that parents apply as they are, and files that they may change."""
    bare: set[Path] = set()
    others: set[Path] = set()
    for parent in tree.parents:
        found = resolve(parent, tree.provided)
        if found:
            is_bare = not any(parent.spec.get(field) for field in _CHANGING)
            _visit(found[1], tree, is_bare, (bare, others), set())
    return bare, others


def _visit(
    directory: Path,
    tree: Tree,
    is_bare: bool,
    files: tuple[set[Path], set[Path]],
    visited: set[tuple[Path, bool]],
) -> None:
    if (directory, is_bare) in visited:
        return
    visited.add((directory, is_bare))
    kustomizations: dict[Path, Source] = {}
    listed = list(children(directory, tree.folder, kustomizations))
    is_bare = is_bare and all(map(_is_harmless, kustomizations.values()))
    for path in listed:
        if path.is_dir():
            _visit(path, tree, is_bare, files, visited)
        else:
            files[0 if is_bare else 1].add(path)


def _is_harmless(kustomization: Source) -> bool:
    content = mapping(kustomization.documents[0]) if kustomization.documents else {}
    return bool(content) and all(name in _HARMLESS for name, value in content.items() if value)
