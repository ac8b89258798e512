"""Keys, tokens and passwords that must not be in Git."""

from __future__ import annotations

import re
from collections.abc import Iterator

from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.source import Source, mapping
from opencode_workspace.rules.tree import Tree

# By what they are called in a message, which never repeats the value: words without which there is none,
# because a look for a word is much faster than for a pattern, and the pattern.
_MATERIAL = {
    "a private key": (("PRIVATE KEY",), r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    "a PuTTY private key": (("PuTTY-",), r"PuTTY-User-Key-File-\d"),
    "an age key": (("AGE-SECRET",), r"AGE-SECRET-KEY-1[A-Z0-9]{20,}"),
    "a GitHub token": (
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})",
    ),
    "a GitLab token": (
        ("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glsoat-", "glft-", "glagent-"),
        r"\bgl(?:pat|dt|rt|cbt|ptt|soat|ft|agent)-[A-Za-z0-9_-]{16,}",
    ),
    "an API key": (("sk-",), r"\bsk-(?:ant-|proj-|svcacct-|or-v1-|live-)?[A-Za-z0-9_-]{24,}"),
    "an AWS access key": (("AKIA", "ASIA"), r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a Google API key": (("AIza",), r"\bAIza[A-Za-z0-9_-]{35}"),
    "a Slack token": (("xox",), r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    "a Doppler token": (("dp.",), r"\bdp\.(?:st|pt|ct|sa|scim|audit)\.[A-Za-z0-9._-]{20,}"),
    "a Vault token": (("hvs.", "hvb.", "hvr."), r"\bhv[sbr]\.[A-Za-z0-9_-]{20,}"),
    "an npm token": (("npm_",), r"\bnpm_[A-Za-z0-9]{30,}"),
    "a PyPI token": (("pypi-",), r"\bpypi-[A-Za-z0-9_-]{40,}"),
    "a Hugging Face token": (("hf_",), r"\bhf_[A-Za-z0-9]{30,}"),
    "a Docker token": (("dckr_pat_",), r"\bdckr_pat_[A-Za-z0-9_-]{20,}"),
    "a signed token": (
        ("eyJ",),
        r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    ),
    "a password in a URL": (("://",), r"://[^\s/:@'\"<>{}$]*:[^\s/:@'\"<>{}$]+@"),
    "a key in base64": (("LS0tLS1CRUdJTi",), r"\bLS0tLS1CRUdJTi[A-Za-z0-9+/=]{20,}"),
}
_PATTERNS = {name: (marks, re.compile(pattern)) for name, (marks, pattern) in _MATERIAL.items()}
# In base64 a certificate begins as a key does, up to here.
_CERTIFICATE = re.compile(r"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS")
_REFERENCE = re.compile(r"\s*(?:\$\{[^}]*\}|ENC\[.*\]|<path:.*>|)\s*", re.DOTALL)


@check("inline-secret", "tree")
def inline_secret(tree: Tree) -> Iterator[Finding]:
    """Private keys and tokens with a known prefix, in any file."""
    for path in tree.folder.files():
        # Bytes that are not text hold no text, and no key in PEM.
        text = path.read_bytes().decode("utf-8", "replace")
        for name, (marks, pattern) in _PATTERNS.items():
            if not any(mark in text for mark in marks):
                continue
            for match in pattern.finditer(text):
                if not _CERTIFICATE.match(match[0]):
                    line = text.count("\n", 0, match.start()) + 1
                    yield Finding(f"{name} lies here", path, line)


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
