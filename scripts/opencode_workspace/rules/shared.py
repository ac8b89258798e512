"""What two workspaces must not have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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
            where = f"{other.place.path.parent.name}/{other.place.path.name}"
            if other.place.path.parent.parent != other.place.path.parent:
                where = f"{other.place.path.parent.parent.name}/{where}"
            message = f"{fact.kind} {fact.place.message} is also that of {where}:{other.place.line}"
            yield fact.place._replace(message=message)


def _rule(rule: str, *kinds: str) -> Callable[[Tree], Iterator[Finding]]:
    def shared(tree: Tree) -> Iterator[Finding]:
        return _shared(tree, *kinds)

    return check(rule, "facts")(shared)


shared_host = _rule("shared-host", "host")
shared_name = _rule("shared-name", "Kustomization", "release")
shared_claim = _rule("shared-claim", "claim")
shared_secret = _rule("shared-secret", "Secret")
shared_deploy_key = _rule("shared-deploy-key", "deploy key")
