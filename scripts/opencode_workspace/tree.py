"""From the catalogue to the files of the Flux tree."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from opencode_workspace import editor, yamlio
from opencode_workspace.catalogue import (
    SCHEMA_NAME,
    SHARED_SOURCE,
    Catalogue,
    Workspace,
    schema_text,
)
from opencode_workspace.naming import PREFIX
from opencode_workspace.values import difference, workspace_values

FLUX_NAMESPACE = "flux-system"

_FLUX_SCHEMAS = "https://raw.githubusercontent.com/fluxcd-community/flux2-schemas/main"
_SCHEMAS = {
    "namespace": "https://kubernetesjsonschema.dev/v1.18.1-standalone-strict/namespace-v1.json",
    "kustomize": "https://json.schemastore.org/kustomization",
    "kustomization": f"{_FLUX_SCHEMAS}/kustomization-kustomize-v1.json",
    "ocirepository": f"{_FLUX_SCHEMAS}/ocirepository-source-v1.json",
    # Beside the workspaces, so that a copy of their folder has it too.
    "helmrelease": f"../../{editor.SCHEMA_NAME}",
    "externalsecret": "https://raw.githubusercontent.com/datreeio/CRDs-catalog/main/external-secrets.io/externalsecret_v1.json",
}
_PATHS = (
    *(
        f"apps/*/{name}"
        for name in (
            "namespace.yaml",
            "kustomization.yaml",
            "ocirepository.yaml",
            editor.SCHEMA_NAME,
        )
    ),
    f"apps/*/{PREFIX}*/ks.yaml",
    f"apps/*/{PREFIX}*/app/*.yaml",
)
Document = dict[str, Any]


def files(
    catalogue: Catalogue,
    chart_values: Mapping[str, Any],
    chart_schema: Mapping[str, Any],
    template_kind: str,
) -> dict[PurePosixPath, bytes]:
    """Every generated file, by path relative to the catalogue's folder.

    chart_values: the chart's values.yaml; a HelmRelease holds only what differs from it.
    chart_schema: the chart's values.schema.json; editors check a HelmRelease's values with it.
    template_kind: kind of the volume template: Kustomization or Component.
    """
    namespace = PurePosixPath("apps") / catalogue.cluster["namespace"]
    written = {
        PurePosixPath(SCHEMA_NAME): schema_text().encode(),
        namespace / editor.SCHEMA_NAME: editor.text(
            chart_schema, chart_values, header(catalogue)
        ).encode(),
        namespace / "namespace.yaml": _text(catalogue, "namespace", namespace_document(catalogue)),
        namespace / "kustomization.yaml": _text(catalogue, "kustomize", aggregate(catalogue)),
    }
    if catalogue.shares_chart:
        written[namespace / "ocirepository.yaml"] = _text(
            catalogue,
            "ocirepository",
            oci_repository(catalogue, SHARED_SOURCE, catalogue.cluster["namespace"]),
        )
    for workspace in catalogue.workspaces:
        app = namespace / workspace.app
        written |= {
            app / "ks.yaml": _text(catalogue, "kustomization", kustomization(catalogue, workspace)),
            app / "app/kustomization.yaml": _text(
                catalogue, "kustomize", resources(catalogue, app, template_kind)
            ),
            app / "app/externalsecret.yaml": _text(
                catalogue, "externalsecret", external_secret(catalogue, workspace)
            ),
            app / "app/helmrelease.yaml": _text(
                catalogue, "helmrelease", helm_release(catalogue, workspace, chart_values)
            ),
        }
        if not catalogue.shares_chart:
            written[app / "app/ocirepository.yaml"] = _text(
                catalogue, "ocirepository", oci_repository(catalogue, workspace.app)
            )
    return written


def header(catalogue: Catalogue) -> str:
    """What a generated file says of itself; the catalogue's name tells the trees of two apart."""
    name = catalogue.path.name
    return (
        f"# Generated from {name} by `opencode-workspace generate`: edit that file, not this one."
    )


def is_generated(catalogue: Catalogue, content: bytes) -> bool:
    """Whether `files` wrote it for this catalogue: it may be replaced or removed, any other not."""
    return header(catalogue).encode() in content[:1024]


def is_ours(path: PurePosixPath) -> bool:
    """Whether `files` writes to such a path, relative to the catalogue's folder, in any namespace."""
    return any(path.match(pattern) for pattern in _PATHS)


def _text(catalogue: Catalogue, schema: str, document: Document) -> bytes:
    comment = f"# yaml-language-server: $schema={_SCHEMAS[schema]}\n{header(catalogue)}\n---\n"
    return (comment + yamlio.dump(document)).encode()


def namespace_document(catalogue: Catalogue) -> Document:
    """The namespace: never pruned, and closed to pods that are not Pod Security restricted."""
    levels = {
        f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")
    }
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": catalogue.cluster["namespace"],
            "labels": {"kustomize.toolkit.fluxcd.io/prune": "disabled", **levels},
        },
    }


def aggregate(catalogue: Catalogue) -> Document:
    """The kustomization that lists the namespace, what is in it for all workspaces, and each workspace."""
    source = ["./ocirepository.yaml"] if catalogue.shares_chart else []
    workspaces = (f"./{workspace.app}/ks.yaml" for workspace in catalogue.workspaces)
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["./namespace.yaml", *source, *workspaces],
    }


def _is_true(condition: str) -> str:
    """CEL: the object has this condition, and it is true."""
    return (
        "has(status.conditions) && "
        f"status.conditions.exists(e, e.type == '{condition}' && e.status == 'True')"
    )


