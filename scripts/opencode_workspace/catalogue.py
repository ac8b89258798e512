"""The catalogue `workspaces.yaml`: read, validated, and as dataclasses."""

from __future__ import annotations

import functools
import importlib.resources
import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opencode_workspace import schema, substitution, yamlio
from opencode_workspace.errors import EXIT_FINDINGS, UserError, UserErrors

PREFIX = "opencode-"
SCHEMA_NAME = "workspaces.schema.json"

# Helm refuses longer release names: it leaves room for suffixes in 63 characters.
RELEASE_NAME_LIMIT = 53
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
# A password, or a user name that is a token by its prefix (GitHub, GitLab).
_CREDENTIALS = re.compile(
    r"[a-z+]+://[^/]*:[^/]*@|[a-z+]+://(gh[a-z]_|github_pat_|gl[a-z]+-)[^/]*@"
)
_SSH = re.compile(
    r"[A-Za-z0-9_][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^\s:-]\S*"
    r"|ssh://([A-Za-z0-9_][A-Za-z0-9._-]*@)?([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?/\S+"
)
_HTTPS = re.compile(
    r"https://([A-Za-z0-9_][A-Za-z0-9._+-]*@)?"
    r"([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?/\S+"
)

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
    """

    path: Path
    cluster: Object
    chart: Object
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
    def chart_path(self) -> Path:
        """The chart on disk."""
        return Path(posixpath.normpath((self.directory / self.chart["path"]).as_posix()))

    def resolve(self, flux_path: str) -> Path:
        """The folder on disk that a Flux Kustomization's `spec.path` names.

        Raises UserError when the path is not below `cluster.root`.
        """
        root = posixpath.normpath(self.cluster["root"])
        path = posixpath.normpath(flux_path)
        if path != root and not path.startswith(f"{root}/"):
            raise UserError(
                f"spec.path {flux_path!r} is not below the catalogue's cluster.root {self.cluster['root']!r}",
                str(self.path),
                "Set cluster.root to where this folder lies in the repository that Flux reads",
            )
        return self.directory / path[len(root) :].lstrip("/")

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

    def mistake(pointer: Sequence[str | int], what: str, remedy: str) -> UserError:
        line = yamlio.line_of(text, pointer)
        return UserError(what, f"{path}:{line}", remedy, exit_code=EXIT_FINDINGS)

    mistakes = [
        mistake(
            v.pointer,
            f"/{'/'.join(map(str, v.pointer))}: {v.message}",
            "See workspaces.schema.json",
        )
        for v in schema.validate(data, _schema())
    ]
    if mistakes:
        raise UserErrors(mistakes)
    mistakes = [mistake(*found) for found in _mistakes(data)]
    if mistakes:
        raise UserErrors(mistakes)
    return _catalogue(path, data)


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
        if _SSH.fullmatch(_resolved(entry["repository"], variables))
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


def overlay(base: Object, top: Object) -> dict[str, Any]:
    """Both maps merged, `top` over `base`; a null stays, because for Helm it deletes a default of the chart."""
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = overlay(below, value)
        else:
            merged[key] = value
    return merged


Mistake = tuple[Sequence[str | int], str, str]


def _mistakes(data: dict[str, Any]) -> Iterator[Mistake]:
    """What the schema cannot say, as (pointer, problem, remedy)."""
    variables = data["cluster"].get("variables", {})
    certificate = data["cluster"]["gateway"]["certificateNames"]
    hosts: dict[str, str] = {}
    for name, entry in data["workspaces"].items():
        pointer = ("workspaces", name)
        yield from _name_mistakes(pointer, name)
        if name.endswith("-volsync") and name.removesuffix("-volsync") in data["workspaces"]:
            yield (
                pointer,
                f"its Secret would be that of the backup of {name.removesuffix('-volsync')!r}",
                "Choose another name",
            )
        undefined = list(_undefined(pointer, entry, variables))
        yield from undefined
        if undefined:
            continue
        defaults = data.get("defaults", {}).get("values", {})
        inner = overlay(defaults, entry.get("values", {})).get("workspace") or {}
        for place, repository in (
            ((*pointer, "repository"), entry["repository"]),
            ((*pointer, "values", "workspace", "repository"), inner.get("repository")),
        ):
            if isinstance(repository, str):
                yield from _repository_mistakes(place, _resolved(repository, variables))
        host = entry["host"]
        yield from _host_mistakes((*pointer, "host"), host, variables, certificate)
        resolved = _resolved(host, variables)
        if resolved in hosts:
            yield (
                (*pointer, "host"),
                f"workspace {hosts[resolved]!r} has the same host",
                "Give each its own",
            )
        hosts.setdefault(resolved, name)


def _undefined(
    pointer: Sequence[str | int], entry: Object, variables: Mapping[str, str]
) -> Iterator[Mistake]:
    """Variables that Flux would not find, under strict substitution (Flux 2.9)."""
    for field, value in entry.items():
        unknown = substitution.names(yamlio.dump({field: value})) - set(variables)
        if unknown:
            yield (
                (*pointer, field),
                f"{field} uses {', '.join(sorted(unknown))}, which cluster.variables does not have",
                "Add it there with an example value, or write $${…} for literal text",
            )


def _resolved(text: str, variables: Mapping[str, str]) -> str:
    """With the example values of the cluster's variables, as Flux will read it."""
    return substitution.substitute(text, variables, strict=True)


