"""Texts that YAML, a template, a shell or a substitution could take for something else."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tests.package.fixtures.tables import table

PLACEHOLDER = "<text>"

HOSTILE: list[str] = [
    *table("strings.json"),
    *("{{", "}}", "{{ .Release.Name }}", "{{/* a */}}", "${", "${A}", "$${A}", "$$", "$(A)"),
    *("a\x7fb", "a\x80b", "a\x85b", "a\u2028b", "\ufeffa", "a\ufffeb", "\U0001d173"),
    "long " * 1000,
]
UNPRINTABLE = "".join([*map(chr, range(0x7F, 0xA0)), "\u2028", "\u2029", "\ufffe", "\uffff"])
"""Characters that YAML 1.1 does not print, or takes for a line break, and JSON writes as they are."""

_MEANINGFUL = " \t\r\n:#-?!|>&*%@`'\"\\{}[],~$.\ufeff"
_HOSTILE = st.sampled_from([text for text in HOSTILE if text])
_PRINTABLE = st.sampled_from([t for t in HOSTILE if t and not set(t) & set(UNPRINTABLE)])


def texts() -> st.SearchStrategy[str]:
    """Any text but the empty one: known troublemakers, and characters with a meaning."""
    characters = st.characters(exclude_categories=["Cs"]) | st.sampled_from(_MEANINGFUL)
    return _HOSTILE | st.text(characters, min_size=1, max_size=20)


def printable_texts() -> st.SearchStrategy[str]:
    """As `texts`, without the characters of UNPRINTABLE."""
    characters = st.characters(exclude_categories=["Cs"], exclude_characters=UNPRINTABLE)
    return _PRINTABLE | st.text(characters | st.sampled_from(_MEANINGFUL), min_size=1, max_size=20)


def unprintable_texts() -> st.SearchStrategy[str]:
    """Short texts with a character of UNPRINTABLE."""
    parts = st.sampled_from(["", "a", " "])
    return st.builds("{}{}{}".format, parts, st.sampled_from(UNPRINTABLE), parts)


def keys() -> st.SearchStrategy[str]:
    """Any text that is no longer than a key may be: readers look no further than 1024 characters."""
    return printable_texts().filter(lambda text: len(text) < 200)


def lines() -> st.SearchStrategy[str]:
    """Text of one line with printable characters only, as schemas ask for in names and paths."""
    printable = st.characters(exclude_categories=["Cs", "Cc", "Cn", "Zl", "Zp"])
    return st.text(printable, min_size=1, max_size=40)


def words() -> st.SearchStrategy[str]:
    """ASCII letters and what names are made of."""
    return st.text("abcXYZ019-_.", min_size=1, max_size=20)


def ascii_lines() -> st.SearchStrategy[str]:
    """Printable ASCII with line breaks."""
    return st.text(st.characters(min_codepoint=32, max_codepoint=126) | st.just("\n"))


def literal(text: str) -> str:
    """What to write where templates are evaluated, to get `text`."""
    if "{{" not in text:
        return text
    # Go reads the escapes that JSON writes; the name of the release is put in before Go reads.
    escaped = json.dumps(text, ensure_ascii=False).replace("{", "\\u007b")
    return f"{{{{ {escaped} }}}}"


def filled(node: Any, text: str, placeholder: str = PLACEHOLDER) -> Any:
    """A copy of `node` with `text` for the placeholder in every string and key."""
    if isinstance(node, str):
        return node.replace(placeholder, text)
    if isinstance(node, dict):
        return {
            filled(key, text, placeholder): filled(value, text, placeholder)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [filled(item, text, placeholder) for item in node]
    return node
