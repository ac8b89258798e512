"""Reads a docker-archive: its configuration, and its layers as one tree of files."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"


@dataclass(frozen=True)
class Image:
    """folder: its root file system. configuration: the OCI image configuration. size: bytes of the archive."""

    folder: Path
    configuration: Mapping[str, Any]
    size: int

    @property
    def settings(self) -> Mapping[str, Any]:
        """User, Env, Entrypoint, Labels and the like."""
        found: Mapping[str, Any] = self.configuration["config"]
        return found

    @property
    def environment(self) -> dict[str, str]:
        """What a container gets when it says nothing else."""
        return dict(entry.split("=", 1) for entry in self.settings["Env"])


def unpack(archive: Path) -> Image:
    """The image in `archive`, unpacked beside it once; root only, because files keep their owners."""
    folder = archive.with_suffix(".root")
    with tarfile.open(archive) as outer:
        (manifest,) = _json(outer, "manifest.json")
        configuration = _json(outer, manifest["Config"])
        with archive.with_suffix(".lock").open("w") as lock:
            # The workers of one run unpack it together.
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                part = folder.with_suffix(".part")
                shutil.rmtree(part, ignore_errors=True)
                part.mkdir(mode=0o755)
                for layer in manifest["Layers"]:
                    _apply(outer, layer, part)
                part.rename(folder)
    return Image(folder, configuration, archive.stat().st_size)


def _json(archive: tarfile.TarFile, name: str) -> Any:
    member = archive.extractfile(name)
    assert member, f"{name} is not in the archive"
    return json.loads(member.read())


def _apply(archive: tarfile.TarFile, name: str, folder: Path) -> None:
    member = archive.extractfile(name)
    assert member, f"layer {name} is not in the archive"
    with tarfile.open(fileobj=member) as layer:
        for path in map(Path, layer.getnames()):
            if path.name == _OPAQUE:
                shutil.rmtree(folder / path.parent, ignore_errors=True)
            elif path.name.startswith(_WHITEOUT):
                _remove(folder / path.parent / path.name.removeprefix(_WHITEOUT))
    member.seek(0)
    command = ["tar", "--extract", "--numeric-owner", "--same-owner", "--preserve-permissions"]
    command += [f"--exclude={_WHITEOUT}*", "--directory", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as tar:
        assert tar.stdin
        shutil.copyfileobj(member, tar.stdin, 1024 * 1024)
        tar.stdin.close()
    assert tar.returncode == 0, f"layer {name} cannot be unpacked"


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
