"""containerd, the bridge its pods are on, and the images they use."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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


def _make_pause(folder: Path) -> Path:
    """An archive of the image that holds a pod's namespaces: nothing but busybox, waiting."""
    busybox = "/bin/busybox"
    layer, archive = folder / "layer.tar", folder / "pause.tar"
    with tarfile.open(layer, "w") as tar:
        tar.add(busybox, "busybox")
    configuration = {
        "architecture": "amd64" if os.uname().machine == "x86_64" else "arm64",
        "os": "linux",
        "config": {"Entrypoint": ["/busybox", "tail", "-f", "/dev/null"]},
        "rootfs": {
            "type": "layers",
            "diff_ids": [f"sha256:{hashlib.sha256(layer.read_bytes()).hexdigest()}"],
        },
    }
    (folder / "config.json").write_text(json.dumps(configuration))
    manifest = [{"Config": "config.json", "RepoTags": [PAUSE], "Layers": ["layer.tar"]}]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with tarfile.open(archive, "w") as tar:
        for name in ("manifest.json", "config.json", "layer.tar"):
            tar.add(folder / name, name)
    return archive


@contextmanager
def runtime(folder: Path, logs: Path) -> Iterator[Runtime]:
    """containerd with nothing but the image that every pod needs, its files in `folder`."""
    folder.mkdir()
    with _containerd(folder, logs) as process:
        made = Runtime(process, folder / "sock")
        made.load(_make_pause(folder), PAUSE)
        yield made
