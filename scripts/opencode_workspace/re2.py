"""The part of regular expression syntax that Go's RE2 and Python read in the same way."""

from __future__ import annotations

import re
from functools import lru_cache

_ESCAPES = frozenset("dDwWsSbBAtnrfva")
_GROUPS = re.compile(r"\(\?(?::|P<[A-Za-z_][A-Za-z0-9_]*>|[is]+\)|[is]+:)")
_REPEAT = re.compile(r"\{([0-9]+)(?:,([0-9]*))?\}")
_MAX_REPEAT = 1000
# What says to Python what these say to RE2. The last part of \s is a range: a `-` behind it is itself for both.
_OUTSIDE = {"$": r"\Z", r"\s": r"[ \t\n\f\r]", r"\S": r"[^ \t\n\f\r]"}
_IN_CLASS = {r"\s": r" \t-\n\f-\r", r"\S": r"\v\S"}


def problem(pattern: str) -> str:
    """Why `pattern` cannot be used in a schema; empty if RE2 and Python both take it.

    Refused are look-around, back references, atomic and possessive matching, `\\Z`, `\\z`,
    unknown escapes and POSIX classes, and more than 1000 repetitions.
    """
    found = next(iter(_problems(pattern)), "")
    if found:
        return found
    try:
        compiled(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"is not a regular expression: {error}"
    return ""


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str]:
    """`pattern` with RE2's meaning: ASCII classes, no \\v in `\\s`, and `$` at the very end of the text only."""
    parts: list[str] = []
    in_class = False
    for token in _tokens(pattern):
        if not in_class:
            parts.append(_OUTSIDE.get(token, token))
            in_class = token[0] == "["
        else:
            # Python warns of a bare bracket at the start of a class.
            parts.append(_IN_CLASS.get(token, f"\\{token}" if token[0] == "[" else token))
            in_class = token[0] == "\\" or not token.endswith("]")
    return re.compile("".join(parts), re.ASCII)


def _tokens(pattern: str) -> list[str]:
    """Single characters, but a backslash together with the character behind it.

    A `]` that stands for itself at the start of a class is joined to what precedes it.
    """
    return re.findall(r"\\.|\[\^?\]|.", pattern, re.DOTALL)


def _problems(pattern: str) -> list[str]:
    problems: list[str] = []
    at = 0
    in_class = False
    after_repeat = False
    for token in _tokens(pattern):
        repeat = False
        if token[0] == "\\":
            problems += _escape_problems(token, in_class)
        elif in_class:
            in_class = not token.endswith("]")
            if pattern.startswith("[:", at):
                problems.append("has a POSIX class, which Python reads differently")
        elif token[0] == "[":
            in_class = True
            if len(token) > 1:
                problems.append("has a class that starts with ]; escape it as \\]")
        elif token == "(" and pattern.startswith("(?", at) and not _GROUPS.match(pattern, at):
            problems.append(f"has {pattern[at : at + 4]}, which RE2 and Python do not both know")
        elif token in "*+?":
            if after_repeat and token != "?":
                problems.append("repeats a repetition, which RE2 does not know")
            repeat = True
        elif pattern.startswith("{,", at):
            problems.append("has {, which is a repetition for Python alone; write {0,")
        elif match := _REPEAT.match(pattern, at) if token == "{" else None:
            if any(int(number) > _MAX_REPEAT for number in match.groups() if number):
                problems.append(f"repeats more than {_MAX_REPEAT} times, which RE2 refuses")
        elif token == "}":
            repeat = bool(re.search(r"\{[0-9]+(?:,[0-9]*)?\Z", pattern[:at]))
        after_repeat = repeat
        at += len(token)
    return problems


def _escape_problems(token: str, in_class: bool) -> list[str]:
    character = token[1:]
    if not character:
        return ["ends with a backslash"]
    if character.isascii() and not character.isalnum():
        return []
    if character == "x" or (character in _ESCAPES and not (in_class and character in "bBA")):
        return []
    return [f"has {token}, which RE2 and Python do not both know"]
