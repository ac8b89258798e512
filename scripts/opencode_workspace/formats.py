"""The string formats of JSON Schema that Helm asserts for draft-07 and this package knows."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping

_LABEL = re.compile(r"[A-Za-z0-9-]+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PORT = re.compile(r"(?::[0-9]*)?")
_NOT_IN_HOST = re.compile(r"[ \\^`{|}%]")
_IPV4_GROUPS = 4
_MAX_HOSTNAME = 253
_MAX_LABEL = 63


def hostname(text: str) -> None:
    """Raises ValueError unless `text` is a host name, with or without a dot at its end."""
    name = text.removesuffix(".")
    if len(name.encode("utf-8")) > _MAX_HOSTNAME:
        raise ValueError("more than 253 characters long")
    for label in name.split("."):
        if not 1 <= len(label.encode("utf-8")) <= _MAX_LABEL:
            raise ValueError("label must be 1 to 63 characters long")
        if label.startswith("-"):
            raise ValueError("label starts with hyphen")
        if label.endswith("-"):
            raise ValueError("label ends with hyphen")
        if not _LABEL.fullmatch(label):
            wrong = next(c for c in label if not _LABEL.fullmatch(c))
            raise ValueError(f"invalid character {ascii(wrong) if wrong < ' ' else repr(wrong)}")


def ipv4(text: str) -> None:
    """Raises ValueError unless `text` is an IPv4 address in dotted decimals."""
    if len(text.split(".")) != _IPV4_GROUPS or not text.isascii():
        raise ValueError("expected four decimals")
    ipaddress.IPv4Address(text)


def ipv6(text: str) -> None:
    """Raises ValueError unless `text` is an IPv6 address without a zone."""
    if ":" not in text:
        raise ValueError("missing colon")
    if "%" in text:
        raise ValueError("zone id is not a part of ipv6 address")
    ipaddress.IPv6Address(text)


def uri(text: str) -> None:
    """Raises ValueError unless Go's net/url takes `text` for an absolute URL."""
    if _CONTROL.search(text):
        raise ValueError("invalid control character in URL")
    scheme = _SCHEME.match(text)
    if not scheme:
        raise ValueError("relative url")
    rest, _, fragment = text[scheme.end() :].partition("#")
    hierarchy = rest.partition("?")[0]
    if not hierarchy.startswith("/"):
        hierarchy = ""
    if _BAD_ESCAPE.search(hierarchy) or _BAD_ESCAPE.search(fragment):
        raise ValueError("invalid URL escape")
    if hierarchy.startswith("//"):
        _authority(hierarchy[2:].partition("/")[0])


def _authority(text: str) -> None:
    host = text.rpartition("@")[2]
    if host.startswith("["):
        address, closed, port = host[1:].partition("]")
        if not closed:
            raise ValueError("missing ']' in host")
        ipv6(address)
    else:
        name, colon, digits = host.rpartition(":")
        host, port = (name, colon + digits) if colon else (digits, "")
    if not _PORT.fullmatch(port):
        raise ValueError(f"invalid port '{port}' after host")
    if _NOT_IN_HOST.search(host):
        raise ValueError("invalid character in host name")


CHECKS: Mapping[str, Callable[[str], None]] = {
    "hostname": hostname,
    "ipv4": ipv4,
    "ipv6": ipv6,
    "uri": uri,
}
