"""files/known_hosts: every pinned key is the one whose fingerprint its operator publishes."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from workbench.pod import FILES

KNOWN_HOSTS = (FILES / "known_hosts").read_text()
HEADING = re.compile(r"^# (?P<host>[a-z.]+): https://\S+$")
PUBLISHED = re.compile(r"^# (?P<kind>\S+) (?P<fingerprint>SHA256:[A-Za-z0-9+/]{43})$")
KEY = re.compile(r"^(?P<host>[a-z.]+) (?P<kind>[a-z0-9-]+) (?P<key>[A-Za-z0-9+/]+=*)$")


def fingerprint(key: str) -> str:
    """SHA256 fingerprint of a public key's base64 body, as `ssh-keygen -l` prints it."""
    digest = hashlib.sha256(base64.b64decode(key, validate=True)).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def problems(text: str) -> list[str]:
    """Keys and published fingerprints of a known_hosts file that do not belong together."""
    published: dict[tuple[str, str], str] = {}
    computed: dict[tuple[str, str], str] = {}
    host = ""
    for line in text.splitlines():
        if heading := HEADING.match(line):
            host = heading["host"]
        elif comment := PUBLISHED.match(line):
            published[host, comment["kind"]] = comment["fingerprint"]
        elif key := KEY.match(line):
            computed[key["host"], key["kind"]] = fingerprint(key["key"])
        elif not line.startswith("#"):
            computed["", line] = "no key line"
    return [
        f"{entry}: published {published.get(entry)}, key gives {computed.get(entry)}"
        for entry in published.keys() | computed.keys()
        if published.get(entry) != computed.get(entry)
    ]


def test_every_key_has_its_published_fingerprint() -> None:
    assert problems(KNOWN_HOSTS) == []


@pytest.mark.parametrize("host", ["github.com", "gitlab.com", "codeberg.org", "bitbucket.org"])
def test_public_forge_is_known(host: str) -> None:
    assert f"\n{host} ssh-ed25519 " in KNOWN_HOSTS


def changed_key(text: str) -> str:
    return text.replace("IOMqqnkVzrm0", "IOMqqnkVzrm1")


def swapped_hosts(text: str) -> str:
    return text.replace("github.com ssh-ed25519", "gitlab.com ssh-ed25519", 1)


def key_without_a_comment(text: str) -> str:
    return re.sub(r"(?m)^# ssh-ed25519 .*\n", "", text, count=1)


def comment_without_a_key(text: str) -> str:
    return re.sub(r"(?m)^github.com ssh-ed25519 .*\n", "", text)


def line_cut_off(text: str) -> str:
    return text + "example.com ssh-ed25519\n"


@pytest.mark.parametrize(
    "mistake",
    [changed_key, swapped_hosts, key_without_a_comment, comment_without_a_key, line_cut_off],
    ids=lambda mistake: str(mistake.__name__),
)
def test_mistake_is_noticed(mistake: object) -> None:
    assert callable(mistake)
    wrong = mistake(KNOWN_HOSTS)
    assert wrong != KNOWN_HOSTS, "the mistake was not made: the file has changed its form"
    assert problems(wrong) != []
