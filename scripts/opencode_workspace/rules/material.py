"""Keys, tokens and passwords that must not be in Git."""

from __future__ import annotations

import functools
import importlib.resources
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from opencode_workspace import yamlio
from opencode_workspace.errors import UserError
from opencode_workspace.rules import texts
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.literals import has_secret_name, is_sample, is_written_out
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.source import Source, mapping
from opencode_workspace.rules.tree import Tree

# In base64 a certificate begins as a key does, up to here.
_CERTIFICATE = re.compile(r"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS")
_REFERENCE = re.compile(r"\s*(?:\$\{[^}]*\}|ENC\[.*\]|<path:.*>|)\s*", re.DOTALL)
_VARIABLE = re.compile(r"(?:export\s+)?([A-Za-z_]\w*)\s*=\s*([\"']?)(.*?)\2\s*(?:\s#.*)?")
_ENVIRONMENT = re.compile(r"\.env(?:\..*|rc)?|.*\.env")
_SAMPLE_FILES = (".example", ".sample", ".template", ".dist", ".tmpl", ".j2")
_LOGIN = frozenset(
    ("refresh", "access", "key", "token", "access_token", "refresh_token", "id_token", "api_key")
)


class _Credential(NamedTuple):
    name: str
    marks: tuple[str, ...]
    pattern: re.Pattern[str]


@functools.cache
def _credentials() -> tuple[_Credential, ...]:
    folder = importlib.resources.files("opencode_workspace.rules")
    text = folder.joinpath("credentials.yaml").read_text("utf-8")
    return tuple(
        _Credential(
            entry["name"], tuple(entry["marks"]), re.compile(entry["pattern"].strip(), re.ASCII)
        )
        for entry in yamlio.parse(text, "credentials.yaml")[0]
    )


@check("inline-secret", "tree")
def inline_secret(tree: Tree) -> Iterator[Finding]:
    """Private keys and tokens of a known form in any file, and passwords in files that are for them."""
    unreadable: list[OSError] = []
    for path in texts.files(tree.folder.root):
        try:
            yield from _in_file(path)
        except OSError as error:
            unreadable.append(error)
    # Once everything else was looked at.
    if unreadable:
        listed = ", ".join(str(error.filename) for error in unreadable)
        raise UserError(f"cannot be read: {listed}", remedy="Check the permissions")


def _in_file(path: Path) -> Iterator[Finding]:
    if path.stat().st_size > texts.LARGEST:
        message = "this file is too large to be searched for keys and tokens"
        yield Finding(message, path, severity="warning")
        return
    for piece in texts.pieces(path):
        yield from _in_text(piece, path)
    if _ENVIRONMENT.fullmatch(path.name) and not path.name.endswith(_SAMPLE_FILES):
        yield from _in_environment(path)
    elif path.name == "auth.json":
        yield from _in_logins(path)


def _in_text(piece: texts.Piece, path: Path) -> Iterator[Finding]:
    text = piece.text
    for name, marks, pattern in _credentials():
        if not any(mark in text for mark in marks):
            continue
        for match in pattern.finditer(text):
            value = match["value"] if "value" in pattern.groupindex else match[0]
            if match.start() < piece.end and not is_sample(value) and not _CERTIFICATE.match(value):
                line = piece.line + text.count("\n", 0, match.start())
                yield Finding(f"{name} is committed here", path, line)


def _in_environment(path: Path) -> Iterator[Finding]:
    """Variables of a file such as `.env`."""
    for line, text in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
        match = _VARIABLE.fullmatch(text.strip())
        if match and has_secret_name(match[1]) and is_written_out(match[3]):
            yield Finding(f"the value of {match[1]} is committed here", path, line)


def _in_logins(path: Path) -> Iterator[Finding]:
    """What OpenCode and others keep of a login: a provider's keys and tokens."""
    text = path.read_text("utf-8", "replace")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return
    for key, value in _logins(content):
        line = text.count("\n", 0, max(text.find(json.dumps(value)), 0)) + 1
        yield Finding(f"a login with its {key} is committed here", path, line)


def _logins(content: Any) -> Iterator[tuple[str, str]]:
    for key, value in content.items() if isinstance(content, dict) else ():
        if isinstance(value, str) and key in _LOGIN and len(value) >= 8 and is_written_out(value):
            yield key, value
        else:
            yield from _logins(value)


@check("plain-secret", "source")
def plain_secret(source: Source) -> Iterator[Finding]:
    """Secrets that are neither encrypted nor made of variables alone."""
    for entry in source.entries:
        if entry.kind != "Secret" or entry.api_version != "v1" or "sops" in entry.document:
            continue
        for part in ("stringData", "data"):
            plain = [
                key
                for key, value in mapping(entry.document.get(part)).items()
                if value is not None and not _REFERENCE.fullmatch(str(value))
            ]
            if plain:
                message = f"the Secret {entry.name} holds {', '.join(plain)} in plain text"
                yield entry.finding(message, (part, plain[0]))
