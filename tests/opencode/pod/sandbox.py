"""Runs a container of the rendered pod in namespaces of its own: read-only root, no capabilities.

bubblewrap does it, because it needs neither a daemon nor, with `network="host"`, root.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.opencode.pod.rendered import Container, Mount
from workbench.packages import program

Network = Literal["private", "host"]

# What a program of this machine needs to run; its users' files stay outside.
_MACHINE = ("bin", "etc", "lib", "lib32", "lib64", "libx32", "sbin", "usr")
# The kubelet's, or empty in an image.
_OWN = (
    "dev",
    "proc",
    "sys",
    "tmp",
    "run",
    "home",
    "mnt",
    "media",
    "boot",
    "root",
    "srv",
    "lost+found",
)


@dataclass(frozen=True)
class Root:
    """A root file system. extra: more files, as path in the container to path on this machine."""

    folder: Path
    environment: Mapping[str, str]
    extra: Mapping[str, Path] = field(default_factory=dict)

    def entries(self) -> list[str]:
        """Names in / that the container gets."""
        if self.folder == Path("/"):
            return [name for name in _MACHINE if Path("/", name).exists()]
        return sorted(entry.name for entry in self.folder.iterdir() if entry.name not in _OWN)


@dataclass
class Running:
    """A container's processes. first: its PID 1, as this machine counts."""

    container: Container
    process: subprocess.Popen[bytes]
    first: int
    log_file: Path

    @property
    def log(self) -> str:
        """stdout and stderr so far."""
        return self.log_file.read_text(errors="replace")

    def processes(self) -> dict[int, str]:
        """State (R, S, Z …) of each process in the container, by its number on this machine."""
        with contextlib.suppress(FileNotFoundError):
            namespace = Path(f"/proc/{self.first}/ns/pid").readlink()
            return {
                int(entry.name): state
                for entry in Path("/proc").glob("[0-9]*")
                if (state := _state(entry, namespace))
            }
        return {}

    def named(self, name: str) -> int:
        """The oldest process of the container whose program is called `name`."""
        found = [pid for pid in sorted(self.processes()) if _name(pid) == name]
        assert found, f"no process {name} in the container; log:\n{self.log}"
        return found[0]

    def signal(self, sent: signal.Signals) -> None:
        """Sends a signal to PID 1."""
        os.kill(self.first, sent)

    def ended(self) -> bool:
        """Whether the container is gone."""
        return self.process.poll() is not None

    def wait(self, seconds: float | None = None) -> int:
        """Exit code as the kubelet reports it; AssertionError after `seconds`, or the grace period."""
        limit = self.container.grace if seconds is None else seconds
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {limit} s; log:\n{self.log}") from None


def need_root() -> None:
    """RuntimeError for who cannot look into a private network from outside."""
    if os.geteuid():
        raise RuntimeError("a pod with a network of its own takes root: run the slow tests as root")


@contextmanager
def running(
    container: Container, root: Root, log_file: Path, network: Network = "private"
) -> Iterator[Running]:
    """Starts the container; what is left of it is killed at the end of the block."""
    if network == "private":
        need_root()
    reader, writer = os.pipe()
    with log_file.open("wb") as log, os.fdopen(reader, "rb") as information:
        process = subprocess.Popen(
            _command(container, root, network, writer),
            env={**root.environment, **container.environment},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=[writer],
            start_new_session=True,
        )
        os.close(writer)
        told = information.read()
    try:
        if not told:
            raise RuntimeError(f"bubblewrap did not start: {log_file.read_text()}")
        yield Running(container, process, json.loads(told)["child-pid"], log_file)
    finally:
        if process.poll() is None:
            if told:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(json.loads(told)["child-pid"], signal.SIGKILL)
            else:
                process.kill()
        process.wait(20)


def output(command: Sequence[str], root: Root, log_file: Path) -> str:
    """What a command prints in a container with an empty volume; AssertionError when it fails."""
    empty = (Mount("/home/user", None, False), Mount("/tmp", None, False))
    container = Container("tool", tuple(command), {}, "/", empty, 1000, 1000, grace=60, memory=0)
    with running(container, root, log_file) as pod:
        assert pod.wait() == 0, pod.log
        return pod.log


def _command(container: Container, root: Root, network: Network, writer: int) -> list[str]:
    command = [program("bwrap"), "--info-fd", str(writer), "--as-pid-1"]
    command += ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--hostname", container.name]
    command += ["--unshare-net"] if network == "private" else []
    command += _root(root, {mount.path for mount in container.mounts})
    for mount in container.mounts:
        command += _parents(mount.path)
        if mount.source is None:
            command += ["--perms", "0777", "--tmpfs", mount.path]
        else:
            kind = "--ro-bind" if mount.read_only else "--bind"
            command += [kind, str(mount.source), mount.path]
    command += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/"]
    command += ["--chdir", container.directory, "--"]
    if os.geteuid():
        switch = ["--unshare-user", "--uid", str(container.uid), "--gid", str(container.gid)]
        command[1:1] = [*switch, "--die-with-parent"]
        return [*command, *container.command]
    # Not bubblewrap's user namespace: in it files of root would seem to belong to nobody.
    switch = ["/usr/bin/setpriv", "--reuid", str(container.uid), "--regid", str(container.gid)]
    switch += ["--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]
    return [*command, *switch, "--pdeathsig", "KILL", *container.command]


def _root(root: Root, mounted: set[str]) -> list[str]:
    """/ and /etc are made anew, as places for mounts; what lies in them comes from `root`."""
    options = []
    for name in root.entries():
        if name != "etc":
            options += _bind(root.folder / name, f"/{name}")
    options += ["--dir", "/etc"]
    for entry in sorted(root.folder.joinpath("etc").iterdir()):
        if f"/etc/{entry.name}" not in mounted | set(root.extra):
            options += _bind(entry, f"/etc/{entry.name}")
    for path, source in root.extra.items():
        options += _parents(path)
        options += ["--ro-bind", str(source), path]
    return options


def _parents(path: str) -> list[str]:
    # Left to itself, bubblewrap makes them for root alone.
    return [
        option for parent in reversed(Path(path).parents[:-1]) for option in ("--dir", str(parent))
    ]


def _bind(source: Path, path: str) -> list[str]:
    if source.is_symlink():
        return ["--symlink", str(source.readlink()), path]
    return ["--ro-bind", str(source), path]


def _state(entry: Path, namespace: Path) -> str:
    with contextlib.suppress(OSError):
        if (entry / "ns/pid").readlink() == namespace:
            return (entry / "stat").read_text().rpartition(")")[2].split()[0]
    return ""


def _name(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""
