"""Flux Kustomizations of which nothing is left."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_workspace.rules.deployment import Deployment
from opencode_workspace.rules.fields import mistakes
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.registry import check

_API_VERSION = "kustomize.config.k8s.io/v1beta1"


@check("nothing-built", "deployment")
def nothing_built(deployment: Deployment) -> Iterator[Finding]:
    """Directories that can be built, and give no object.

    kustomize alone refuses an empty kustomization; kustomize-controller adds a field to it, and goes on.
    """
    if deployment.directory is None or deployment.problems or deployment.built:
        return
    message = "nothing is built here, so Flux applies nothing and prunes what it applied before"
    if not deployment.sources:
        yield deployment.entry.finding(message, ("spec", "path"))
        return
    kustomization = deployment.sources[0]
    if any(
        any(mistakes(document, _API_VERSION, "Kustomization"))
        for document in kustomization.documents
    ):
        # A misspelt `resources` is told by another rule.
        return
    yield Finding(message, kustomization.path, kustomization.line(("resources",)))
