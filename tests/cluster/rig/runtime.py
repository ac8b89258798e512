"""containerd, the bridge its pods are on, and the images they use."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .api import Object
from .processes import Process

POD_ADDRESSES = "10.244.0.0/24"
PAUSE = "localhost/pause:1"
PLUGINS = "io.containerd.grpc.v1.cri"


@dataclass(frozen=True)
class Runtime:
    """`process` may be killed and started again: pods run on."""

    process: Process
    socket: Path

    def images(self, *arguments: str | Path) -> str:
        """Output of `ctr images`; CalledProcessError when it fails."""
        command = ["ctr", f"--address={self.socket}", "--namespace=k8s.io", "images", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def load(self, archive: Path, name: str) -> None:
        """Imports an archive that holds one image, under the name that pods use."""
        before = set(self.images("list", "--quiet").split())
        self.images("import", archive)
        (loaded,) = {
            image
            for image in set(self.images("list", "--quiet").split()) - before
            if not image.startswith("sha256:")
        }
        if loaded != name:
            self.images("tag", loaded, name)


def _containerd(folder: Path, logs: Path) -> Process:
    cri = {
        "sandbox_image": PAUSE,
        "restrict_oom_score_adj": True,
        "disable_apparmor": True,
        "disable_hugetlb_controller": True,
        "tolerate_missing_hugetlb_controller": True,
    }
    lines = [
        "version = 2",
        f'root = "{folder}/root"',
        f'state = "{folder}/state"',
        f'[grpc]\naddress = "{folder}/sock"',
        f'[plugins."{PLUGINS}"]',
        *(f"{key} = {json.dumps(value)}" for key, value in cri.items()),
        f'[plugins."{PLUGINS}".containerd]\nsnapshotter = "overlayfs"',
        f'[plugins."{PLUGINS}".containerd.runtimes.runc]\nruntime_type = "io.containerd.runc.v2"',
        f'[plugins."{PLUGINS}".containerd.runtimes.runc.options]\nSystemdCgroup = false',
        f'[plugins."{PLUGINS}".cni]\nbin_dir = "/usr/lib/cni"\nconf_dir = "{folder}/net.d"',
    ]
    (folder / "containerd.toml").write_text("\n".join(lines) + "\n")
    network = {
        "cniVersion": "0.4.0",
        "name": "pods",
        "plugins": [
            {
                "type": "bridge",
                "bridge": "pods0",
                "isGateway": True,
                "hairpinMode": True,
                "ipam": {
                    "type": "host-local",
                    "dataDir": f"{folder}/addresses",
                    "ranges": [[{"subnet": POD_ADDRESSES}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            }
        ],
    }
    (folder / "net.d").mkdir()
    (folder / "net.d" / "pods.conflist").write_text(json.dumps(network))

    def ready() -> bool:
        check = ["ctr", f"--address={folder}/sock", "version"]
        return subprocess.run(check, capture_output=True).returncode == 0

    command = ["containerd", "--config", folder / "containerd.toml"]
    return Process("containerd", command, logs, ready)


def make_image(archive: Path, name: str, layers: Sequence[Path], settings: Object) -> Path:
    """An archive of an image: `layers` are tars, `settings` what the image says about its process."""
    configuration = {
        "architecture": "amd64" if os.uname().machine == "x86_64" else "arm64",
        "os": "linux",
        "config": settings,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_digest(layer)}" for layer in layers]},
    }
    names = [f"{number}.tar" for number in range(len(layers))]
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": names}]
    with tarfile.open(archive, "w") as tar:
        for file, content in {"manifest.json": manifest, "config.json": configuration}.items():
            text = json.dumps(content).encode()
            header = tarfile.TarInfo(file)
            header.size = len(text)
            tar.addfile(header, io.BytesIO(text))
        for layer, file in zip(layers, names, strict=True):
            tar.add(layer, file)
    return archive


def make_layer(layer: Path, files: Mapping[Path, str]) -> Path:
    """A tar of files of this machine, by the paths that they have in an image."""
    with tarfile.open(layer, "w") as tar:
        for file, inside in files.items():
            tar.add(file.resolve(), inside, filter=_owned_by_root)
    return layer


def _owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.mode = 0o755
    return entry


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _make_pause(folder: Path) -> Path:
    """The image that holds a pod's namespaces: nothing but busybox, waiting."""
    layer = make_layer(folder / "layer.tar", {Path("/bin/busybox"): "busybox"})
    settings = {"Entrypoint": ["/busybox", "tail", "-f", "/dev/null"]}
    return make_image(folder / "pause.tar", PAUSE, [layer], settings)


@contextmanager
def runtime(folder: Path, logs: Path) -> Iterator[Runtime]:
    """containerd with nothing but the image that every pod needs, its files in `folder`."""
    folder.mkdir()
    with _containerd(folder, logs) as process:
        made = Runtime(process, folder / "sock")
        made.load(_make_pause(folder), PAUSE)
        yield made
