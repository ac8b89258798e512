"""Objects that are made twice: by a Kustomization and its release, or by the Kustomizations of two workspaces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from opencode_workspace.rules.building import undefined
from opencode_workspace.rules.deployment import Applied, Deployment, Fact, Release
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.known import stand_in
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.rendered import ROUTES
from opencode_workspace.rules.source import Document, Entry, mapping
from opencode_workspace.rules.tree import Tree
from opencode_workspace.violation import Steps

OBJECT = "object"
# More names than these say no more.
_MOST_NAMES = 4
_NAME = ("metadata", "name")
_GROUP = "kustomize.toolkit.fluxcd.io"
# What makes kustomize-controller leave an object to others, or add to it.
_LEFT_ALONE = ((f"{_GROUP}/ssa", "merge ignore ifnotpresent"), (f"{_GROUP}/reconcile", "disabled"))
# Where in the values a release is asked for an object.
_BLOCKS = {
    "ConfigMap": "configMaps",
    "NetworkPolicy": "networkpolicies",
    "PersistentVolumeClaim": "persistence",
    "Secret": "secrets",
    "Service": "service",
    "ServiceAccount": "serviceAccount",
}
_OF_A_CLAIM = ("size", "retain", "accessMode", "storageClass")


def key(document: Document, namespace: str) -> str:
    """What is the same of two descriptions of one object. namespace: where it goes if it names none."""
    metadata = mapping(document.get("metadata"))
    group = str(document.get("apiVersion")).rpartition("/")[0]
    where = metadata.get("namespace") or namespace
    return f"{where}/{metadata.get('name')}|{group}/{document.get('kind')}"


def facts(deployment: Deployment, owner: str) -> Iterator[Fact]:
    """Every object that a workspace's Kustomization applies; its line is looked up when it is told."""
    # Without any namespace nobody knows where they go.
    is_placed = any(one.namespace for one in deployment.applied)
    for one in deployment.applied if is_placed else ():
        name = one.name
        if "${" in name or _is_left_alone(one):
            continue
        if _is_guess(deployment, one):
            continue
        place = one.entry.identity.rpartition("#")[2]
        told = Finding(f"{one.kind} {name}", one.entry.source.path, pointer=place)
        yield Fact(OBJECT, key(one.document, ""), owner, told)


@check("doubled-object", "deployment")
def doubled_object(deployment: Deployment) -> Iterator[Finding]:
    """Objects that the release makes as well as its Kustomization."""
    applied = {
        key(one.document, ""): one
        for one in deployment.applied
        # Any route beside the release's is told by another rule.
        if one.kind not in ROUTES and not _is_left_alone(one)
    }
    for release in deployment.releases:
        for manifest in release.manifests:
            one = applied.get(key(manifest, release.namespace))
            if one is not None:
                yield _doubled(deployment, release, one)


def _doubled(deployment: Deployment, release: Release, one: Applied) -> Finding:
    spec = release.applied.spec
    may_differ = (
        deployment.may_be_patched
        or bool(spec.get("postRenderers") or spec.get("valuesFrom"))
        or _is_guess(deployment, one)
    )
    severity = "warning" if may_differ else ""
    path = one.entry.source.path
    if deployment.directory is not None and path.is_relative_to(deployment.directory):
        message = f"HelmRelease {release.applied.name} makes {one.kind} {one.name} as well"
        return one.finding(message, _NAME, mark=one.name, severity=severity)
    # A template serves other workspaces too.
    message = f"the release makes {one.kind} {one.name}, which {path.parent.name}/{path.name} makes"
    return release.applied.finding(message, _asked(release, one.kind), severity=severity)


def _asked(release: Release, kind: str) -> Steps:
    block = _BLOCKS.get(kind, "")
    for name, item in mapping(release.values.get(block)).items():
        for field in _OF_A_CLAIM if kind == "PersistentVolumeClaim" else ():
            if field in mapping(item):
                return ("spec", "values", block, name, field)
    return ("spec", "values", block)


def _is_guess(deployment: Deployment, applied: Applied) -> bool:
    """Whether its name needs a variable whose value is not known; a default is taken for what it is."""
    text = applied.entry.name
    return "${" in text and any(
        deployment.variables.get(name, stand_in(name)) == stand_in(name) for name in _needed(text)
    )


