"""How Flux's controllers run: as they come, and as many workspaces want them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

CONTROLLERS = ("source-controller", "kustomize-controller", "helm-controller")
# The rig's own requeue interval is for tests that wait; these are what a cluster has.
SETTINGS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "stock": ("--requeue-dependency=30s",),
        "tuned": (
            "--concurrent=20",
            "--requeue-dependency=5s",
            "--kube-api-qps=500",
            "--kube-api-burst=1000",
        ),
    }
)
