"""Adds a workspace to the catalogue and takes one out, keeping the comments."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from opencode_workspace import yamlio
from opencode_workspace.catalogue import PREFIX, Catalogue, Workspace, load, parse
from opencode_workspace.errors import UserError


def add(path: Path, name: str, *, repository: str, host: str | None) -> tuple[str, Catalogue]:
    """The catalogue's text with one workspace more, and what it says; nothing is written.

    host: None derives it from the longest wildcard of the gateway's certificate.
    Raises UserError when there is such a workspace, and UserErrors when the new entry is mistaken.
    """
    catalogue = load(path)
    if any(workspace.name == name for workspace in catalogue.workspaces):
        raise UserError(
            f"there is a workspace {name!r} already",
            str(path),
            "Choose another name, or edit it there",
        )
    entry = {"repository": repository, "host": host or _host(catalogue, name)}
    return _edited(path, lambda workspaces: workspaces.update({name: entry}))


def remove(path: Path, name: str) -> tuple[str, Catalogue]:
    """The catalogue's text without one workspace, and what it says; nothing is written.

    Raises UserError when there is no such workspace.
    """
    load(path).select([name])
    return _edited(path, lambda workspaces: workspaces.pop(name))


def steps_after_adding(catalogue: Catalogue, workspace: Workspace) -> list[str]:
    """What a person still has to do, one step a line."""
    keys = workspace.secret_keys
    store = catalogue.cluster["secretStore"]["name"]
    used = (keys.deploy_key, keys.git_token, keys.server_password, keys.copilot_auth)
    steps = [
        f"In the secret store ({store}) these keys must exist: {', '.join(key for key in used if key)}"
    ]
    if keys.deploy_key:
        steps.append(
            f"A new deploy key: ssh-keygen -t ed25519 -N '' -C {workspace.app} -f {workspace.app}"
        )
        steps.append(
            f"Its private half goes under {keys.deploy_key}, {workspace.app}.pub to the repository"
        )
    steps.append("Commit and push; Flux does the rest")
    return steps


def steps_after_removing(workspace: Workspace, namespace: str) -> list[str]:
    """What stays in the cluster and how to delete it for good, one step a line."""
    return [
        f"Commit and push: Flux deletes the pod, the Secret and the route of {workspace.app}",
        f"The claim {workspace.app} in namespace {namespace} and its backups stay",
        f"To delete the data for good: kubectl --namespace {namespace} delete pvc {PREFIX}{workspace.name}",
    ]


def _host(catalogue: Catalogue, name: str) -> str:
    names: list[str] = catalogue.cluster["gateway"]["certificateNames"]
    wildcards = [name for name in names if name.startswith("*.")]
    if not wildcards:
        raise UserError(
            "the gateway's certificate has no wildcard",
            str(catalogue.path),
            "Give the host with --host",
        )
    return name + max(wildcards, key=len)[1:]


def _edited(path: Path, change: Any) -> tuple[str, Catalogue]:
    editor = YAML()
    editor.preserve_quotes = True
    editor.width = 10**6
    editor.indent(mapping=2, sequence=4, offset=2)
    document = editor.load(yamlio.read_text(path))
    change(document["workspaces"])
    buffer = io.StringIO()
    editor.dump(document, buffer)
    text = buffer.getvalue()
    return text, parse(text, path)
