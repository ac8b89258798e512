"""What a run was made of: versions of the parts, and the machine."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from .api import Api
from .fleet import REPOSITORY, image

# Programs that are built from modules, and the file that pins each.
_BUILT = {
    "source-controller": "cluster",
    "kustomize-controller": "cluster",
    "helm-controller": "cluster",
    "external-secrets": "external-secrets",
}


def versions(api: Api) -> dict[str, str]:
    """Version of each part that a test's outcome may depend on, by its name."""
    kubernetes = json.loads(api.request("GET", "version"))["gitVersion"]
    opencode = image(REPOSITORY / "flux" / "workspaces.yaml").rpartition(":")[2]
    built = {name: _required(name, folder) for name, folder in _BUILT.items()}
    return {"Kubernetes": kubernetes, "OpenCode": opencode, **built}


def machine() -> str:
    """Processors and memory, in words."""
    kibibytes = re.findall(r"MemTotal: +(\d+) kB", Path("/proc/meminfo").read_text())
    return f"{os.cpu_count()} cores with {int(kibibytes[0]) / 2**20:.0f} GiB of memory"


def _required(name: str, folder: str) -> str:
    file = REPOSITORY / "tools" / folder / "go.mod"
    (found,) = re.findall(rf"(?m)^(?:require )?\s*\S+/{name} (v\S+)$", file.read_text())
    return str(found)
