"""From the catalogue to the files of the Flux tree."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from opencode_workspace import editor, yamlio
from opencode_workspace.catalogue import SCHEMA_NAME, Catalogue, Workspace, schema_text
from opencode_workspace.naming import PREFIX
from opencode_workspace.plain import overlay

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
    *(f"apps/*/{name}" for name in ("namespace.yaml", "kustomization.yaml", editor.SCHEMA_NAME)),
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
            app / "app/ocirepository.yaml": _text(
                catalogue, "ocirepository", oci_repository(catalogue, workspace)
            ),
            app / "app/helmrelease.yaml": _text(
                catalogue, "helmrelease", helm_release(catalogue, workspace, chart_values)
            ),
        }
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
    """The kustomization that lists the namespace and each workspace."""
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["./namespace.yaml", *(f"./{w.app}/ks.yaml" for w in catalogue.workspaces)],
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
        ("source.toolkit.fluxcd.io/v1", "OCIRepository", workspace.app),
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
    own = ["./externalsecret.yaml", "./ocirepository.yaml", "./helmrelease.yaml"]
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
            "refreshInterval": "15m",
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


def oci_repository(catalogue: Catalogue, workspace: Workspace) -> Document:
    """Where the chart comes from."""
    credentials = catalogue.chart.get("secretRef")
    return {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "OCIRepository",
        "metadata": {"name": workspace.app},
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
            "chartRef": {"kind": "OCIRepository", "name": workspace.app},
            "dependsOn": catalogue.cluster["releaseDependsOn"],
            "install": retry,
            "upgrade": retry,
            "driftDetection": {"mode": "enabled"},
            "values": difference(chart_values, values(catalogue, workspace, chart_values)),
        },
    }


def values(catalogue: Catalogue, workspace: Workspace, chart_values: Mapping[str, Any]) -> Document:
    """The chart's values for one workspace; may repeat defaults of the chart."""
    named = catalogue.cluster["gateway"]
    gateway = {key: named[key] for key in ("name", "namespace", "sectionName") if key in named}
    proxies = named.get("proxyNamespace", named["namespace"])
    # A null tag takes away the chart's: an image by digest alone must not bear it.
    untagged = {} if "tag" in workspace.image else {"tag": None}
    image = {"image": {**untagged, **workspace.image}} if workspace.image else {}
    keys = workspace.secret_keys
    optional = {
        "deploy-key": keys.deploy_key,
        "git-token": keys.git_token,
        "auth-json": keys.copilot_auth,
    }
    unused: Document = {item: {"enabled": False} for item, key in optional.items() if not key}
    return overlay(
        {
            "workspace": {
                "repository": workspace.repository,
                "branch": workspace.branch,
                "update": workspace.update,
            },
            "controllers": {
                "workspace": {
                    "replicas": 0 if workspace.parked else 1,
                    "initContainers": {"init-workspace": image},
                    "containers": {"app": image},
                }
            },
            "route": {
                "app": {"enabled": True, "parentRefs": [gateway], "hostnames": [workspace.host]}
            },
            "persistence": {
                "config": {"existingClaim": workspace.app},
                **unused,
            },
            "networkpolicies": {
                "app": {
                    "enabled": True,
                    "rules": {"ingress": _ingress(proxies)},
                }
            },
        },
        _without_spent_nulls(workspace.values, catalogue.values, chart_values),
    )


def _without_spent_nulls(
    values: Mapping[str, Any], below: Mapping[str, Any], chart_values: Mapping[str, Any]
) -> Document:
    """`values` without each null that took away a default of the catalogue: the chart has none there to take."""
    if not below:
        return dict(values)
    kept: Document = {}
    for key, value in values.items():
        base, default = below.get(key), chart_values.get(key)
        if value is None and key in below and key not in chart_values:
            continue
        if isinstance(value, Mapping) and isinstance(base, Mapping):
            value = _without_spent_nulls(value, base, default if isinstance(default, dict) else {})
        kept[key] = value
    return kept


def _ingress(gateway_namespace: str) -> list[Document]:
    gateway = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": gateway_namespace}}
    }
    door_test = {"podSelector": {"matchLabels": {"app.kubernetes.io/component": "door-test"}}}
    return [{"from": [gateway, door_test], "ports": [{"port": 4096}]}]


# Named whole or not at all: half a name helps no reader and no update bot.
_WHOLE = "image"


def difference(defaults: Mapping[str, Any], wanted: Mapping[str, Any]) -> Document:
    """The part of `wanted` that Helm, merging it over `defaults`, needs to arrive at `wanted`."""
    needed: Document = {}
    for key, value in wanted.items():
        default = defaults.get(key)
        if isinstance(value, Mapping) and isinstance(default, Mapping):
            if below := difference(default, value):
                needed[key] = value if key == _WHOLE else below
        elif type(value) is not type(default) or value != default:
            needed[key] = value
    return needed
