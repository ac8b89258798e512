"""Definitions of the custom kinds that the test cluster serves, from the modules that tools/cluster/crds.txt names."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

TOOLS = Path(__file__).parents[2] / "tools"
CLUSTER = TOOLS / "cluster"


@functools.cache
def definitions() -> dict[tuple[str, str], dict[str, Any]]:
    """The schema of each version, by (apiVersion, kind). Modules that are not in Go's cache are downloaded."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for folder in _folders():
        for path in sorted(folder.glob("*.yaml")):
            # Others beside them are for kustomize, and what checks the definitions themselves.
            if "\nkind: CustomResourceDefinition" not in (text := path.read_text()):
                continue
            for document in yaml.load_all(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
                group, kind = document["spec"]["group"], document["spec"]["names"]["kind"]
                for version in document["spec"]["versions"]:
                    schema = version["schema"]["openAPIV3Schema"]
                    found[f"{group}/{version['name']}", kind] = schema
    return found


def _folders() -> Iterator[Path]:
    module = (CLUSTER / "go.mod").read_text()
    required = dict(re.findall(r"(?m)^\s+(\S+) (v\S+)", module))
    language = re.findall(r"(?m)^go (\S+)", module)[0]
    go = _output([str(TOOLS / "go.sh"), language])
    for line in (CLUSTER / "crds.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, folder = line.split()
            versioned = name if "@" in name else f"{name}@{required[name]}"
            answer = json.loads(_output([go, "mod", "download", "-json", versioned]))
            yield Path(answer["Dir"], folder)


def _output(command: list[str]) -> str:
    # Outside of any module of the repository, whose files it would want to change.
    settings = {**os.environ, "GOFLAGS": "", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env=settings, cwd="/"
    ).stdout.strip()
