"""Volumes for claims: what a storage provider does, with folders of this machine."""

from __future__ import annotations

import threading
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .api import Api, Object
from .node import NAME

CLASS = "ceph-block"


@dataclass(frozen=True)
class Volumes:
    """`folder` holds one folder for each volume, which outlives volume and claim."""

    folder: Path
    api: Api

    def of(self, claim: Object) -> Path:
        """The folder of a bound claim."""
        return self.folder / str(claim["spec"]["volumeName"])

    def provide(self, claim: Object) -> None:
        """Makes the volume of a claim; the controller manager binds the two."""
        name = f"volume-{claim['metadata']['uid']}"
        folder = self.folder / name
        # As a new ext4 file system has it.
        (folder / "lost+found").mkdir(parents=True, exist_ok=True)
        (folder / "lost+found").chmod(0o700)
        here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [NAME]}
        volume = {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": name},
            "spec": {
                "accessModes": claim["spec"]["accessModes"],
                "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
                "storageClassName": CLASS,
                "persistentVolumeReclaimPolicy": "Retain",
                # Unlike hostPath, the kubelet hands such a volume over to the pod's group.
                "local": {"path": str(folder)},
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
                "claimRef": {
                    "apiVersion": "v1",
                    "kind": "PersistentVolumeClaim",
                    "name": claim["metadata"]["name"],
                    "namespace": claim["metadata"]["namespace"],
                    "uid": claim["metadata"]["uid"],
                },
            },
        }
        self.api.request("POST", self.api.path("PersistentVolume", None), volume)

    def provide_pending(self) -> None:
        """Makes the volumes of all claims that wait for one."""
        for claim in self.api.list("PersistentVolumeClaim"):
            name = f"volume-{claim['metadata']['uid']}"
            if (
                claim["spec"].get("storageClassName") == CLASS
                and claim.get("status", {}).get("phase") == "Pending"
                and self.api.get("PersistentVolume", name) is None
            ):
                self.provide(claim)


@contextmanager
def volumes(folder: Path, api: Api) -> Iterator[Volumes]:
    """Answers claims of StorageClass CLASS until the block ends."""
    folder.mkdir()
    made = Volumes(folder, api)
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(0.3):
            try:
                made.provide_pending()
            except (OSError, urllib.error.HTTPError):
                continue  # the API server is being restarted

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield made
    finally:
        ended.set()
        thread.join()
