"""The catalogue `workspaces.yaml`: read, validated, and as dataclasses."""

from __future__ import annotations

import functools
import importlib.resources
import json
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from opencode_workspace import mistakes, schema, yamlio
from opencode_workspace.errors import EXIT_FINDINGS, UserError, UserErrors
from opencode_workspace.mistakes import Mistake
from opencode_workspace.naming import PREFIX
from opencode_workspace.plain import overlay
from opencode_workspace.repository import is_ssh
from opencode_workspace.violation import Steps

SCHEMA_NAME = "workspaces.schema.json"
# Name of the OCIRepository where one serves all workspaces: that of the chart.
SHARED_SOURCE = "opencode-workspace"

Object = Mapping[str, Any]


@dataclass(frozen=True)
class SecretKeys:
    """Keys of the secret store that make one workspace's Secret; None: not used."""

    server_password: str
    deploy_key: str | None
    git_token: str | None
    copilot_auth: str | None


@dataclass(frozen=True)
class Workspace:
    """One entry below `workspaces`, with the defaults filled in."""

    name: str
    repository: str
    host: str
    branch: str
    update: str
    parked: bool
    volume: str
    image: Object
    secret_keys: SecretKeys
    values: Object

    @property
    def app(self) -> str:
        """Name of its release and of everything it owns."""
        return PREFIX + self.name

    @property
    def secret(self) -> str:
        """Name of its Secret: the chart's default."""
        return f"{self.app}-secret"


@dataclass(frozen=True)
class Catalogue:
    """A valid catalogue.

    path: the file. cluster, chart: the blocks of that name, as written, with the optional lists filled in.
    values: defaults.values, which each workspace's own lie over.
    """

    path: Path
    cluster: Object
    chart: Object
    values: Object
    workspaces: tuple[Workspace, ...]

    @property
    def directory(self) -> Path:
        """The folder that `cluster.root` names in the repository that Flux reads."""
        return self.path.parent

    @property
    def variables(self) -> Mapping[str, str]:
        """Example values of the cluster's variables."""
        variables: Mapping[str, str] = self.cluster["variables"]
        return variables

    @property
    def shares_chart(self) -> bool:
        """Whether one OCIRepository serves all workspaces, instead of one for each."""
        return bool(self.chart.get("shared"))

    def chart_source(self, workspace: Workspace) -> str:
        """Name of the OCIRepository that a workspace's chart comes from."""
        return SHARED_SOURCE if self.shares_chart else workspace.app

    @property
    def chart_path(self) -> Path:
        """The chart on disk."""
        return Path(posixpath.normpath((self.directory / self.chart["path"]).as_posix()))

    def resolve(self, flux_path: str) -> Path:
        """The folder on disk that a Flux Kustomization's `spec.path` names.

        Raises UserError when the path is not below `cluster.root`.
        """
        root = PurePosixPath(posixpath.normpath(self.cluster["root"]))
        path = PurePosixPath(posixpath.normpath(flux_path))
        if not path.is_relative_to(root) or ".." in path.parts:
            raise UserError(
                f"spec.path {flux_path!r} is not below the catalogue's cluster.root {self.cluster['root']!r}",
                str(self.path),
                "Set cluster.root to where this folder lies in the repository that Flux reads",
            )
        return self.directory / path.relative_to(root)

    def select(self, names: Sequence[str]) -> tuple[Workspace, ...]:
        """The named workspaces, all of them when none is named, in the catalogue's order."""
        known = {workspace.name for workspace in self.workspaces}
        for name in names:
            if name not in known:
                short = name.removeprefix(PREFIX)
                hint = (
                    f"Did you mean {short!r}?"
                    if short in known
                    else f"Use one of: {', '.join(sorted(known))}"
                )
                raise UserError(f"there is no workspace {name!r}", str(self.path), hint)
        return tuple(w for w in self.workspaces if not names or w.name in names)