def kustomization(catalogue: Catalogue, workspace: Workspace) -> Document:
    """The Flux Kustomization of one workspace."""
    cluster = catalogue.cluster
    namespace = cluster["namespace"]
    path = f"{cluster['root']}/apps/{namespace}/{workspace.app}/app"
    health = [
        ("external-secrets.io/v1", "ExternalSecret", workspace.secret),
        ("source.toolkit.fluxcd.io/v1", "OCIRepository", catalogue.chart_source(workspace)),
        ("helm.toolkit.fluxcd.io/v2", "HelmRelease", workspace.app),
    ]
    return {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": workspace.app, "namespace": FLUX_NAMESPACE},
        "spec": {
            "targetNamespace": namespace,
            "commonMetadata": {"labels": {"app.kubernetes.io/name": workspace.app}},
            "dependsOn": cluster["dependsOn"],
            "path": path,
            "prune": True,
            "sourceRef": cluster["source"],
            "healthChecks": [
                {"apiVersion": version, "kind": kind, "name": name, "namespace": namespace}
                for version, kind, name in health
            ],
            "healthCheckExprs": [
                # An ExternalSecret without conditions would count as healthy (kstatus); no `failed` here:
                # it would be true of conditions that are not there yet.
                {
                    "apiVersion": "external-secrets.io/v1",
                    "kind": "ExternalSecret",
                    "current": _is_true("Ready"),
                },
                # A HelmRelease stays Ready with the chart it has when the next one cannot be fetched.
                {
                    "apiVersion": "source.toolkit.fluxcd.io/v1",
                    "kind": "OCIRepository",
                    "current": _is_true("Ready"),
                    "failed": _is_true("FetchFailed"),
                },
            ],
            "interval": "1h",
            "retryInterval": "2m",
            # Longer than the HelmRelease's, so that its message is the one that is seen.
            "timeout": "20m",
            "postBuild": {
                "substitute": {
                    "APP": workspace.app,
                    "VOLSYNC_CAPACITY": workspace.volume,
                    "VOLSYNC_SCHEDULE": backup_schedule(workspace.app),
                },
                "substituteFrom": cluster["substituteFrom"],
            },
        },
    }


def backup_schedule(app: str) -> str:
    """Hourly, at a minute hashed from the name, so that the workspaces do not start their backups together."""
    return f"{int.from_bytes(hashlib.sha256(app.encode()).digest()[:4]) % 60} * * * *"


def resources(catalogue: Catalogue, app: PurePosixPath, template_kind: str) -> Document:
    """The kustomization of one workspace's folder."""
    source = [] if catalogue.shares_chart else ["./ocirepository.yaml"]
    own = ["./externalsecret.yaml", *source, "./helmrelease.yaml"]
    template = [posixpath.relpath(catalogue.cluster["volumeTemplate"], app / "app")]
    listed = (
        {"resources": own, "components": template}
        if template_kind == "Component"
        else {"resources": own + template}
    )
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        **listed,
    }


def external_secret(catalogue: Catalogue, workspace: Workspace) -> Document:
    """What fills the workspace's Secret from the secret store."""
    keys = workspace.secret_keys
    entries = {
        "GIT_DEPLOY_KEY": keys.deploy_key,
        "GIT_TOKEN": keys.git_token,
        "SERVER_PASSWORD": keys.server_password,
        "COPILOT_AUTH_JSON": keys.copilot_auth,
    }
    used = {entry: key for entry, key in entries.items() if key}
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": workspace.secret},
        "spec": {
            # As external-secrets writes it when it adds its finalizer: Flux would undo that, and every secret
            # be fetched once more.
            "refreshInterval": "15m0s",
            "secretStoreRef": catalogue.cluster["secretStore"],
            "target": {
                "name": workspace.secret,
                "creationPolicy": "Owner",
                "template": {
                    "engineVersion": "v2",
                    "data": {entry: f"{{{{ .{key} }}}}" for entry, key in used.items()},
                },
            },
            "data": [
                {"secretKey": key, "remoteRef": {"key": key}} for key in sorted(set(used.values()))
            ],
        },
    }


def oci_repository(catalogue: Catalogue, name: str, namespace: str = "") -> Document:
    """Where the chart comes from. namespace: empty when the Flux Kustomization sets it."""
    credentials = catalogue.chart.get("secretRef")
    return {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "OCIRepository",
        "metadata": {"name": name, **({"namespace": namespace} if namespace else {})},
        "spec": {
            "interval": "15m",
            "url": catalogue.chart["repository"],
            "ref": {"tag": catalogue.chart["version"]},
            "layerSelector": {
                "mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
                "operation": "copy",
            },
            **({"secretRef": credentials} if credentials else {}),
        },
    }


def helm_release(
    catalogue: Catalogue, workspace: Workspace, chart_values: Mapping[str, Any]
) -> Document:
    """The release, with only the values that differ from the chart's."""
    # RetryOnFailure neither uninstalls nor rolls back: a failed install must not take the volume with it.
    retry = {"strategy": {"name": "RetryOnFailure", "retryInterval": "2m"}}
    return {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": workspace.app},
        "spec": {
            "interval": "1h",
            "timeout": "10m",
            "releaseName": workspace.app,
            "chartRef": {"kind": "OCIRepository", "name": catalogue.chart_source(workspace)},
            "dependsOn": catalogue.cluster["releaseDependsOn"],
            "install": retry,
            "upgrade": retry,
            "driftDetection": {"mode": "enabled"},
            "values": difference(
                chart_values, workspace_values(catalogue, workspace, chart_values)
            ),
        },
    }
