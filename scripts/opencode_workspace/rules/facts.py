"""What no two workspaces of one cluster may share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from opencode_workspace.rules.deployment import Applied, Deployment, Fact, Release
from opencode_workspace.rules.podspec import claims, secrets
from opencode_workspace.rules.products import secret_products
from opencode_workspace.rules.source import Document, items, mapping
from opencode_workspace.rules.templates import filled, uses
from opencode_workspace.violation import Steps

DEPLOY_KEY = "GIT_DEPLOY_KEY"
_REPOSITORY = "RESTIC_REPOSITORY"


def of(deployment: Deployment) -> list[Fact]:
    """Facts about one workspace; a value begins with the cluster whose workspaces it is compared with."""
    cluster = _cluster(deployment.entry.source.path)
    return [fact._replace(value=f"{cluster}|{fact.value}") for fact in _facts(deployment)]


def _facts(deployment: Deployment) -> Iterator[Fact]:
    entry = deployment.entry
    owner = entry.identity
    named = entry.finding(entry.name, ("metadata", "name"))
    yield Fact("Kustomization", f"{entry.namespace}/{entry.name}", owner, named)
    for release in deployment.releases:
        yield from _release_facts(release, owner)
    backups = deployment.of_kind("ReplicationSource")
    backed_up = {str(mapping(one.spec.get("restic")).get("repository")) for one in backups}
    for name, product in secret_products(deployment).items():
        for applied in product.makers:
            yield from _secret_facts(name, applied, owner)
            if name in backed_up:
                yield from _repository(deployment, applied)


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
    return Fact("deploy key", _remote(applied, entry), owner, place)


def _remote(applied: Applied, entry: Document) -> str:
    """Store, key and property of a value."""
    reference = mapping(entry.get("remoteRef"))
    store = mapping(mapping(entry.get("sourceRef")).get("storeRef")) or mapping(
        applied.spec.get("secretStoreRef")
    )
    kind = str(store.get("kind") or "SecretStore")
    namespace = applied.namespace if kind == "SecretStore" else ""
    key, part = str(reference.get("key")), str(reference.get("property") or "")
    return "|".join((kind, namespace, str(store.get("name")), key, part))


def _repository(deployment: Deployment, applied: Applied) -> Iterator[Fact]:
    """By its address, with what is fetched for it: two names may stand for one value of the store."""
    spec, entry = applied.spec, deployment.entry
    pointer, text = _address(applied)
    if not isinstance(text, str):
        return
    fetched = {str(one.get("secretKey")): _remote(applied, one) for one in items(spec.get("data"))}
    value = filled(text, fetched)
    if spec.get("dataFrom"):
        value += f"|{applied.namespace}|{spec.get('secretStoreRef')}|{spec['dataFrom']}"
    is_guess = any(deployment.is_guess(applied, at) for at in _made_of(applied, pointer, text))
    if is_guess:
        # The same names are the same values only if they come from the same place.
        value += f"|{entry.namespace}|{mapping(entry.spec.get('postBuild')).get('substituteFrom')}"
    severity = "warning" if is_guess or entry.spec.get("patches") else ""
    place = applied.finding(entry.name, pointer, severity=severity)
    yield Fact("repository", value, entry.identity, place)


def _made_of(applied: Applied, pointer: Steps, text: str) -> Iterator[Steps]:
    """The places that make an address: its own, and those of the remote keys that it uses."""
    yield pointer
    for index, entry in enumerate(items(applied.spec.get("data"))):
        if str(entry.get("secretKey")) in uses(text).words:
            yield ("spec", "data", index, "remoteRef", "key")
            yield ("spec", "data", index, "remoteRef", "property")


def _address(applied: Applied) -> tuple[Steps, object]:
    """Where the address of a restic repository is written, and its text; as a template, if it is fetched."""
    if applied.kind == "Secret":
        written = mapping(applied.document.get("stringData"))
        return ("stringData", _REPOSITORY), written.get(_REPOSITORY)
    template = mapping(mapping(applied.spec.get("target")).get("template"))
    written = mapping(template.get("data"))
    if _REPOSITORY in written:
        return ("spec", "target", "template", "data", _REPOSITORY), written[_REPOSITORY]
    for index, entry in enumerate(items(applied.spec.get("data"))):
        if entry.get("secretKey") == _REPOSITORY:
            return ("spec", "data", index, "remoteRef", "key"), f"{{{{ .{_REPOSITORY} }}}}"
    return (), None


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


def _cluster(path: Path) -> str:
    """The folder above `apps`: a repository may hold the trees of several clusters."""
    for folder in path.parents:
        if folder.name == "apps":
            return str(folder.parent)
    return ""
