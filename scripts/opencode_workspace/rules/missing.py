"""Workspaces that are no longer there, or no longer recognised as such."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

from opencode_workspace.errors import UserError
from opencode_workspace.naming import PREFIX
from opencode_workspace.rules.building import is_release
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.kinds import problems
from opencode_workspace.rules.known import CHART, FLUX_GROUP, is_source
from opencode_workspace.rules.ours import listed, releases
from opencode_workspace.rules.paths import resolve
from opencode_workspace.rules.reach import reached
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.source import Entry, Source, items, mapping
from opencode_workspace.rules.tree import Tree

# `opencode-workspaces` is one slip away, and no other chart is.
_SLIP = 0.9


@check("missing-workspace", "facts")
def missing_workspace(tree: Tree) -> Iterator[Finding]:
    """Workspaces of the catalogue that nothing deploys, and Kustomizations whose release is gone."""
    deployed = {entry.name for entry in tree.deploying}
    deployed |= {fact.value.rpartition("/")[2] for fact in tree.facts if fact.kind == "release"}
    told = set()
    for one in listed(tree):
        if one.app in deployed or tree.catalogue is None:
            continue
        told.add(one.app)
        found = [s for s in tree.manifests if s.path.is_relative_to(one.folder)]
        if not found and isinstance(tree.planned, UserError):
            # It cannot be generated yet, for a reason that is told.
            continue
        if not tree.folder.is_closed(one.folder) and not _is_told(tree, found):
            reason = _reason(tree, one.folder, found)
            yield Finding(f"nothing deploys {one.app}: {reason}", tree.catalogue.path, one.line)
    ours = {*tree.deploying, *tree.parents}
    for entry in tree.kustomizations:
        if entry not in ours and entry.name not in told:
            yield from _lost(tree, entry)


def _is_told(tree: Tree, sources: list[Source]) -> bool:
    """Whether another rule tells what is wrong with one of these files."""
    return any(
        (source.unreadable and (source.is_manifest or source.path.parent in tree.homes))
        or (source.path.parent in tree.homes and any(not f.severity for f in problems(source)))
        for source in sources
    )


def _reason(tree: Tree, folder: Path, found: list[Source]) -> str:
    """Why a workspace's folder, with these files, gives no workspace."""
    home = folder.relative_to(tree.folder.root)
    if not found:
        return f"there are no files in {home}; run `opencode-workspace generate`"
    entries = [entry for source in found for entry in source.entries]
    if not any(e.kind == "Kustomization" and e.group == FLUX_GROUP for e in entries):
        return f"no file in {home} holds a Flux Kustomization"
    return _without_release(entries, tree) or f"no Kustomization leads to its release in {home}"


def _without_release(entries: list[Entry], tree: Tree) -> str:
    """Why there is no release of the chart among `entries`; empty when there is one."""
    found = [entry for entry in entries if entry.kind == "HelmRelease"]
    if not found:
        return "there is no HelmRelease"
    if any(is_release(entry.document, tree.known) for entry in found):
        return ""
    for entry in found:
        if _names_no_chart(entry):
            return f"HelmRelease {entry.name} names no chart"
    urls = [str(e.spec.get("url")) for e in entries if e.kind == "OCIRepository"]
    if urls:
        return f"{urls[0]} is not the chart {CHART}"
    return f"no HelmRelease there installs the chart {CHART}"


def _lost(tree: Tree, entry: Entry) -> Iterator[Finding]:
    """A Kustomization that is a workspace's by what lies in its directory, all but for the release."""
    resolved = resolve(entry, tree.provided)
    if resolved is None or tree.folder.is_closed(resolved[1]):
        return
    found = reached(resolved[1], tree.folder)
    entries = [e for source in found for e in source.entries]
    if _is_told(tree, found) or not _was_ours(tree, entry, found, entries):
        return
    waits = {
        str(t.get("name"))
        for t in items(entry.spec.get("healthChecks"))
        if t.get("kind") == "HelmRelease"
    }
    made = {e.name for e in entries if e.kind == "HelmRelease"}
    broken = next((source.path.name for source in found if source.unreadable), "")
    reason = f"{broken} cannot be read" if broken else _without_release(entries, tree)
    # It may well be meant; but not if it waits for a release, nor one that the API server refuses.
    severity = "" if waits - made or any(_names_no_chart(e) for e in entries) else "warning"
    yield entry.finding(
        f"Kustomization {entry.name} deploys no workspace: {reason}",
        ("metadata", "name"),
        severity=severity,
    )


def _was_ours(tree: Tree, entry: Entry, found: list[Source], entries: list[Entry]) -> bool:
    made = [e for e in entries if e.kind == "HelmRelease"]
    if not all(_names_no_chart(e) for e in made):
        # Another chart, unless its name has a slip in it.
        return any(_is_slip(e) for e in entries) and any(_has_our_values(e) for e in made)
    used = {str(mapping(r.spec.get("chartRef")).get("name")) for r in releases(tree)}
    if any(is_source(e.document) and e.name not in used for e in entries):
        return True
    blank = any(not source.documents for source in found)
    return entry.name.startswith(PREFIX) and (blank or bool(made))


def _names_no_chart(entry: Entry) -> bool:
    named = entry.spec.get("chart") or entry.spec.get("chartRef")
    return entry.kind == "HelmRelease" and not named


def _is_slip(entry: Entry) -> bool:
    if entry.kind != "OCIRepository":
        return False
    name = str(entry.spec.get("url")).rstrip("/").rpartition("/")[2]
    return difflib.SequenceMatcher(None, name, CHART).ratio() >= _SLIP


def _has_our_values(entry: Entry) -> bool:
    values = mapping(entry.spec.get("values"))
    return "workspace" in values or "workspace" in mapping(values.get("controllers"))
