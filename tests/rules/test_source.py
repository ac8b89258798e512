"""Are lines counted as editors and GitHub count them?"""

from __future__ import annotations

from pathlib import Path

import pytest

from opencode_workspace.rules.source import Source

TEXT = 'kind: A # {odd}\nwide: "a{odd}b"\nlast: ${{MARK}}\nmore: 1\n'


@pytest.mark.parametrize("odd", ["", "\u2028", "\u2029", "\x85", "\u2028\u2028"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_is_where_an_editor_shows_it(odd: str, end: str, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    text = TEXT.format(odd=odd)
    path.write_bytes(text.replace("\n", end).encode())
    source = Source(path)
    assert source.documents
    assert [source.line((key,)) for key in ("kind", "wide", "last", "more")] == [1, 2, 3, 4]
    assert source.line((), mark="${MARK}") == 3
    assert source.line(("wide",), mark="more") == 4
