"""Files as YAML: can they be read, and do they hold only fields that exist?"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from opencode_workspace.rules.deployment import Deployment
from opencode_workspace.rules.fields import mistakes
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.schemas import place
from opencode_workspace.rules.source import Entry, Source, mapping, of_error
from opencode_workspace.rules.surroundings import Surroundings


@check("unreadable-yaml", "source")
def unreadable_yaml(source: Source) -> Iterator[Finding]:
    """Syntax errors and duplicate keys of manifests; what other YAML there is belongs to other programs."""
    if source.unreadable and source.is_manifest:
        yield of_error(source.unreadable, source.path)


@check("ambiguous-scalar", "deployment")
def ambiguous_scalar(deployment: Deployment) -> Iterator[Finding]:
    """Unquoted scalars that the tools on the way read differently."""
    for source in (deployment.entry.source, *deployment.sources):
        if source.ambiguous and source.misread:
            yield of_error(source.misread, source.path)
        elif source.ambiguous:
            yield of_error(source.ambiguous, source.path)._replace(severity="warning")


@check("unknown-field", "deployment", "surroundings")
def unknown_field(part: Deployment | Surroundings) -> Iterator[Finding]:
    """Misspelt or misplaced fields of the objects that Flux, External Secrets and VolSync read."""
    for entry in part.entries:
        yield from _unknown(entry)
    for source in part.sources:
        if source.path.name.lower().startswith("kustomization"):
            yield from unknown_in(source)


def unknown_in(kustomization: Source) -> Iterator[Finding]:
    """Fields of a kustomization file that kustomize does not have; it may leave out apiVersion and kind."""
    document = mapping(kustomization.documents[0]) if kustomization.documents else {}
    if "kind" in document:
        yield from _unknown(Entry(kustomization))
    elif document:
        entry = Entry(kustomization)
        yield from _unknown(entry, "kustomize.config.k8s.io/v1beta1", "Kustomization")


def _unknown(entry: Entry, api_version: str = "", kind: str = "") -> Iterator[Finding]:
    for mistake in mistakes(entry.document, api_version, kind):
        if mistake.known:
            near = difflib.get_close_matches(str(mistake.pointer[-1]), mistake.known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            message = f"{kind or entry.kind} has no field {place(mistake.pointer)}{hint}"
            yield entry.finding(message, mistake.pointer)
