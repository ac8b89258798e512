"""The values that one workspace of the catalogue gives the chart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opencode_workspace.catalogue import Catalogue, Workspace
from opencode_workspace.plain import overlay

Document = dict[str, Any]


def workspace_values(
    catalogue: Catalogue, workspace: Workspace, chart_values: Mapping[str, Any]
) -> Document:
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
