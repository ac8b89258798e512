"""What the API server refuses beside what the schema of a kind says: names, labels, claims, routes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from opencode_workspace.rules.claimspec import of_claim
from opencode_workspace.rules.deployment import Applied, Deployment
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.labels import of_labels, of_metadata, of_name
from opencode_workspace.rules.objection import Objection
from opencode_workspace.rules.registry import also
from opencode_workspace.rules.routespec import of_route
from opencode_workspace.rules.schemas import place
from opencode_workspace.rules.source import Document, mapping
from opencode_workspace.rules.surroundings import Surroundings

_OF_KIND: Mapping[str, Callable[[Document], Iterator[Objection]]] = {
    "PersistentVolumeClaim": of_claim,
    "HTTPRoute": of_route,
}

# Where `spec.template` is that of a pod; elsewhere it may hold text that is yet to be filled in.
_WORKLOADS = ("apps/v1", "batch/v1")


@also("refused-object", "deployment")
@also("refused-object", "surroundings")
def refused_by_validation(part: Deployment | Surroundings) -> Iterator[Finding]:
    """Objects with a name, a label or an amount that is none."""
    for applied in part.applied:
        for objection in _objections(applied.document):
            if objection.is_missing and part.may_be_patched:
                continue
            if _may_be_renamed(part, applied) and objection.pointer == ("metadata", "name"):
                continue
            if isinstance(part, Deployment) and part.is_guess(applied, objection.pointer):
                continue
            message = f"{applied.kind}: {place(objection.pointer)}: {objection.message}"
            yield applied.finding(message, objection.pointer)
    for release in part.releases if isinstance(part, Deployment) else ():
        told = set()
        for manifest in release.manifests:
            for objection in _objections(manifest):
                # A label that all objects have is told at the first.
                if objection.message not in told:
                    told.add(objection.message)
                    of = f"{manifest['kind']} {manifest['metadata']['name']}"
                    message = f"{of}: {place(objection.pointer)}: {objection.message}"
                    yield release.finding(message, objection.word)


def _may_be_renamed(part: Deployment | Surroundings, applied: Applied) -> bool:
    """Whether it is a Namespace whose kustomization has a namespace, which becomes its name."""
    home = applied.entry.source.path.parent
    return applied.kind == "Namespace" and any(
        mapping(document).get("namespace")
        for source in (part.sources if isinstance(part, Surroundings) else ())
        for document in source.documents[:1]
        if source.path.parent == home
    )


def _objections(document: Document) -> Iterator[Objection]:
    if "sops" in document:
        return
    metadata, kind = mapping(document.get("metadata")), str(document.get("kind"))
    spec = mapping(document.get("spec"))
    yield from of_name(document, metadata)
    yield from of_metadata(metadata, ("metadata",))
    if "commonMetadata" in spec:
        yield from of_metadata(mapping(spec["commonMetadata"]), ("spec", "commonMetadata"))
    if document.get("apiVersion") in _WORKLOADS and "template" in spec:
        template = mapping(spec["template"])
        yield from of_metadata(mapping(template.get("metadata")), ("spec", "template", "metadata"))
        pod = ("spec", "template", "spec", "nodeSelector")
        yield from of_labels(mapping(template.get("spec")).get("nodeSelector"), pod)
    if kind in _OF_KIND:
        yield from _OF_KIND[kind](spec)
