"""Where a person follows a how-to: a shell with kubectl, git and the commands of outside services.

`doppler` and `gh` are stand-ins: they know what the pages use, and refuse everything else.
"""

from __future__ import annotations

import base64
import json
import os
import shlex
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING

import yaml

from workbench.remotes import quiet_environment

from .fleet import REPOSITORY, repository_of
from .forge import Forge

if TYPE_CHECKING:
    from .cluster import Cluster

# Less than a test may take, so that what the block has printed is told.
BLOCK_SECONDS = 200
END = "end of block 7f3a"


@dataclass(frozen=True)
class Shell:
    """One shell for a whole page, as a terminal: what a block sets, the next one has."""

    process: subprocess.Popen[str]
    folder: Path

    def run(self, text: str, place: str = "block") -> str:
        """What the commands print; AssertionError with it, and with `place`, as soon as one fails."""
        assert self.process.poll() is None, f"{place}: an earlier block has ended the shell"
        assert self.process.stdin
        assert self.process.stdout
        script = self.folder / "block.sh"
        script.write_text(text)
        limit = Timer(BLOCK_SECONDS, self.end)
        limit.start()
        self.process.stdin.write(f". {script} </dev/null\necho {END!r}\n")
        self.process.stdin.flush()
        printed: list[str] = []
        try:
            for line in self.process.stdout:
                printed.append(line)
                if line.endswith(f"{END}\n"):
                    return "".join(printed).removesuffix(f"{END}\n")
        finally:
            limit.cancel()
        said = "".join(printed)
        raise AssertionError(f"{place} failed, or took over {BLOCK_SECONDS} s:\n{said}")

    def end(self) -> None:
        """Ends it with everything that runs in it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


@contextmanager
def shell(folder: Path, directory: Path, environment: Mapping[str, str]) -> Iterator[Shell]:
    """A shell in `directory` until the block ends; `folder` is for its files."""
    with subprocess.Popen(
        ["bash", "--noprofile", "--norc", "-e", "-u", "-o", "pipefail"],
        cwd=directory,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Its own group, so that what a block has left running ends with it.
        start_new_session=True,
    ) as process:
        made = Shell(process, folder)
        try:
            yield made
        finally:
            made.end()


@contextmanager
def desk(cluster: Cluster, folder: Path) -> Iterator[Shell]:
    """A shell in the work tree of the cluster's repository, with every command the pages use."""
    standin = [sys.executable, "-m", __name__]
    commands = {
        "kubectl": [str(cluster.api.kubectl_program), "kubectl"],
        "opencode-workspace": [sys.executable, "-m", "opencode_workspace"],
        "doppler": [*standin, "doppler"],
        "gh": [*standin, "gh"],
    }
    (folder / "bin").mkdir(parents=True)
    (folder / "home").mkdir()
    for name, command in commands.items():
        program = folder / "bin" / name
        program.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
        program.chmod(0o755)
    forge = cluster.forge
    environment = {
        **quiet_environment(),
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "HOME": str(folder / "home"),
        "LC_ALL": "C.UTF-8",
        "KUBECONFIG": str(cluster.api.kubeconfig),
        "DOPPLER_URL": cluster.doppler.url,
        "DOPPLER_TOKEN": cluster.doppler.token,
        "FORGE": json.dumps([str(part) for part in (forge.root, forge.keys, forge.host_key)]),
    }
    with shell(folder, cluster.fleet.tree, environment) as made:
        yield made


def doppler(arguments: list[str], environment: Mapping[str, str]) -> None:
    """`doppler secrets set NAME=VALUE --silent`, or `NAME` with the value on stdin."""
    match arguments:
        case ["secrets", "set", name, "--silent"]:
            key, equals, value = name.partition("=")
        case _:
            sys.exit(f"the stand-in for doppler does not know: {arguments}")
    body = {"secrets": {key: value if equals else sys.stdin.read()}}
    word = base64.b64encode(f"{environment['DOPPLER_TOKEN']}:".encode()).decode()
    request = urllib.request.Request(
        f"{environment['DOPPLER_URL']}/v3/configs/config/secrets",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Basic {word}", "Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=10).close()


def gh(arguments: list[str], environment: Mapping[str, str]) -> None:
    """`gh repo deploy-key add FILE --repo OWNER/NAME …`; the new key takes the place of the old one."""
    match arguments:
        case ["repo", "deploy-key", "add", file, "--repo", named, *_]:
            root, keys, host_key = (Path(part) for part in json.loads(environment["FORGE"]))
            forge = Forge(root, keys, host_key)
            forge.replace_key(_here(named), Path(file).read_text())
        case _:
            sys.exit(f"the stand-in for gh does not know: {arguments}")


def _here(named: str) -> str:
    """The forge's name for a repository of the shipped catalogue."""
    catalogue = yaml.safe_load((REPOSITORY / "flux" / "workspaces.yaml").read_text())
    (workspace,) = (
        name
        for name, entry in catalogue["workspaces"].items()
        if entry["repository"].endswith(f":{named}.git")
    )
    return repository_of(workspace)


if __name__ == "__main__":
    {"doppler": doppler, "gh": gh}[sys.argv[1]](sys.argv[2:], os.environ)
