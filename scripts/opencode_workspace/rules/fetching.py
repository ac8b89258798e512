"""ExternalSecrets by themselves: is what they fetch used, and can their templates be read?"""

from __future__ import annotations

from collections.abc import Iterator

from opencode_workspace.rules.deployment import Applied, Deployment
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.products import creation_policy, target_name
from opencode_workspace.rules.registry import also, check
from opencode_workspace.rules.source import Document, mapping, numbered, strings
from opencode_workspace.rules.templates import broken_action, uses

# These read Secrets that something else makes.
_READERS = frozenset(
    ("ExternalSecret", "HelmRelease", "ReplicationSource", "ReplicationDestination")
)


def _template(applied: Applied) -> Document:
    return mapping(mapping(applied.spec.get("target")).get("template"))


@check("broken-secret-template", "deployment")
def broken_secret_template(deployment: Deployment) -> Iterator[Finding]:
    """Actions in a Secret's template that are not closed."""
    for applied in deployment.of_kind("ExternalSecret"):
        for key, text in mapping(_template(applied).get("data")).items():
            found = broken_action(text) if isinstance(text, str) else ""
            if found:
                pointer = ("spec", "target", "template", "data", key)
                message = f"the template of {key} does not close {found}"
                yield applied.finding(message, pointer)


@also("unused-secret-key", "deployment")
def unused_value(deployment: Deployment) -> Iterator[Finding]:
    """Values that are fetched for a template which does not use them."""
    for applied in deployment.of_kind("ExternalSecret"):
        template = _template(applied)
        if not mapping(template.get("data")) or _takes_more(applied, template):
            continue
        texts = [text for _, text in strings(template)]
        if any(uses(text).has_all or broken_action(text) for text in texts):
            continue
        used = {word for text in texts for word in uses(text).words}
        for index, entry in numbered(applied.spec.get("data")):
            if str(entry.get("secretKey")) not in used:
                message = f"no template uses {entry.get('secretKey')}"
                yield applied.finding(message, ("spec", "data", index, "secretKey"))


def _takes_more(applied: Applied, template: Document) -> bool:
    """Whether values may reach the Secret in another way than by template.data."""
    merges = template.get("mergePolicy") == "Merge"
    is_secret = not mapping(applied.spec.get("target")).get("manifest")
    others = template.get("templateFrom") or applied.spec.get("dataFrom")
    return bool(merges or others or not is_secret)


@also("unused-secret-key", "deployment")
def value_fetched_twice(deployment: Deployment) -> Iterator[Finding]:
    """Entries of spec.data that a later one replaces, which the webhook refuses with deletionPolicy Retain."""
    for applied in deployment.of_kind("ExternalSecret"):
        seen = set()
        retains = mapping(applied.spec.get("target")).get("deletionPolicy") in (None, "Retain")
        for index, entry in numbered(applied.spec.get("data")):
            name = str(entry.get("secretKey"))
            if name in seen:
                more = ", which External Secrets refuses" if retains else ""
                message = f"spec.data fetches {name} twice{more}"
                pointer = ("spec", "data", index, "secretKey")
                yield applied.finding(message, pointer, severity="error" if retains else "")
            seen.add(name)


@also("missing-secret", "deployment")
def nothing_to_merge_with(deployment: Deployment) -> Iterator[Finding]:
    """ExternalSecrets that add to a Secret which nothing else makes."""
    for applied in deployment.of_kind("ExternalSecret"):
        if creation_policy(applied) != "Merge":
            continue
        name = target_name(applied)
        if not _is_made_otherwise(deployment, applied.namespace, name):
            message = f"creationPolicy is Merge, and nothing else makes the Secret {name}"
            pointer = ("spec", "target", "creationPolicy")
            yield applied.finding(message, pointer, severity="warning")


def _is_made_otherwise(deployment: Deployment, namespace: str, name: str) -> bool:
    for applied in deployment.applied:
        if applied.kind == "ExternalSecret":
            makes = creation_policy(applied) in ("Owner", "Orphan") and target_name(applied) == name
        else:
            # A Certificate or a SealedSecret, say.
            texts = strings(applied.document) if applied.kind not in _READERS else ()
            makes = any(text == name for _, text in texts)
        if makes:
            return True
    return deployment.has("Secret", namespace, name)
