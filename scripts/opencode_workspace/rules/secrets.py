"""From the secret store to the pod: are keys fetched, made and read?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from opencode_workspace.repository import is_ssh
from opencode_workspace.rules.deployment import Applied, Deployment, Release
from opencode_workspace.rules.facts import DEPLOY_KEY
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.literals import has_secret_name
from opencode_workspace.rules.podspec import Use, secrets
from opencode_workspace.rules.products import creation_policy, secret_products, target_name
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.source import items, mapping, numbered, strings
from opencode_workspace.rules.templates import uses
from opencode_workspace.violation import Steps


def _uses(deployment: Deployment) -> Iterator[tuple[Release, Use]]:
    for release in deployment.releases:
        for _, pod in release.pods:
            for use in dict.fromkeys(secrets(pod)):
                yield release, use


@check("missing-secret", "deployment")
def missing_secret(deployment: Deployment) -> Iterator[Finding]:
    """Secrets that nothing makes, of those that a pod cannot start without or gets its images with."""
    made = secret_products(deployment)
    told = set()
    for release, use in _uses(deployment):
        is_needed = not use.is_optional or use.is_pull_secret
        if not is_needed or use.name in made or use.name in told:
            continue
        if not deployment.has("Secret", release.namespace, use.name):
            told.add(use.name)
            message = f"nothing makes the Secret {use.name}"
            if use.is_pull_secret:
                # The kubelet goes on without it, and a node may have a login of its own.
                message += ", and images are pulled without it"
                severity = "warning"
            else:
                severity = ""
            found = release.finding(message, use.name, "persistence")
            yield found._replace(severity=severity)


@check("missing-secret-key", "deployment")
def missing_secret_key(deployment: Deployment) -> Iterator[Finding]:
    """Keys that a pod reads and the Secret does not get."""
    made = secret_products(deployment)
    told = set()
    for release, use in _uses(deployment):
        keys = made[use.name].keys if use.name in made else None
        if keys is None or not use.key or use.key in keys or use in told:
            continue
        told.add(use)
        applied = made[use.name].makers[0]
        pointer = ("spec", "target", "template", "data")
        of = f"{release.name} reads {use.key} of the Secret {use.name}"
        message = f"{of}, which {applied.kind} {applied.name} does not make"
        severity = "" if _is_needed(release, use) else "warning"
        yield applied.finding(message, pointer, severity=severity)


def _is_needed(release: Release, use: Use) -> bool:
    """Without an optional key the pod starts all the same, unless it cannot clone (exit 30 of bootstrap.sh)."""
    address = mapping(release.values.get("workspace")).get("repository")
    clones = use.key == DEPLOY_KEY and isinstance(address, str) and is_ssh(address)
    return clones or not use.is_optional


@check("unused-secret-key", "deployment")
def unused_secret_key(deployment: Deployment) -> Iterator[Finding]:
    """Keys that nothing reads, of the Secrets that pods read."""
    if not deployment.releases or not all(r.manifests for r in deployment.releases):
        return
    uses = [use for _, use in _uses(deployment)]
    own = [release.applied for release in deployment.releases]
    named = {
        text
        for applied in deployment.applied
        if applied.kind != "ExternalSecret" and not any(applied is one for one in own)
        for _, text in strings(applied.spec)
    }
    for name, product in secret_products(deployment).items():
        read = {use.key for use in uses if use.name == name}
        for applied in product.makers if not read and name not in named else ():
            if applied.kind == "ExternalSecret":
                message = f"nothing reads the Secret {name}"
                yield applied.finding(message, ("spec", "target", "name"))
        if not read or "" in read or name in named:
            continue
        for key, place in (product.keys or {}).items():
            if key not in read:
                message = f"nothing reads the key {key} of the Secret {name}"
                yield place.applied.finding(message, place.pointer)


@check("contested-secret", "deployment")
def contested_secret(deployment: Deployment) -> Iterator[Finding]:
    """ExternalSecrets whose Secret another one owns."""
    makers: dict[tuple[str, str], list[Applied]] = {}
    for applied in deployment.of_kind("ExternalSecret"):
        if creation_policy(applied) != "None":
            makers.setdefault((applied.namespace, target_name(applied)), []).append(applied)
    for (_, name), contenders in makers.items():
        owner = next((one for one in contenders if creation_policy(one) == "Owner"), None)
        for applied in contenders:
            if owner is not None and applied is not owner:
                message = f"the ExternalSecret {owner.name} owns the Secret {name} already"
                yield applied.finding(message, ("spec", "target", "name"))


@check("unfetched-secret-key", "deployment")
def unfetched_secret_key(deployment: Deployment) -> Iterator[Finding]:
    """Values that a template uses and spec.data does not fetch."""
    for applied in deployment.of_kind("ExternalSecret"):
        if applied.spec.get("dataFrom"):
            continue
        fetched = {str(entry.get("secretKey")) for entry in items(applied.spec.get("data"))}
        template = mapping(mapping(mapping(applied.spec.get("target")).get("template")).get("data"))
        for key, text in template.items():
            used = uses(str(text))
            for name in dict.fromkeys((*used.fields, *used.looked_up)):
                if name not in fetched:
                    yield applied.finding(
                        f"the template of {key} uses {name}, which spec.data does not fetch",
                        ("spec", "target", "template", "data", key),
                    )


@check("unknown-secret-store", "deployment")
def unknown_secret_store(deployment: Deployment) -> Iterator[Finding]:
    """Stores that are neither the catalogue's nor in the folder."""
    for applied in deployment.of_kind("ExternalSecret"):
        reference = mapping(applied.spec.get("secretStoreRef"))
        if not reference:
            # Each value may name a store, or a generator, of its own.
            if any(not one.get("sourceRef") for one in items(applied.spec.get("data"))):
                yield applied.finding("spec.secretStoreRef is missing", ("spec",))
            continue
        kind, name = str(reference.get("kind", "SecretStore")), str(reference.get("name"))
        namespace = "" if kind == "ClusterSecretStore" else applied.namespace
        if not deployment.has(kind, namespace, name):
            yield applied.finding(
                f"no {kind} {name} is known",
                ("spec", "secretStoreRef", "name"),
                severity=deployment.provided.unknown_severity,
            )


