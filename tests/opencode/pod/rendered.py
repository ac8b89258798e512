"""What the kubelet makes of a rendered container: command, environment and files, nothing retyped."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.manifests import Document, Manifests


@dataclass(frozen=True)
class Mount:
    """`source` at `path` in the container; no source is an empty directory of its own."""

    path: str
    source: Path | None
    read_only: bool


@dataclass(frozen=True)
class Container:
    """One container of the pod. grace: seconds between SIGTERM and SIGKILL. memory: bytes, the limit."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    directory: str
    mounts: tuple[Mount, ...]
    uid: int
    gid: int
    grace: int
    memory: int


@dataclass(frozen=True)
class Volumes:
    """The files behind a pod's mounts, below `folder`; the claim's are in `home` and stay."""

    folder: Path
    manifests: Manifests
    secret: Mapping[str, str]

    @property
    def home(self) -> Path:
        """The volume."""
        return self.folder / "home"

    def container(self, name: str) -> Container:
        """Container `name` of the rendered Deployment, its files written. The Secret holds `secret`."""
        spec, pod = self.manifests.container(name), self.manifests.pod
        security = pod["securityContext"]
        sources = {volume["name"]: self._source(volume, security) for volume in pod["volumes"]}
        return Container(
            name,
            (*spec["command"], *spec.get("args", ())),
            {entry["name"]: self._value(entry) for entry in spec["env"]},
            spec.get("workingDir", "/"),
            tuple(_mount(mount, sources[mount["name"]]) for mount in spec["volumeMounts"]),
            security["runAsUser"],
            security["runAsGroup"],
            pod["terminationGracePeriodSeconds"],
            _bytes(spec["resources"]["limits"]["memory"]),
        )

    def _value(self, entry: Document) -> str:
        if "valueFrom" not in entry:
            return str(entry["value"])
        return self.secret[entry["valueFrom"]["secretKeyRef"]["key"]]

    def _source(self, volume: Document, security: Document) -> Path | None:
        if "persistentVolumeClaim" in volume:
            if not self.home.exists():
                self.home.mkdir(mode=0o770)
                _give(self.home, security["runAsUser"], security["fsGroup"])
            return self.home
        if "emptyDir" in volume:
            return None
        folder = self.folder / str(volume["name"])
        folder.mkdir(exist_ok=True)
        for path, text, mode in self._files(volume):
            (folder / path).unlink(missing_ok=True)
            (folder / path).write_text(text, newline="")
            (folder / path).chmod(mode)
            _give(folder / path, os.geteuid(), security["fsGroup"])
        return folder

    def _files(self, volume: Document) -> list[tuple[str, str, int]]:
        if "configMap" in volume:
            source = volume["configMap"]
            data = self.manifests.one("ConfigMap", source["name"])["data"]
            return [(key, text, source["defaultMode"]) for key, text in data.items()]
        source = volume["secret"]
        items = {item["key"]: item["path"] for item in source["items"]}
        return [
            (items[key], text, source["defaultMode"])
            for key, text in self.secret.items()
            if key in items
        ]


def _mount(mount: Document, source: Path | None) -> Mount:
    if source is not None and "subPath" in mount:
        source = source / str(mount["subPath"])
    return Mount(mount["mountPath"], source, mount.get("readOnly", False))


def _give(path: Path, uid: int, gid: int) -> None:
    if os.geteuid() == 0:
        os.chown(path, uid, gid)


def _bytes(quantity: str) -> int:
    units: dict[str, Any] = {"Mi": 2**20, "Gi": 2**30}
    return int(quantity[:-2]) * int(units[quantity[-2:]])
