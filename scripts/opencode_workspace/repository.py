"""Addresses of Git repositories, as far as the chart takes them, and whose they are."""

from __future__ import annotations

import re

# A password, or a user name that is a token by its prefix (GitHub, GitLab).
_CREDENTIALS = re.compile(
    r"[a-z+]+://[^/]*:[^/]*@|[a-z+]+://(gh[a-z]_|github_pat_|gl[a-z]+-)[^/]*@"
)
_HOST = r"(?P<host>[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9a-fA-F:]+\])(:(?P<port>[0-9]{1,5}))?"
_SSH = re.compile(
    r"[A-Za-z0-9_][A-Za-z0-9._-]*@(?P<scp>[A-Za-z0-9][A-Za-z0-9.-]*):[^\s:-]\S*"
    rf"|ssh://([A-Za-z0-9_][A-Za-z0-9._-]*@)?{_HOST}/\S+"
)
_SSH_PORT = 22
_HTTPS = re.compile(rf"https://([A-Za-z0-9_][A-Za-z0-9._+-]*@)?{_HOST}/\S+")
# Whoever takes this project over puts their own name here.
_OWNER = re.compile(r"[/:]owner/")


def has_placeholder(address: str) -> bool:
    """Whether a repository, a chart or an image still belongs to the placeholder owner."""
    return _OWNER.search(address) is not None


def holds_credentials(address: str) -> bool:
    """Whether a password or a token stands in it."""
    return bool(_CREDENTIALS.match(address))


def is_ssh(address: str) -> bool:
    """Whether it is cloned over ssh: `git@host:owner/name.git` or `ssh://…`."""
    return bool(_SSH.fullmatch(address))


def ssh_server(address: str) -> tuple[str, int] | None:
    """Host and port of an address that is cloned over ssh; None for any other."""
    match = _SSH.fullmatch(address)
    if match is None:
        return None
    return (match["scp"] or match["host"]).strip("[]"), int(match["port"] or _SSH_PORT)


def is_https(address: str) -> bool:
    """Whether it is cloned over https."""
    return bool(_HTTPS.fullmatch(address))