def schema_text() -> str:
    """The JSON schema of the catalogue, as text."""
    return importlib.resources.files("opencode_workspace").joinpath(SCHEMA_NAME).read_text("utf-8")


@functools.cache
def _schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(schema_text())
    return loaded


def load(path: Path) -> Catalogue:
    """Reads and validates a catalogue; see `parse` for the errors."""
    return parse(yamlio.read_text(path), path)


def parse(text: str, path: Path) -> Catalogue:
    """Validates the text of a catalogue that lies, or will lie, at `path`.

    Raises UserError when it cannot be read as YAML, and UserErrors (exit code 1) with every mistake in it,
    each with its line. The value of a repository is never repeated: it may hold a password.
    """
    documents = yamlio.parse(text, str(path))
    if len(documents) != 1 or not isinstance(documents[0], dict):
        raise UserError(
            "this is not a catalogue", str(path), "Start from the project's flux/workspaces.yaml"
        )
    data: dict[str, Any] = documents[0]

    found = [
        Mistake(v.pointer, f"{v.json_pointer}: {v.message}", _advice(v.pointer))
        for v in schema.validate(data, _schema())
    ] or list(mistakes.find(data))
    if found:
        raise UserErrors(
            [
                UserError(
                    mistake.problem,
                    f"{path}:{yamlio.line_of(text, mistake.pointer)}",
                    mistake.remedy,
                    exit_code=EXIT_FINDINGS,
                )
                for mistake in found
            ]
        )
    return _catalogue(path, data)


def _advice(pointer: Steps) -> str:
    """What may stand at a place, from the schema's description and its example."""
    node: Any = _schema()
    for step in pointer:
        node = _member(node, step)
    if "examples" not in node:
        return "See workspaces.schema.json"
    return f"{node['description']} Write it like {node['examples'][0]}"


def _member(node: Mapping[str, Any], step: str | int) -> Mapping[str, Any]:
    while "$ref" in node:
        node = _schema()["definitions"][node["$ref"].rpartition("/")[2]]
    if isinstance(step, int):
        found = node.get("items")
    else:
        found = node.get("properties", {}).get(step, node.get("additionalProperties"))
    return found if isinstance(found, dict) else {}


def _catalogue(path: Path, data: dict[str, Any]) -> Catalogue:
    cluster = {
        "substituteFrom": [],
        "variables": {},
        "dependsOn": [],
        "releaseDependsOn": [],
        **data["cluster"],
    }
    defaults = data.get("defaults", {})
    return Catalogue(
        path=path,
        cluster=cluster,
        chart=data["chart"],
        values=defaults.get("values", {}),
        workspaces=tuple(
            _workspace(name, entry, defaults, cluster["variables"])
            for name, entry in data["workspaces"].items()
        ),
    )


def _workspace(
    name: str, entry: dict[str, Any], defaults: dict[str, Any], variables: Mapping[str, str]
) -> Workspace:
    keys = {**defaults.get("secretKeys", {}), **entry.get("secretKeys", {})}
    upper = name.upper().replace("-", "_")
    deploy_key = (
        f"OPENCODE_{upper}_DEPLOY_KEY"
        if is_ssh(mistakes.resolved(entry["repository"], variables))
        else None
    )
    return Workspace(
        name=name,
        repository=entry["repository"],
        host=entry["host"],
        branch=entry.get("branch", ""),
        update=entry.get("update", "none"),
        parked=entry.get("parked", False),
        volume=entry.get("volume", defaults.get("volume", "5Gi")),
        image=entry.get("image", defaults.get("image", {})),
        secret_keys=SecretKeys(
            server_password=keys.get("serverPassword", "OPENCODE_SERVER_PASSWORD"),
            deploy_key=keys.get("deployKey", deploy_key),
            git_token=keys.get("gitToken"),
            copilot_auth=keys.get("copilotAuth", "OPENCODE_COPILOT_AUTH_JSON"),
        ),
        values=overlay(defaults.get("values", {}), entry.get("values", {})),
    )
