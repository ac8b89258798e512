"""Does ssh know the repository's server? As init-workspace looks: in the one file that is mounted for it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator
from functools import lru_cache

from opencode_workspace.repository import ssh_server
from opencode_workspace.rules.deployment import Deployment, Release
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.mounts import Mount, held_by, variables
from opencode_workspace.rules.podspec import containers
from opencode_workspace.rules.products import maps_named
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.source import Document, items, mapping

_SSH = 22
_VALUES = ("repository", "knownHosts")


@check("unknown-host-key", "deployment")
def unknown_host_key(deployment: Deployment) -> Iterator[Finding]:
    """Repositories on an ssh server of which known_hosts has no key."""
    for release in deployment.releases:
        for _, pod in release.pods:
            for container in containers(pod):
                env = variables(container)
                server = ssh_server(env.get("WORKSPACE_REPOSITORY", ""))
                mount = held_by(pod, container, env.get("GIT_KNOWN_HOSTS_FILE", ""))
                text = _text(deployment, release, mount) if server and mount else None
                if server and text is not None and not is_known(text, *server):
                    yield from _told(deployment, release, *server)


def _told(deployment: Deployment, release: Release, host: str, port: int) -> Iterator[Finding]:
    places = [("spec", "values", "workspace", name) for name in _VALUES]
    if any(deployment.is_guess(release.applied, place) for place in places):
        return
    # What is added where it is applied may have the key, and the catalogue's values of variables are examples.
    written = mapping(mapping(release.applied.entry.spec.get("values")).get("workspace"))
    is_open = (
        deployment.may_be_patched
        or bool(release.applied.spec.get("valuesFrom"))
        or "${" in str(written.get("repository"))
    )
    message = f"known_hosts has no key of {_names(host, port)[0]}, so that nothing can be cloned"
    place = release.finding_at(message, ("workspace", "repository"))
    yield place._replace(severity="warning" if is_open else "")


def _text(deployment: Deployment, release: Release, mount: Mount) -> str | None:
    """The file's text; None when it is not of a ConfigMap that is known."""
    source = mapping(mount.source.get("configMap"))
    name = str(source.get("name"))
    key = next(
        (
            str(one.get("key"))
            for one in items(source.get("items"))
            if one.get("path") == mount.rest
        ),
        "" if source.get("items") else mount.rest,
    )
    text = _data(deployment, release, name).get(key)
    return text if isinstance(text, str) else None


def _data(deployment: Deployment, release: Release, name: str) -> Document:
    for document in maps_named(deployment, release, name):
        return mapping(document.get("data"))
    return {}


def _names(host: str, port: int) -> list[str]:
    # ssh asks for the host alone when it does not find it with its port.
    return [host] if port == _SSH else [f"[{host}]:{port}", host]


@lru_cache(maxsize=512)
def is_known(text: str, host: str, port: int) -> bool:
    """Whether a known_hosts file has a key of a server, or that of an authority that may sign one."""
    names = _names(host.lower(), port)
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["@cert-authority"]:
            words = words[1:]
        # Also skips comments, and what is revoked.
        is_key = len(words) > 2 and _is_key(words[1], words[2])
        if is_key and any(_matches(words[0], name) for name in names):
            return True
    return False


def _is_key(kind: str, body: str) -> bool:
    """Whether a key is one of its kind; ssh skips a line with another."""
    try:
        blob = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return False
    return blob[4 : 4 + int.from_bytes(blob[:4], "big")] == kind.encode()


def _matches(patterns: str, name: str) -> bool:
    if patterns.startswith("|1|"):
        return _is_hash_of(patterns[3:], name)
    found = False
    for pattern in patterns.lower().split(","):
        if _pattern(pattern.removeprefix("!")).fullmatch(name):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def _is_hash_of(hashed: str, name: str) -> bool:
    salt, _, digest = hashed.partition("|")
    try:
        wanted = base64.b64decode(digest)
        return hmac.digest(base64.b64decode(salt), name.encode(), hashlib.sha1) == wanted
    except (binascii.Error, ValueError):
        return False


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."))
