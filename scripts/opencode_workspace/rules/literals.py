"""Whether something is a secret written out: by its name, and by its value."""

from __future__ import annotations

import re

_NAME = re.compile(
    r"(?:PASSWORD|PASSWD|PASSPHRASE|(?:^|[_.-])(?:PASS|PWD)|TOKEN|SECRET|API_?KEY|(?:PRIVATE|SECRET|ACCESS)_KEY)$",
    re.IGNORECASE,
)
# Names of what only refers to a Secret.
_REFERENCE_NAME = re.compile(r"(?:existing|name|ref|pull|tls)[_-]?secret$", re.IGNORECASE)
# Variables, templates, what SOPS encrypted, files, references of secret stores, and names of Secrets.
_REFERENCE = re.compile(
    r"\$|.*(?:\$\{|\$\(|\{\{)|ENC\[|<path:|!|/|\./|[a-z0-9.+-]+://|vault:|ref\+"
    r"|(?:[a-z0-9]+[.-])*secrets?(?:[.-][a-z0-9]+)*$",
    re.DOTALL,
)
_PLACEHOLDER = re.compile(
    r"change[-_ ]?(?:me|it|this).*|replace[-_ ]?(?:me|this).*|your[-_ ].*|todo|none|null|true|false|yes|no|on|off"
    r"|enabled?|disabled?|<.*>|\[.*\]|\(.*\)|%.*",
    re.IGNORECASE | re.DOTALL,
)
# What a person writes into a page instead of a secret, or in the middle of one.
_SAMPLE = re.compile(
    r"(.)\1{5}|example|placeholder|changeme|redacted|dummy|sample|your[-_]|xxxx|\.\.\.|<|\*\*\*",
    re.IGNORECASE,
)
_SAMPLE_WORDS = frozenset(
    ("password", "passwd", "pass", "pwd", "pw", "secret", "token", "user", "username", "p4ssw0rd")
)


def has_secret_name(name: str) -> bool:
    """Whether a value of this name is a secret, and not the name or the file of one."""
    return _NAME.search(name) is not None and _REFERENCE_NAME.search(name) is None


def is_written_out(value: object) -> bool:
    """Whether a value stands for itself: it is no reference, no placeholder and no switch."""
    if value is None or isinstance(value, bool | dict | list):
        return False
    text = str(value).strip()
    return bool(text) and not (
        _REFERENCE.match(text) or _PLACEHOLDER.fullmatch(text) or _SAMPLE.search(text)
    )


def is_sample(value: str) -> bool:
    """Whether something with the form of a secret is obviously none: `ghp_xxxx…`, `user:password@`."""
    return bool(
        _SAMPLE.search(value)
        or _PLACEHOLDER.fullmatch(value)
        or value.strip("\"'`").lower() in _SAMPLE_WORDS
    )
