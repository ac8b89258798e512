"""Volumes for claims: what a storage provider does, with folders of this machine.

It also takes snapshots, fills a claim from one, and lets a claim grow.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .api import Api, Object
from .node import NAME

CLASS = "ceph-block"
# The second is for what a backup may lose: its cache.
CLASSES = (CLASS, "openebs-hostpath")
SNAPSHOT = "VolumeSnapshot"


def _wants(claim: Object) -> str:
    return str(claim["spec"]["resources"]["requests"]["storage"])


def _has(claim: Object) -> str:
    """The capacity of a bound claim; empty while it waits."""
    return str(claim["status"].get("capacity", {}).get("storage", ""))


@dataclass(frozen=True)
class Volumes:
    """`folder` holds one folder for each volume and snapshot, which outlives its object."""

    folder: Path
    api: Api

    def of(self, claim: Object) -> Path:
        """The folder of a bound claim."""
        return self.folder / str(claim["spec"]["volumeName"])

    def provide(self, claim: Object) -> None:
        """Makes the volume of a claim; the controller manager binds the two."""
        name = f"volume-{claim['metadata']['uid']}"
        self._fill(self.folder / name, claim)
        here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [NAME]}
        volume = {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": name},
            "spec": {
                "accessModes": claim["spec"]["accessModes"],
                "capacity": {"storage": _wants(claim)},
                "storageClassName": claim["spec"]["storageClassName"],
                "persistentVolumeReclaimPolicy": "Retain",
                # Unlike hostPath, the kubelet hands such a volume over to the pod's group.
                "local": {"path": str(self.folder / name)},
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

    def _fill(self, folder: Path, claim: Object) -> None:
        source = claim["spec"].get("dataSourceRef")
        if source is None:
            # As a new ext4 file system has it.
            (folder / "lost+found").mkdir(parents=True, exist_ok=True)
            (folder / "lost+found").chmod(0o700)
            return
        snapshot = self.api.read(SNAPSHOT, source["name"], claim["metadata"]["namespace"])
        _copy(self.folder / snapshot["status"]["boundVolumeSnapshotContentName"], folder)

    def _is_wanted(self, claim: Object) -> bool:
        """Whether a claim waits for this provider; what another kind fills is made by that kind."""
        source = claim["spec"].get("dataSourceRef") or {"kind": SNAPSHOT}
        return (
            claim["spec"].get("storageClassName") in CLASSES
            and claim["status"].get("phase") == "Pending"
            and source["kind"] == SNAPSHOT
            and self.api.get("PersistentVolume", f"volume-{claim['metadata']['uid']}") is None
        )

    def snapshot(self, wanted: Object) -> None:
        """Takes a snapshot of the claim that it names, once that is bound."""
        meta = wanted["metadata"]
        source = wanted["spec"]["source"]["persistentVolumeClaimName"]
        claim = self.api.read("PersistentVolumeClaim", source, meta["namespace"])
        if not _has(claim):
            return
        name = f"snapshot-{meta['uid']}"
        _copy(self.of(claim), self.folder / name)
        status = {
            "boundVolumeSnapshotContentName": name,
            "readyToUse": True,
            "restoreSize": _has(claim),
        }
        path = f"{self.api.path(SNAPSHOT, meta['namespace'], meta['name'])}/status"
        body = {"status": status}
        self.api.request("PATCH", path, body, "application/merge-patch+json")

    def grow(self, claim: Object) -> None:
        """Gives a bound claim the capacity that it asks for."""
        wanted = {"capacity": {"storage": _wants(claim)}}
        self.api.patch("PersistentVolume", claim["spec"]["volumeName"], None, {"spec": wanted})
        meta = claim["metadata"]
        path = self.api.path("PersistentVolumeClaim", meta["namespace"], meta["name"])
        body = {"status": wanted}
        self.api.request("PATCH", f"{path}/status", body, "application/merge-patch+json")

    def work(self) -> None:
        """Does what claims and snapshots wait for."""
        for claim in self.api.list("PersistentVolumeClaim"):
            if self._is_wanted(claim):
                self.provide(claim)
            elif _has(claim) not in ("", _wants(claim)):
                self.grow(claim)
        for snapshot in self.api.list(SNAPSHOT):
            if not snapshot.get("status", {}).get("readyToUse"):
                self.snapshot(snapshot)


def _copy(source: Path, target: Path) -> None:
    """Owners, modes and links as they are; a half-made copy of an earlier try is completed."""
    target.mkdir(exist_ok=True)
    command = ["cp", "--archive", "--reflink=auto", f"{source}/.", str(target)]
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def volumes(folder: Path, logs: Path, api: Api) -> Iterator[Volumes]:
    """Answers claims of the storage classes CLASSES until the block ends."""
    folder.mkdir()
    log = logs / "storage.log"
    made = Volumes(folder, api)
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(0.3):
            try:
                made.work()
            # An API server that is being restarted, a claim or snapshot that goes, files that change while
            # they are copied: the next round sees to it, or the log tells who waits why.
            except (OSError, AssertionError, subprocess.CalledProcessError) as error:
                with log.open("a") as lines:
                    lines.write(f"{time.strftime('%X')} {error!r}\n")

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield made
    finally:
        ended.set()
        thread.join()
