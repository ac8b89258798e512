"""Flux Kustomizations, and HelmReleases, that wait for each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from opencode_workspace.rules.facts import DEPENDENCY, cluster
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.paths import resolve
from opencode_workspace.rules.reach import reached
from opencode_workspace.rules.registry import also, check
from opencode_workspace.rules.source import Entry, mapping, numbered, strings
from opencode_workspace.rules.tree import Tree


class _Node(NamedTuple):
    """What waits or is waited for. owner: tells two of one name apart."""

    cluster: str
    namespace: str
    name: str
    owner: str


class _Wait(NamedTuple):
    """What a node waits for by its `namespace` and `name`: mostly an entry of dependsOn.

    tell: makes the finding at its place. is_implied: whether a parent waits for all that it applies.
    """

    node: _Node
    namespace: str
    name: str
    tell: Callable[[str], Finding]
    is_implied: bool = False


class _Link(NamedTuple):
    """Something to wait for, and what it leads to."""

    wait: _Wait
    target: _Node

    @property
    def is_certain(self) -> bool:
        """Whether both namespaces are written, and not left to a kustomization."""
        return bool(self.wait.namespace and self.target.namespace)


_Graph = Mapping[_Node, Sequence[_Link]]


@also("dependency-cycle", "tree")
def cycle_of_kustomizations(tree: Tree) -> Iterator[Finding]:
    """Circles that hold up a workspace; members may be any Kustomizations of the folder."""
    nodes = [_node(entry) for entry in tree.kustomizations]
    both = zip(nodes, tree.kustomizations, strict=True)
    waits = [wait for node, entry in both for wait in _waits(node, entry)]
    for parent in tree.parents:
        waits += _waits_for_all(parent, tree)
    ours = {entry.identity for entry in (*tree.deploying, *tree.parents)}
    # A workspace's Kustomization that depends on itself is told as an unknown dependency.
    alone = {entry.identity for entry in tree.deploying}
    later = {(link.wait.node, link.target) for link in _made_later(tree)}
    for circle in _circles(_graph(nodes, waits), sorted(n for n in nodes if n.owner in ours)):
        is_told = any((link.wait.node, link.target) in later for link in circle)
        if not is_told and (len(circle) > 1 or circle[0].target.owner not in alone):
            yield _told("Kustomization", circle, ours, tree)


@also("dependency-cycle", "tree")
def wait_for_what_is_made_later(tree: Tree) -> Iterator[Finding]:
    """Kustomizations that depend on what they are to apply themselves."""
    for link in _made_later(tree):
        name = link.wait.node.name
        message = f"Kustomization {name} waits for {link.target.name}, which it makes itself"
        is_certain = link.is_certain and not _may_be_patched(tree)
        yield link.wait.tell(message)._replace(severity="" if is_certain else "warning")


def _made_later(tree: Tree) -> Iterator[_Link]:
    for parent in tree.parents:
        node = _node(parent)
        waits = list(_waits(node, parent))
        made = made_by(parent, tree) if waits else []
        for link in _graph(map(_node, made), waits).get(node, ()):
            others = (one for one in tree.parents if one is not parent)
            if not any(link.target == _node(e) for one in others for e in made_by(one, tree)):
                yield link


@check("dependency-cycle", "facts")
def cycle_of_releases(tree: Tree) -> Iterator[Finding]:
    """Circles of HelmReleases that hold up a workspace's."""
    waits = [_of_fact(fact.value, fact.place) for fact in tree.facts if fact.kind == DEPENDENCY]
    ours = {wait.node.owner for wait in waits}
    built = {fact.place.path for fact in tree.facts if fact.kind in (DEPENDENCY, "release")}
    others = [e for e in tree.entries if e.kind == "HelmRelease" and e.source.path not in built]
    nodes = list(dict.fromkeys([w.node for w in waits] + [_node(entry) for entry in others]))
    waits += [wait for entry in others for wait in _waits(_node(entry), entry)]
    for circle in _circles(_graph(nodes, waits), sorted(n for n in nodes if n.owner in ours)):
        if len(circle) > 1:
            yield _told("HelmRelease", circle, ours, tree)


def _node(entry: Entry) -> _Node:
    return _Node(cluster(entry.source.path), entry.namespace, entry.name, entry.identity)


