"""Claims, backup and restore."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_workspace.rules.deployment import Applied, Deployment
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.podspec import claims
from opencode_workspace.rules.products import secret_products
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.source import Document, items, mapping

_PRUNE = "kustomize.toolkit.fluxcd.io/prune"
_KEEP = "helm.sh/resource-policy"
_IDENTITY = ("runAsUser", "runAsGroup", "fsGroup")
# Those with a moverSecurityContext; rsync over SSH runs as root, and an external one somewhere else.
_MOVERS = ("restic", "rclone", "rsyncTLS", "syncthing")


@check("claim-without-lock", "deployment")
def claim_without_lock(deployment: Deployment) -> Iterator[Finding]:
    """Claims that Flux would prune, or Helm uninstall."""
    for claim in deployment.of_kind("PersistentVolumeClaim"):
        metadata = claim.document["metadata"]
        marks = {**mapping(metadata.get("labels")), **mapping(metadata.get("annotations"))}
        if str(marks.get(_PRUNE, "")).lower() != "disabled":
            yield claim.finding(f"the claim has no {_PRUNE}: disabled", ("metadata",))
    for release in deployment.releases:
        for manifest in release.of_kind("PersistentVolumeClaim"):
            marks = mapping(manifest["metadata"].get("annotations"))
            if marks.get(_KEEP) != "keep":
                name = manifest["metadata"]["name"]
                yield release.finding(f"claim {name} has no {_KEEP}: keep", "retain", "persistence")


@check("mover-identity", "deployment")
def mover_identity(deployment: Deployment) -> Iterator[Finding]:
    """Users of VolSync's movers beside those of the pod."""
    pods = [pod for release in deployment.releases for _, pod in release.pods if claims(pod)]
    if not pods:
        return
    wanted = _runs_as(pods[0])
    for mover in deployment.of_kind("ReplicationSource", "ReplicationDestination"):
        method = next((name for name in _MOVERS if name in mover.spec), None)
        if method is None:
            continue
        context = mapping(mapping(mover.spec.get(method)).get("moverSecurityContext"))
        pointer = ("spec", method, "moverSecurityContext")
        for field in _IDENTITY:
            if str(context.get(field)) != str(wanted.get(field)):
                yield mover.finding(
                    f"the mover's {field} is {context.get(field, 'not set')}, "
                    f"the pod's {wanted.get(field, 'not set')}",
                    (*pointer, field),
                )


def _runs_as(pod: Document) -> Document:
    """User and groups of the app, whose container may have others than the pod."""
    of_pod = mapping(pod["spec"].get("securityContext"))
    running = items(pod["spec"].get("containers"))
    app = next((one for one in running if one.get("name") == "app"), running[0])
    return {**of_pod, **mapping(app.get("securityContext"))}


@check("missing-restore-source", "deployment")
def missing_restore_source(deployment: Deployment) -> Iterator[Finding]:
    """Names between claim, ReplicationSource, ReplicationDestination and their Secret."""
    for claim in deployment.of_kind("PersistentVolumeClaim"):
        source = mapping(claim.spec.get("dataSourceRef"))
        if source.get("kind") == "ReplicationDestination":
            yield from _absent(
                deployment,
                claim,
                "ReplicationDestination",
                source.get("name"),
                ("spec", "dataSourceRef", "name"),
            )
    for backup in deployment.of_kind("ReplicationSource"):
        yield from _absent(
            deployment,
            backup,
            "PersistentVolumeClaim",
            backup.spec.get("sourcePVC"),
            ("spec", "sourcePVC"),
        )
    for mover in deployment.of_kind("ReplicationSource", "ReplicationDestination"):
        repository = mapping(mover.spec.get("restic")).get("repository")
        if repository and not _is_made(deployment, str(repository)):
            yield mover.finding(
                f"nothing makes the Secret {repository}", ("spec", "restic", "repository")
            )
        destination = mover.kind == "ReplicationDestination"
        if destination and mapping(mover.spec.get("restic")).get("copyMethod") not in (
            None,
            "Snapshot",
        ):
            message = "only copyMethod Snapshot can be the source of a new claim"
            yield mover.finding(message, ("spec", "restic", "copyMethod"))


def _is_made(deployment: Deployment, secret: str) -> bool:
    return secret in secret_products(deployment) or deployment.exists("Secret", "", secret)


def _absent(
    deployment: Deployment, applied: Applied, kind: str, name: object, pointer: tuple[str, ...]
) -> Iterator[Finding]:
    if name and not deployment.has(kind, applied.namespace, str(name)):
        yield applied.finding(f"there is no {kind} {name}", pointer)
