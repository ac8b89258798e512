"""Adds a workspace to the catalogue and takes one out, keeping the comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from opencode_workspace import yamlio
from opencode_workspace.catalogue import Catalogue, Workspace, load, parse
from opencode_workspace.errors import UserError
from opencode_workspace.naming import PREFIX


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
    text = yamlio.read_text(path)
    expected = yamlio.parse(text, str(path))[0]
    expected["workspaces"][name] = entry
    return _edited(path, _inserted(text, name, entry), expected)


def remove(path: Path, name: str) -> tuple[str, Catalogue]:
    """The catalogue's text without one workspace, and what it says; nothing is written.

    Raises UserError when there is no such workspace.
    """
    load(path).select([name])
    text = yamlio.read_text(path)
    expected = yamlio.parse(text, str(path))[0]
    del expected["workspaces"][name]
    return _edited(path, _taken_out(text, name), expected)


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


def _inserted(text: str, name: str, entry: Mapping[str, str]) -> str:
    """`text` with one more entry behind the last one, in the indentation and line ends of the file."""
    lines = text.splitlines(keepends=True)
    key, value = _workspaces(text)
    end = "\r\n" if text.endswith("\r\n") else "\n"
    indent = " " * (value.value[0][0].start_mark.column if value.value else 2)
    added = [f"{indent}{line}{end}" for line in yamlio.dump({name: entry}).splitlines()]
    if value.value:
        place = _last_line(lines, value) + 1
        lines[place - 1] = lines[place - 1].rstrip("\r\n") + end
    else:
        place = key.start_mark.line + 1
        lines[place - 1] = f"workspaces:{end}"
    return "".join([*lines[:place], *added, *lines[place:]])


def _taken_out(text: str, name: str) -> str:
    """`text` without an entry, the comment right above it and the blank lines below it."""
    lines = text.splitlines(keepends=True)
    key, value = _workspaces(text)
    (entry,) = [pair for pair in value.value if pair[0].value == name]
    first, last = entry[0].start_mark.line, _last_line(lines, entry[1])
    while lines[first - 1].lstrip().startswith("#"):
        first -= 1
    while last + 1 < len(lines) and not lines[last + 1].strip():
        last += 1
    if len(value.value) == 1:
        lines[key.start_mark.line] = lines[key.start_mark.line].replace(":", ": {}", 1)
    return "".join([*lines[:first], *lines[last + 1 :]])


def _workspaces(text: str) -> tuple[Any, Any]:
    """Key and value node of `workspaces`."""
    root: Any = yaml.compose(text)
    return next((key, value) for key, value in root.value if key.value == "workspaces")


def _last_line(lines: Sequence[str], node: Any) -> int:
    """Last line with content of a node; a block ends where the next one begins."""
    last, column = node.end_mark.line, node.end_mark.column
    if last == len(lines) or not lines[last][:column].strip():
        last -= 1
    while not lines[last].strip() or lines[last].lstrip().startswith("#"):
        last -= 1
    return int(last)


def _edited(path: Path, text: str, expected: Mapping[str, Any]) -> tuple[str, Catalogue]:
    """The edited text, proven to say what was asked for and nothing else."""
    try:
        said = yamlio.parse(text, str(path))[0]
    except UserError:
        said = None
    if said != expected:
        raise UserError(
            "the catalogue is written in a way that cannot be edited here",
            str(path),
            "Edit `workspaces` by hand, and run `opencode-workspace generate`",
        )
    return text, parse(text, path)
