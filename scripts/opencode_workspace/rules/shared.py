"""What two workspaces must not have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from opencode_workspace.rules.deployment import Fact
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.tree import Tree


def _shared(tree: Tree, *kinds: str) -> Iterator[Finding]:
    first: dict[tuple[str, str], Fact] = {}
    for fact in sorted(tree.facts, key=lambda fact: fact.owner):
        if fact.kind not in kinds:
            continue
        other = first.setdefault((fact.kind, fact.value), fact)
        if other.owner != fact.owner:
            message = f"{fact.kind} {fact.place.message} is also that of {_where(other)}"
            yield fact.place._replace(message=message)


def _where(fact: Fact) -> str:
    where = f"{fact.place.path.parent.name}/{fact.place.path.name}"
    if fact.place.path.parent.parent != fact.place.path.parent:
        where = f"{fact.place.path.parent.parent.name}/{where}"
    return f"{where}:{fact.place.line}"


def _rule(rule: str, *kinds: str) -> Callable[[Tree], Iterator[Finding]]:
    def shared(tree: Tree) -> Iterator[Finding]:
        return _shared(tree, *kinds)

    return check(rule, "facts")(shared)


shared_host = _rule("shared-host", "host")
shared_name = _rule("shared-name", "Kustomization", "release")
shared_claim = _rule("shared-claim", "claim")
shared_secret = _rule("shared-secret", "Secret")
shared_deploy_key = _rule("shared-deploy-key", "deploy key")


@check("shared-backup", "facts")
def shared_backup(tree: Tree) -> Iterator[Finding]:
    """Restic repositories of several workspaces; one finding a place, which may be a template of them all."""
    first: dict[str, Fact] = {}
    others: dict[tuple[str, Path, int], list[Fact]] = {}
    for fact in sorted(tree.facts, key=lambda fact: fact.owner):
        if fact.kind == "repository":
            place = (fact.value, fact.place.path, fact.place.line)
            if first.setdefault(fact.value, fact).owner != fact.owner:
                others.setdefault(place, []).append(fact)
    for (value, path, line), facts in others.items():
        one, more = first[value], len({fact.owner for fact in facts}) - 1
        which = facts[0].place.message + (f" and {more} more" if more else "")
        at = "" if (one.place.path, one.place.line) == (path, line) else f" ({_where(one)})"
        message = f"{which} would back up into the repository of {one.place.message}{at}"
        yield facts[0].place._replace(message=message)
