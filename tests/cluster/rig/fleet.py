"""The cluster's Git repository: this project's flux/ with the catalogue of the test cluster."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from workbench.remotes import git

from .forge import Forge
from .registry import ADDRESS

REPOSITORY = Path(__file__).parents[3]
PLATFORM = Path(__file__).parents[1] / "platform"
NAME = "owner/cluster.git"
DOMAIN = "example.test"


@dataclass(frozen=True)
class Fleet:
    """`tree` is a work tree of the repository that Flux reads."""

    tree: Path
    forge: Forge

    @property
    def catalogue(self) -> Path:
        """The file that says which workspaces there are."""
        return self.tree / "flux" / "workspaces.yaml"

    def app(self, workspace: str, file: str) -> Path:
        """A generated file of a workspace, such as helmrelease.yaml."""
        return self.tree / "flux/apps/opencode" / workspace / "app" / file

    def replace(self, workspace: str, file: str, old: str, new: str) -> None:
        """Replaces text in a generated file; AssertionError when it is not there."""
        path = self.app(workspace, file)
        text = path.read_text()
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new))

    def output(self, *arguments: str) -> str:
        """What `opencode-workspace` prints about the catalogue; AssertionError if it fails."""
        command = [sys.executable, "-m", "opencode_workspace", *arguments]
        command += ["--catalogue", str(self.catalogue)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def command(self, *arguments: str) -> None:
        """Runs `opencode-workspace` on the catalogue; AssertionError with what it said if it fails."""
        self.output(*arguments)

    def edit(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Changes the catalogue and generates the tree; nothing is committed."""
        catalogue = yaml.safe_load(self.catalogue.read_text())
        change(catalogue)
        self.catalogue.write_text(yaml.safe_dump(catalogue, sort_keys=False))
        self.command("generate")

    def push(self, message: str) -> str:
        """Commits everything and pushes it; gives the revision as Flux writes it."""
        git(self.tree, "add", "--all")
        git(self.tree, "commit", "--quiet", "--allow-empty", "--message", message)
        git(self.tree, "push", "--quiet", "origin", "main")
        return self.revision

    @property
    def revision(self) -> str:
        """The newest commit as Flux writes it."""
        return f"main@sha1:{git(self.tree, 'rev-parse', 'HEAD')}"

    @contextmanager
    def restored(self) -> Iterator[None]:
        """After the block the tree is what it was, as one more commit that is not pushed yet."""
        commit = git(self.tree, "rev-parse", "HEAD")
        try:
            yield
        finally:
            git(self.tree, "checkout", "--quiet", "--force", "main")
            git(self.tree, "clean", "--quiet", "--force", "-d")
            git(self.tree, "rm", "--quiet", "-r", "--", ".")
            git(self.tree, "checkout", "--quiet", commit, "--", ".")


def repository_of(workspace: str) -> str:
    """Path of a workspace's repository on the forge."""
    return f"owner/{workspace}.git"


def image(catalogue: Path) -> str:
    """The image that the catalogue gives every workspace."""
    named = yaml.safe_load(catalogue.read_text())["defaults"]["image"]
    return f"{named['repository']}:{named['tag']}"


def _adapt(forge: Forge) -> Callable[[dict[str, Any]], None]:
    def change(catalogue: dict[str, Any]) -> None:
        catalogue["chart"]["repository"] = f"oci://{ADDRESS}/charts/opencode-workspace"
        catalogue["cluster"]["variables"]["SECRET_DOMAIN"] = DOMAIN
        # There is no DNS in the cluster: the server is named by its address.
        catalogue["defaults"]["values"] = {"workspace": {"knownHosts": forge.known_hosts}}
        for name, workspace in catalogue["workspaces"].items():
            workspace["repository"] = forge.ssh_url(repository_of(name))

    return change


def make_fleet(folder: Path, forge: Forge) -> Fleet:
    """Puts flux/ and the chart, adapted, into a new repository of the forge, and pushes them."""
    forge.create(NAME)
    tree = folder / "fleet"
    git(folder, "clone", "--quiet", str(forge.root / NAME), str(tree))
    for part in ("flux", "charts"):
        shutil.copytree(REPOSITORY / part, tree / part)
    shutil.copytree(PLATFORM, tree / "platform")
    fleet = Fleet(tree, forge)
    fleet.edit(_adapt(forge))
    fleet.push("Two workspaces")
    return fleet


def bootstrap_documents(forge: Forge) -> list[dict[str, Any]]:
    """flux/bootstrap with the address of the repository, as its first lines ask for."""
    documents = yaml.safe_load_all((REPOSITORY / "flux/bootstrap/flux-system.yaml").read_text())
    found: list[dict[str, Any]] = list(documents)
    (source,) = (each for each in found if each["kind"] == "GitRepository")
    source["spec"]["url"] = forge.http_url(NAME)
    return found
