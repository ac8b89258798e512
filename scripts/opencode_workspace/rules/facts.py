"""What no two workspaces of one cluster may share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from opencode_workspace.rules import backups, objects
from opencode_workspace.rules.deployment import Applied, Deployment, Fact, Release
from opencode_workspace.rules.podspec import claims, secrets
from opencode_workspace.rules.products import remote, secret_products
from opencode_workspace.rules.source import Document, items, mapping, numbered

DEPLOY_KEY = "GIT_DEPLOY_KEY"
DEPENDENCY = "dependency"


def of(deployment: Deployment) -> list[Fact]:
    """Facts about one workspace; a value begins with the cluster whose workspaces it is compared with."""
    of = cluster(deployment.entry.source.path)
    return [fact._replace(value=f"{of}|{fact.value}") for fact in _facts(deployment)]


def _facts(deployment: Deployment) -> Iterator[Fact]:
    entry = deployment.entry
    owner = entry.identity
    named = entry.finding(entry.name, ("metadata", "name"))
    yield Fact("Kustomization", f"{entry.namespace}/{entry.name}", owner, named)
    for release in deployment.releases:
        yield from _release_facts(release, owner)
    yield from objects.facts(deployment, owner)
    for applied in deployment.of_kind("HelmRelease"):
        yield from _dependencies(applied, owner)
    yield from backups.facts(deployment)
    for name, product in secret_products(deployment).items():
        for applied in product.makers:
            yield from _secret_facts(name, applied, owner)


def _dependencies(applied: Applied, owner: str) -> Iterator[Fact]:
    own = f"{applied.namespace}|{applied.name}"
    for index, one in numbered(applied.spec.get("dependsOn")):
        # With an expression Flux may be content with less than that it is ready.
        if not one.get("readyExpr"):
            wanted = f"{one.get('namespace') or applied.namespace}|{one.get('name')}"
            place = applied.finding(applied.name, ("spec", "dependsOn", index, "name"))
            yield Fact(DEPENDENCY, f"{own}|{wanted}", owner, place)


def _secret_facts(name: str, applied: Applied, owner: str) -> Iterator[Fact]:
    pointer = ("spec", "target", "name") if applied.kind == "ExternalSecret" else ("metadata",)
    place = applied.finding(name, pointer)
    yield Fact("Secret", f"{applied.namespace}/{name}", owner, place)
    template = mapping(mapping(applied.spec.get("target")).get("template"))
    used = str(mapping(template.get("data")).get(DEPLOY_KEY, ""))
    for index, one in enumerate(items(applied.spec.get("data"))):
        fetched = str(one.get("secretKey"))
        if fetched == DEPLOY_KEY or (fetched and f".{fetched} " in used.replace("}", " ")):
            yield _deploy_key(applied, index, one, owner)


def _deploy_key(applied: Applied, index: int, entry: Document, owner: str) -> Fact:
    """By store, key and property: one item of Vault or 1Password may hold the keys of many workspaces."""
    reference = mapping(entry.get("remoteRef"))
    key, part = str(reference.get("key")), str(reference.get("property") or "")
    place = applied.finding(
        f"{part} of {key}" if part else key,
        ("spec", "data", index, "remoteRef", "property" if part else "key"),
    )
    return Fact("deploy key", remote(applied, entry), owner, place)


def _release_facts(release: Release, owner: str) -> Iterator[Fact]:
    namespace = release.namespace
    pointer = ("spec", "releaseName") if release.applied.spec.get("releaseName") else ("metadata",)
    named = release.applied.finding(release.name, pointer)
    yield Fact("release", f"{namespace}/{release.name}", owner, named)
    yield Fact("namespace", namespace, owner, release.applied.finding(namespace, ("metadata",)))
    for route in release.of_kind("HTTPRoute"):
        for host in route["spec"].get("hostnames") or ():
            yield Fact("host", host, owner, release.finding(host, host, "hostnames"))
    for _, pod in release.pods:
        for claim in claims(pod):
            place = release.finding(claim, claim, "existingClaim")
            yield Fact("claim", f"{namespace}/{claim}", owner, place)
        # One login for the registry may serve all workspaces.
        for secret in dict.fromkeys(u.name for u in secrets(pod) if not u.is_pull_secret):
            place = release.finding(secret, secret, "persistence")
            yield Fact("Secret", f"{namespace}/{secret}", owner, place)


def cluster(path: Path) -> str:
    """The folder above `apps`, or below `clusters`: a repository may hold the trees of several clusters."""
    # Not by way of path.parents, which takes longer than everything else that is done with it.
    folders = path.parts[:-1]
    depth = max((n for n, name in enumerate(folders) if name == "apps"), default=0)
    if "clusters" in folders:
        depth = max(depth, folders.index("clusters") + 2)
    return "/".join(folders[:depth])
