"""Volumes that come between the app and what init-workspace has cloned."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_workspace.rules.deployment import Deployment
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.mounts import Mount, held_by, variables
from opencode_workspace.rules.podspec import containers
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.source import Document

# Those that end with the pod, or are made anew from objects of the cluster.
_PASSING = frozenset(
    ("emptyDir", "ephemeral", "configMap", "secret", "projected", "downwardAPI", "image")
)


@check("hidden-workspace", "deployment")
def hidden_workspace(deployment: Deployment) -> Iterator[Finding]:
    """Volumes over the repository's directory."""
    for release in deployment.releases:
        for _, pod in release.pods:
            told: set[str] = set()
            for volume, message in _of_pod(pod):
                if volume not in told:
                    told.add(volume)
                    yield release.finding_at(message, ("persistence", volume))


def _of_pod(pod: Document) -> Iterator[tuple[str, str]]:
    """(Volume, message), first of all where the repository is cloned to."""
    found = []
    for container in containers(pod):
        env = variables(container)
        directory = env.get("WORKSPACE_DIRECTORY", "")
        mount = held_by(pod, container, directory) if directory else None
        if mount:
            found.append((str(container.get("name")), mount, "WORKSPACE_REPOSITORY" in env))
    cloned = next((mount for _, mount, clones in found if clones), None)
    for name, mount, _ in found:
        kind = next(iter(mount.source), "")
        of = f"container {name}: volume {mount.volume} ({kind}) at {mount.path}"
        if kind in _PASSING:
            yield mount.volume, f"{of} holds the repository, and is lost with the pod"
        elif cloned and not _is_same(cloned, mount):
            yield mount.volume, f"{of} hides the repository, which is in {cloned.volume}"


def _is_same(one: Mount, other: Mount) -> bool:
    return (one.source, one.rest) == (other.source, other.rest)
