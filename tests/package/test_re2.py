"""Do patterns mean to Python what they mean to Helm? The answers are those of Go 1.26's regexp."""

from __future__ import annotations

import re
import warnings

import pytest

from opencode_workspace import re2

TEXTS = [
    *("\v", " ", "\t", "\n", "\f", "\r", "\u00a0", "\x1c", "a", "x", "z", "-", "]", "$", "[", "\\"),
    *("s", "m", "^", "a\n", "$]", "[]", "]]", "é", "٣", "A", "a]", "$$", ""),
]
SPACES = [" ", "\t", "\n", "\f", "\r"]
OTHERS = [text for text in TEXTS if len(text) == 1 and text not in SPACES]
MATCHES = {
    r"^\s$": SPACES,
    r"^[\s]$": SPACES,
    r"^[^\S]$": SPACES,
    r"^\S$": OTHERS,
    r"^[\S]$": OTHERS,
    r"^[^\s]$": OTHERS,
    r"^[\sx]$": [*SPACES, "x"],
    r"^[x\s]$": [*SPACES, "x"],
    r"^[\s-z]$": [*SPACES, "-", "z"],
    r"^[x\]$]$": ["x", "]", "$"],
    r"^[\]$]$": ["]", "$"],
    r"^[^\]$]$": [text for text in TEXTS if len(text) == 1 and text not in "]$"],
    r"^[\[$]$": ["[", "$"],
    r"^[[]$": ["["],
    r"^[[]]$": ["[]"],
    r"^[a[]$": ["a", "["],
    r"^[\\]$": ["\\"],
    r"^[\]]\]$": ["]]"],
    r"^[a]$]$": [],
    r"^[$]$": ["$"],
    r"^\]$": ["]"],
    r"^a$": ["a"],
    r"^\w$": ["a", "x", "z", "s", "m", "A"],
    r"^\d$": [],
}


@pytest.mark.parametrize("pattern", MATCHES)
def test_a_pattern_matches_what_it_matches_in_helm(pattern: str) -> None:
    assert re2.problem(pattern) == ""
    found = {text for text in TEXTS if re2.compiled(pattern).search(text)}
    assert found == set(MATCHES[pattern])


@pytest.mark.parametrize("pattern", ["^[[]$", r"^[\s[]$"])
def test_a_bracket_in_a_class_is_no_warning(pattern: str) -> None:
    re2.compiled.cache_clear()
    with warnings.catch_warnings(record=True) as caught:
        re2.compiled(pattern)
    assert not caught


def test_a_pattern_that_means_something_else_to_python_alone_is_noticed_here() -> None:
    assert re.search(r"^\s$", "\v", re.ASCII), "otherwise these tables would prove nothing"
