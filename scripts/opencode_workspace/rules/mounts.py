"""Where a container finds a file, and what its plain variables are."""

from __future__ import annotations

import posixpath
from functools import lru_cache
from typing import NamedTuple

from opencode_workspace.rules.podspec import volumes
from opencode_workspace.rules.source import Document, items


class Mount(NamedTuple):
    """A volume that holds a path.

    path: where it is mounted. source: what it is, without its name. rest: the path within the volume.
    """

    volume: str
    path: str
    source: Document
    rest: str


def variables(container: Document) -> dict[str, str]:
    """Variables of a container that are written out, and name no other one."""
    return {
        str(entry.get("name")): entry["value"]
        for entry in items(container.get("env"))
        if isinstance(entry.get("value"), str) and "$(" not in entry["value"]
    }


def held_by(pod: Document, container: Document, path: str) -> Mount | None:
    """What holds an absolute path, the innermost of all mounts; None when it is no known volume."""
    if not path.startswith("/"):
        return None
    path = _normal(path)
    above = [
        (_normal(where), mount)
        for mount in items(container.get("volumeMounts"))
        if isinstance(where := mount.get("mountPath"), str)
    ]
    above = [(where, mount) for where, mount in above if _is_within(path, where)]
    if not above:
        return None
    where, mount = max(above, key=lambda one: len(one[0]))
    for volume in volumes(pod):
        if volume.get("name") == mount.get("name") and not mount.get("subPathExpr"):
            source = {kind: fields for kind, fields in volume.items() if kind != "name"}
            rest = posixpath.join(str(mount.get("subPath") or ""), posixpath.relpath(path, where))
            rest = posixpath.normpath(rest)
            return Mount(str(mount.get("name")), where, source, rest)
    return None


@lru_cache(maxsize=512)
def _normal(path: str) -> str:
    return posixpath.normpath(path)


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
