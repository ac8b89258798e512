"""Rendered text to Kubernetes objects, in the order in which Helm installs them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from opencode_workspace.errors import UserError
from opencode_workspace.yamlio import parse_rendered

HOOK = "helm.sh/hook"

# Helm splits wherever a line starts with three dashes, whatever follows them.
_SEPARATOR = re.compile(r"^---[ \t]*", re.MULTILINE)
_SOURCE = re.compile(r"\s*# Source: ([^\n]+)\n")
_HOOK_EVENTS = frozenset(
    (
        *("pre-install", "post-install", "pre-delete", "post-delete", "pre-upgrade"),
        *("post-upgrade", "pre-rollback", "post-rollback", "test", "test-success"),
    )
)
# InstallOrder of Helm 4 (pkg/release/v1/util/kind_sorter.go); other kinds follow by name.
_INSTALL_ORDER = (
    *("PriorityClass", "Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange"),
    *("PodSecurityPolicy", "PodDisruptionBudget", "ServiceAccount", "Secret", "SecretList"),
    *("ConfigMap", "StorageClass", "PersistentVolume", "PersistentVolumeClaim"),
    *("CustomResourceDefinition", "ClusterRole", "ClusterRoleList", "ClusterRoleBinding"),
    *("ClusterRoleBindingList", "Role", "RoleList", "RoleBinding", "RoleBindingList", "Service"),
    *("DaemonSet", "Pod", "ReplicationController", "ReplicaSet", "Deployment"),
    *("HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob", "IngressClass", "Ingress"),
    *("APIService", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"),
)
_RANK = {kind: rank for rank, kind in enumerate(_INSTALL_ORDER)}


@dataclass(frozen=True)
class Manifest:
    """One Kubernetes object that Helm made.

    document: the object as the API server reads it. source: the template, `chart/templates/x.yaml`.
    """

    document: dict[str, Any]
    source: str = ""

    @property
    def kind(self) -> str:
        """`kind`."""
        return str(self.document["kind"])

    @property
    def name(self) -> str:
        """`metadata.name`."""
        return str(self.document["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """`metadata.namespace`; empty when the object names none."""
        return str(self.document["metadata"].get("namespace") or "")

    @property
    def is_hook(self) -> bool:
        """Whether Helm runs it at an event, `helm test` for instance, rather than keeping it."""
        return HOOK in (self.document["metadata"].get("annotations") or {})


def from_output(text: str, *, hooks: bool) -> tuple[Manifest, ...]:
    """Manifests in the output of `helm template`; see `from_templates`."""
    found: list[Manifest] = []
    source = ""
    for chunk in _SEPARATOR.split(text):
        # Helm 3 may leave a template's own `---` between the comment and the object.
        match = _SOURCE.match(chunk)
        source = match[1] if match else source
        found.extend(_manifests(source, chunk))
    return _ordered(found, hooks=hooks)


def from_templates(rendered: Mapping[str, str], *, hooks: bool) -> tuple[Manifest, ...]:
    """Manifests in rendered templates, keyed by path, in Helm's install order.

    hooks: also return the hooks, after everything else.

    Raises UserError, with the template, for text that is not YAML or not a Kubernetes object.
    """
    found: list[Manifest] = []
    for source in sorted(rendered):
        file = source.rpartition("/")[2]
        if not file.startswith("_") and file != "NOTES.txt":
            for chunk in _SEPARATOR.split(rendered[source]):
                found.extend(_manifests(source, chunk))
    return _ordered(found, hooks=hooks)


def _manifests(source: str, chunk: str) -> Iterable[Manifest]:
    if not chunk or chunk.isspace():
        return
    for document in parse_rendered(chunk, source):
        metadata = document.get("metadata") if isinstance(document, dict) else None
        if not isinstance(metadata, dict) or not metadata.get("name") or "kind" not in document:
            raise UserError(
                "rendered to something that is not a Kubernetes object",
                source,
                "Every document needs apiVersion, kind and metadata.name",
            )
        yield Manifest(document, source)


def _ordered(manifests: Iterable[Manifest], *, hooks: bool) -> tuple[Manifest, ...]:
    kept: list[Manifest] = []
    for manifest in manifests:
        if not manifest.is_hook or (hooks and _is_known_hook(manifest)):
            kept.append(manifest)
    return tuple(sorted(kept, key=_position))


def _is_known_hook(manifest: Manifest) -> bool:
    """Helm drops a hook for an event that it does not know."""
    events = str(manifest.document["metadata"]["annotations"][HOOK]).split(",")
    return all(event.strip().lower() in _HOOK_EVENTS for event in events)


def _position(manifest: Manifest) -> tuple[bool, int, str]:
    rank = _RANK.get(manifest.kind)
    if rank is None:
        return manifest.is_hook, len(_RANK), manifest.kind
    return manifest.is_hook, rank, ""
