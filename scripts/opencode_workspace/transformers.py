"""kustomize's namespace, label and annotation transformers, on plain documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opencode_workspace import subjects
from opencode_workspace.identity import ResourceId, resource_id
from opencode_workspace.kustomization import Unsupported

# Kinds kustomize's built-in OpenAPI schema knows to have no namespace; it takes any other kind,
# a custom ClusterIssuer for instance, for a namespaced one.
_CLUSTER_SCOPED = frozenset(
    (
        ("", "ComponentStatus"),
        ("", "Namespace"),
        ("", "Node"),
        ("", "PersistentVolume"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("apiregistration.k8s.io", "APIService"),
        ("certificates.k8s.io", "CertificateSigningRequest"),
        ("networking.k8s.io", "IngressClass"),
        ("node.k8s.io", "RuntimeClass"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("storage.k8s.io", "CSIDriver"),
        ("storage.k8s.io", "CSINode"),
        ("storage.k8s.io", "StorageClass"),
        ("storage.k8s.io", "VolumeAttachment"),
    )
)
# kustomize rewrites namespaces inside these too, for a service that is part of the same build.
_REFERS_TO_SERVICES = frozenset(
    (
        *("APIService", "CustomResourceDefinition"),
        *("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"),
    )
)
_POD_TEMPLATE = ("spec", "template", "metadata", "annotations")
_JOB_TEMPLATE = ("spec", "jobTemplate", "metadata", "annotations")
_JOB_POD_TEMPLATE = ("spec", "jobTemplate", "spec", "template", "metadata", "annotations")
_ANNOTATED_TEMPLATES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "ReplicationController": (_POD_TEMPLATE,),
    "Deployment": (_POD_TEMPLATE,),
    "ReplicaSet": (_POD_TEMPLATE,),
    "DaemonSet": (_POD_TEMPLATE,),
    "StatefulSet": (_POD_TEMPLATE,),
    "Job": (_POD_TEMPLATE,),
    "CronJob": (_JOB_TEMPLATE, _JOB_POD_TEMPLATE),
}


def effective_id(document: Mapping[str, Any]) -> ResourceId:
    """Id of the object for kustomize's duplicate check, where no namespace means `default`."""
    identity = resource_id(document)
    if _is_cluster_scoped(identity):
        return identity._replace(namespace="")
    return identity._replace(namespace=identity.namespace or "default")


def set_namespace(documents: Sequence[dict[str, Any]], namespace: str, source: str) -> None:
    """Puts every namespaced object into `namespace` and gives a Namespace object that name.

    source: the kustomization file, for messages. Raises Unsupported for kinds inside which kustomize
    would change the namespaces of services as well.
    """
    for document in documents:
        identity = resource_id(document)
        if identity.kind in subjects.BINDINGS:
            subjects.move_default(document, namespace)
        if identity.kind in _REFERS_TO_SERVICES:
            raise Unsupported(
                f"the namespace of {identity.type}/{identity.name} cannot be set here",
                source,
                "Write the namespace into the object and list it in another Kustomization",
            )
        if (identity.group, identity.version, identity.kind) == ("", "v1", "Namespace"):
            document["metadata"]["name"] = namespace
        elif not _is_cluster_scoped(identity):
            document["metadata"]["namespace"] = namespace


def annotate(document: dict[str, Any], annotations: Mapping[str, str] | None) -> None:
    """Sets commonAnnotations on the object and on the pod templates of the built-in workloads."""
    paths = _ANNOTATED_TEMPLATES.get(document["kind"], ())
    for path in (("metadata", "annotations"), *paths):
        set_map(document, path, annotations or {})


def set_map(document: dict[str, Any], path: Sequence[str], values: Mapping[str, str]) -> None:
    """Sets each of `values` in the mapping at `path`, which is created when there are any."""
    if not values:
        return
    target = document
    for step in path:
        if not isinstance(target.get(step), dict):
            target[step] = {}
        target = target[step]
    target.update(values)


def _is_cluster_scoped(identity: ResourceId) -> bool:
    return (identity.group, identity.kind) in _CLUSTER_SCOPED