@check("whole-secret", "deployment")
def whole_secret(deployment: Deployment) -> Iterator[Finding]:
    """Secrets that become an environment as a whole."""
    for release, use in _uses(deployment):
        if use.is_environment:
            yield release.finding(f"a container gets all of the Secret {use.name}", "envFrom")


@check("plain-password", "deployment")
def plain_password(deployment: Deployment) -> Iterator[Finding]:
    """Variables with the name of a secret and a value that anybody can read."""
    # Before substitution: what a variable of the cluster brings is not readable in Git.
    written = {one.entry: mapping(one.spec.get("values")) for one in deployment.built}
    for release in deployment.releases:
        controllers = written[release.applied.entry].get("controllers")
        for pointer, name, value in _variables(controllers, ("spec", "values", "controllers")):
            if has_secret_name(name) and _is_plain(name, value):
                message = f"the value of {name} is written here in plain text"
                yield release.applied.finding(message, pointer)


_PASSWORD_NAME = re.compile(r"PASSW(OR)?D$", re.IGNORECASE)
# A template of the chart, a variable of the cluster without a default, and another variable of the container.
_REFERENCE = re.compile(r"\{\{|(?<!\$)\$\{\w+(?::?[-=])?\}|(?<!\$)\$\([\w.-]+\)")
_PATH = re.compile(r"(/[\w.@-]+){2,}/?")
_SWITCHES = frozenset(("true", "false"))


def _is_plain(name: str, value: object) -> bool:
    if isinstance(value, int | float):
        # A number may limit tokens, but a password is one.
        return not isinstance(value, bool) and _PASSWORD_NAME.search(name) is not None
    if not isinstance(value, str) or not value or value in _SWITCHES:
        return False
    return not _REFERENCE.search(value) and not _PATH.fullmatch(value)


def _variables(value: object, pointer: Steps) -> Iterator[tuple[Steps, str, object]]:
    """Place, name and value of the variables below every `env`: `NAME: x`, `NAME: {value: x}`, or a list."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _variables(item, (*pointer, index))
    for key, below in mapping(value).items():
        if key != "env":
            yield from _variables(below, (*pointer, key))
            continue
        for name, one in mapping(below).items():
            if isinstance(one, dict):
                yield (*pointer, key, name, "value"), name, one.get("value")
            else:
                yield (*pointer, key, name), name, one
        for index, one in numbered(below):
            yield (*pointer, key, index, "value"), str(one.get("name", "")), one.get("value")