def _waits(node: _Node, entry: Entry) -> Iterator[_Wait]:
    for index, one in numbered(entry.spec.get("dependsOn")):
        # With an expression Flux may be content with less than that it is ready.
        if not one.get("readyExpr"):
            yield _Wait(
                node,
                str(one.get("namespace") or entry.namespace),
                str(one.get("name")),
                partial(entry.finding, pointer=("spec", "dependsOn", index, "name")),
            )


def _waits_for_all(parent: Entry, tree: Tree) -> Iterator[_Wait]:
    """With `wait` a Kustomization is ready when all that it applies is."""
    if parent.spec.get("wait") is not True:
        return
    node, tell = _node(parent), partial(parent.finding, pointer=("spec", "wait"))
    for child in made_by(parent, tree):
        yield _Wait(node, child.namespace, child.name, tell, is_implied=True)


def made_by(parent: Entry, tree: Tree) -> list[Entry]:
    """The workspaces' Kustomizations that another one applies."""
    found = resolve(parent, tree.provided)
    files = {source.path for source in reached(found[1], tree.folder)} if found else set()
    return [entry for entry in tree.deploying if entry.source.path in files]


def _of_fact(value: str, place: Finding) -> _Wait:
    of, namespace, name, wanted_namespace, wanted = value.rsplit("|", 4)
    node = _Node(of, namespace, name, f"{place.path}#{name}")
    return _Wait(node, wanted_namespace, wanted, lambda message: place._replace(message=message))


def _graph(nodes: Iterable[_Node], waits: Iterable[_Wait]) -> _Graph:
    by_name: dict[str, list[_Node]] = defaultdict(list)
    for node in nodes:
        by_name[node.name].append(node)
    graph: dict[_Node, list[_Link]] = defaultdict(list)
    for wait in waits:
        target = _target(wait, by_name.get(wait.name, ()))
        if target is not None:
            graph[wait.node].append(_Link(wait, target))
    return graph


def _target(wait: _Wait, named: Sequence[_Node]) -> _Node | None:
    """What is waited for, unless it is not there or cannot be told from another of its name."""
    found = [
        n for n in named if n.namespace == wait.namespace or "" in (n.namespace, wait.namespace)
    ]
    own = wait.node.cluster
    near = [node for node in found if node.cluster == own]
    if not near:
        # What is above workspaces lies in another folder.
        near = [node for node in found if not own or not node.cluster]
    return near[0] if len(near) == 1 else None


def _circles(graph: _Graph, starts: Iterable[_Node]) -> Iterator[list[_Link]]:
    """Circles that the starts lead to; not by recursion, for a chain may be long."""
    done: set[_Node] = set()
    for start in starts:
        if start in done:
            continue
        trail: list[_Link] = []
        depths = {start: 0}
        open_links = [iter(graph.get(start, ()))]
        while open_links:
            link = next(open_links[-1], None)
            if link is None:
                open_links.pop()
                done.add(depths.popitem()[0])
                del trail[len(open_links) - 1 :]
            elif link.target in depths:
                yield [*trail[depths[link.target] :], link]
            elif link.target not in done:
                depths[link.target] = len(open_links)
                trail.append(link)
                open_links.append(iter(graph.get(link.target, ())))


def _told(kind: str, circle: list[_Link], ours: set[str], tree: Tree) -> Finding:
    """At the first of our own members, with the names of all."""
    waits = [link.wait for link in circle]
    orders = [(wait.is_implied, wait.node.owner not in ours, wait.node.owner) for wait in waits]
    first = orders.index(min(orders))
    turned = circle[first:] + circle[:first]
    names = ", which waits for ".join(link.target.name for link in turned)
    message = f"{kind} {turned[0].wait.node.name} waits for {names}"
    is_certain = all(link.is_certain for link in circle) and not _may_be_patched(tree)
    return turned[0].wait.tell(message)._replace(severity="" if is_certain else "warning")


def _may_be_patched(tree: Tree) -> bool:
    """Whether dependsOn is changed on the way to the cluster."""
    above = (tree.above.source(directory).documents[:1] for directory in tree.above.directories)
    patching = [entry.spec for entry in tree.kustomizations]
    patching += [mapping(document) for documents in above for document in documents]
    return any("dependsOn" in text for one in patching for _, text in strings(one.get("patches")))