def _name_mistakes(pointer: Sequence[str | int], name: str) -> Iterator[Mistake]:
    if not _LABEL.fullmatch(name):
        yield (
            pointer,
            f"the workspace name {name!r} is not an RFC 1123 label",
            "Use lower-case letters, digits and dashes, and a letter or digit at both ends",
        )
    elif len(PREFIX + name) > RELEASE_NAME_LIMIT:
        yield (
            pointer,
            f"the release name {PREFIX + name!r} is longer than {RELEASE_NAME_LIMIT} characters",
            f"Shorten the workspace name to {RELEASE_NAME_LIMIT - len(PREFIX)}",
        )


def _repository_mistakes(pointer: Sequence[str | int], repository: str) -> Iterator[Mistake]:
    if _CREDENTIALS.match(repository):
        yield (
            pointer,
            "the repository URL holds a password or token",
            "Take it out, revoke it, and name the key of a new one in secretKeys.gitToken",
        )
    elif repository and not _SSH.fullmatch(repository) and not _HTTPS.fullmatch(repository):
        yield (
            pointer,
            "the repository is neither an ssh nor an https URL",
            "Write git@host:owner/name.git, ssh://git@host/owner/name.git or https://host/owner/name.git",
        )


def _host_mistakes(
    pointer: Sequence[str | int],
    host: str,
    variables: Mapping[str, str],
    certificate: Sequence[str],
) -> Iterator[Mistake]:
    name = _resolved(host, variables)
    if not _HOST.fullmatch(name) or len(name) > 253:
        yield (
            pointer,
            f"the host {name!r} is not a host name",
            "Write lower-case labels with dots, without scheme, port and path",
        )
        return
    names = [_resolved(pattern, variables) for pattern in certificate]
    if not any(covers(pattern, name) for pattern in names):
        yield (
            pointer,
            f"the gateway's certificate does not cover {name!r} (it has {', '.join(names)}; "
            "a wildcard covers one label)",
            "Use a host that it covers, or add the name to the certificate and to cluster.gateway.certificateNames",
        )


def covers(pattern: str, host: str) -> bool:
    """Whether a certificate name covers a host: equal, or `*` in place of its first label (RFC 6125, 6.4.3)."""
    if pattern.startswith("*."):
        return host.partition(".")[2] == pattern[2:]
    return host == pattern
