"""Pods that the namespace of the workspaces does not admit: it enforces the level restricted."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_workspace.rules.deployment import Deployment
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.podsecurity import restricted
from opencode_workspace.rules.registry import check


@check("pod-security", "deployment")
def pod_security(deployment: Deployment) -> Iterator[Finding]:
    """Rendered pods that the level restricted refuses."""
    for release in deployment.releases:
        for of, pod in release.pods:
            for problem in restricted(pod):
                message = f"{of}: {problem.message}"
                yield release.finding(message, problem.field, "securityContext")