@lru_cache(maxsize=512)
def _needed(text: str) -> tuple[str, ...]:
    # Templates have the same texts in every workspace.
    return tuple(undefined(text))


def _is_left_alone(applied: Applied) -> bool:
    metadata = mapping(applied.document.get("metadata"))
    marks = {**mapping(metadata.get("labels")), **mapping(metadata.get("annotations"))}
    return any(
        name in marks and str(marks[name]).lower() in values.split() for name, values in _LEFT_ALONE
    )


@check("shared-object", "facts")
def shared_object(tree: Tree) -> Iterator[Finding]:
    """Objects that the Kustomizations of two workspaces apply."""
    found: dict[str, list[Fact]] = defaultdict(list)
    for fact in tree.facts:
        if fact.kind == OBJECT:
            found[fact.value].append(fact)
    several = [facts for facts in found.values() if len({fact.owner for fact in facts}) > 1]
    told = _told(tree) if several else set()
    copied: dict[tuple[str, str], list[str]] = defaultdict(list)
    for facts in several:
        rest = [fact for fact in facts if told.isdisjoint(_marks(fact))]
        rest.sort(key=lambda fact: fact.owner)
        if len({fact.owner for fact in rest}) < 2:
            continue
        if _is_named_by_variable(tree, rest):
            for fact in rest[1:]:
                copied[fact.owner, rest[0].owner].append(fact.place.message)
        else:
            yield from _shared(tree, rest)
    yield from _copied(tree, copied)


def _is_named_by_variable(tree: Tree, facts: Sequence[Fact]) -> bool:
    """Whether they are of one template that was to make an object for each."""
    return len({fact.place for fact in facts}) == 1 and "${" in _entry(tree, facts[0]).name


def _copied(tree: Tree, copied: Mapping[tuple[str, str], list[str]]) -> Iterator[Finding]:
    entries = {entry.identity: entry for entry in tree.deploying}
    for (owner, first), objects in copied.items():
        other = entries[first].name
        message = f"these variables make {_some(objects)}, which Kustomization {other} applies too"
        yield entries[owner].finding(message, ("spec", "postBuild", "substitute"))


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def _shared(tree: Tree, facts: Sequence[Fact]) -> Iterator[Finding]:
    names = {entry.identity: entry.name for entry in tree.deploying}
    first = facts[0]
    is_namespace = first.place.message.startswith("Namespace ")
    by_place = {fact.place: fact for fact in reversed(facts)}
    others = [fact for fact in by_place.values() if fact.place != first.place]
    for fact in sorted(others, key=lambda fact: fact.owner):
        message = f"{fact.place.message} is also applied by Kustomization {names[first.owner]}"
        yield _finding(tree, fact, message, "warning" if is_namespace else "")
    if not others:
        # Both mean the same: they take its labels from each other until one of them is removed.
        owners = _some([names[fact.owner] for fact in facts])
        message = f"{first.place.message} is applied by several Kustomizations: {owners}"
        yield _finding(tree, first, message, "warning")


def _told(tree: Tree) -> set[tuple[str, object]]:
    """Marks of what a rule about names, claims or Secrets tells already."""
    first: dict[tuple[str, str], str] = {}
    found: set[tuple[str, object]] = set()
    for fact in sorted(tree.facts, key=lambda fact: fact.owner):
        if fact.kind not in ("release", "claim", "Secret"):
            continue
        if first.setdefault((fact.kind, fact.value), fact.owner) != fact.owner:
            found.add((fact.owner, fact.place.path if fact.kind == "Secret" else fact.value))
    return found


def _marks(fact: Fact) -> set[tuple[str, object]]:
    """What _told would know an object by: that of a Secret is its file, for it may bear another name."""
    place, _, kind = fact.value.rpartition("|")
    is_secret = kind.rpartition("/")[2] in ("Secret", "ExternalSecret")
    return {(fact.owner, fact.place.path if is_secret else place)}


def _finding(tree: Tree, fact: Fact, message: str, severity: str) -> Finding:
    name = fact.place.message.partition(" ")[2]
    return _entry(tree, fact).finding(message, _NAME, mark=name, severity=severity)


def _entry(tree: Tree, fact: Fact) -> Entry:
    """The object as it is written."""
    steps = tuple(int(s) if s.isdigit() else s for s in fact.place.pointer.split("/"))
    return Entry(tree.folder.source(fact.place.path), steps)
