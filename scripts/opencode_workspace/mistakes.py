"""Mistakes in a catalogue that its schema cannot tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from opencode_workspace import repository, substitution, yamlio
from opencode_workspace.errors import UserError
from opencode_workspace.naming import PREFIX, RELEASE_NAME_LIMIT
from opencode_workspace.plain import overlay
from opencode_workspace.violation import Steps

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_HOST = re.compile(rf"{_LABEL.pattern}(\.{_LABEL.pattern})*")


class Mistake(NamedTuple):
    """pointer: keys and positions from the root of the catalogue. remedy: an imperative sentence."""

    pointer: Steps
    problem: str
    remedy: str


def find(data: Mapping[str, Any]) -> Iterator[Mistake]:
    """Every mistake in a catalogue that passes its schema. A repository's address is never repeated."""
    cluster = data["cluster"]
    variables = cluster.get("variables", {})
    place: Steps = ("cluster", "gateway", "certificateNames")
    wrong = list(_undefined(place, cluster["gateway"]["certificateNames"], variables))
    yield from wrong
    # Without them, hosts cannot be compared with the certificate.
    names = [] if wrong else cluster["gateway"]["certificateNames"]
    certificate = [resolved(name, variables) for name in names]
    hosts: dict[str, str] = {}
    for name, entry in data["workspaces"].items():
        pointer = ("workspaces", name)
        yield from _of_name(pointer, name, data["workspaces"])
        wrong = [
            mistake
            for field, value in entry.items()
            for mistake in _undefined((*pointer, field), value, variables)
        ]
        yield from wrong
        if wrong:
            continue
        values = overlay(data.get("defaults", {}).get("values", {}), entry.get("values", {}))
        inner = (values.get("workspace") or {}).get("repository")
        for steps, address in (
            (("repository",), entry["repository"]),
            (("values", "workspace", "repository"), inner),
        ):
            if isinstance(address, str):
                yield from _of_repository((*pointer, *steps), resolved(address, variables))
        yield from _of_keys(pointer, entry, values, variables)
        host = resolved(entry["host"], variables)
        yield from _of_host((*pointer, "host"), host, certificate)
        if host in hosts:
            other = f"workspace {hosts[host]!r} has the same host"
            yield Mistake((*pointer, "host"), other, "Give each its own")
        hosts.setdefault(host, name)


def resolved(text: str, variables: Mapping[str, str]) -> str:
    """With the example values of the cluster's variables, as Flux will read it."""
    return substitution.substitute(text, variables, strict=True)


def covers(pattern: str, host: str) -> bool:
    """Whether a certificate name covers a host: equal but for capitals, or `*` in place of its first label.

    RFC 6125, 6.4.1 and 6.4.3.
    """
    pattern, host = pattern.lower(), host.lower()
    if pattern.startswith("*."):
        return host.partition(".")[2] == pattern[2:]
    return host == pattern


def _undefined(pointer: Steps, value: Any, variables: Mapping[str, str]) -> Iterator[Mistake]:
    """Variables that Flux would not find, under strict substitution (Flux 2.9)."""
    field = pointer[-1]
    try:
        unknown = substitution.names(yamlio.dump({field: value})) - set(variables)
    except UserError as error:
        yield Mistake(pointer, f"{field}: {error.what}", error.remedy)
        return
    if unknown:
        yield Mistake(
            pointer,
            f"{field} uses {', '.join(sorted(unknown))}, which cluster.variables does not have",
            "Add it there with an example value, or write $${…} for literal text",
        )


def _of_name(pointer: Steps, name: str, workspaces: Mapping[str, Any]) -> Iterator[Mistake]:
    backed_up = name.removesuffix("-volsync")
    if not _LABEL.fullmatch(name):
        yield Mistake(
            pointer,
            f"the workspace name {name!r} is not an RFC 1123 label",
            "Use lower-case letters, digits and dashes, and a letter or digit at both ends",
        )
    elif len(PREFIX + name) > RELEASE_NAME_LIMIT:
        yield Mistake(
            pointer,
            f"the release name {PREFIX + name!r} is longer than {RELEASE_NAME_LIMIT} characters",
            f"Shorten the workspace name to {RELEASE_NAME_LIMIT - len(PREFIX)}",
        )
    elif backed_up != name and backed_up in workspaces:
        problem = f"its Secret would be that of the backup of {backed_up!r}"
        yield Mistake(pointer, problem, "Choose another name")


def _of_repository(pointer: Steps, address: str) -> Iterator[Mistake]:
    if repository.holds_credentials(address):
        yield Mistake(
            pointer,
            "the repository URL holds a password or token",
            "Take it out, revoke it, and name the key of a new one in secretKeys.gitToken",
        )
    elif address and not repository.is_ssh(address) and not repository.is_https(address):
        yield Mistake(
            pointer,
            "the repository is neither an ssh nor an https URL",
            "Write git@host:owner/name.git, ssh://git@host/owner/name.git or https://host/owner/name.git",
        )


def _of_keys(
    pointer: Steps,
    entry: Mapping[str, Any],
    values: Mapping[str, Any],
    variables: Mapping[str, str],
) -> Iterator[Mistake]:
    keys = entry.get("secretKeys", {})
    elsewhere = "deploy-key" in (values.get("persistence") or {})
    without = "deployKey" in keys and keys["deployKey"] is None and not elsewhere
    if without and repository.is_ssh(resolved(entry["repository"], variables)):
        yield Mistake(
            (*pointer, "secretKeys", "deployKey"),
            "an ssh repository cannot be cloned without a deploy key",
            "Name the key of the secret store that holds it, or use an https URL",
        )


def _of_host(pointer: Steps, host: str, certificate: Sequence[str]) -> Iterator[Mistake]:
    if not _HOST.fullmatch(host) or len(host) > 253:
        yield Mistake(
            pointer,
            f"the host {host!r} is not a host name",
            "Write lower-case labels with dots, without scheme, port and path",
        )
    elif certificate and not any(covers(pattern, host) for pattern in certificate):
        yield Mistake(
            pointer,
            f"the gateway's certificate does not cover {host!r} (it has {', '.join(certificate)}; "
            "a wildcard covers one label)",
            "Use a host that it covers, or add the name to the certificate and to cluster.gateway.certificateNames",
        )
