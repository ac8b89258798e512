"""Is the page about the rules written in one piece, and is a stale one told?"""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from opencode_workspace.rules import __main__ as command
from opencode_workspace.rules.documentation import page


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(command.main, arguments)
    return done.exit_code, done.output


def test_the_page_in_docs_is_fresh(repository: Path) -> None:
    assert run("--check", str(repository / "docs/rules.md")) == (0, ""), "run `make docs`"


@pytest.mark.parametrize("text", ["", page() + "\n"])
def test_a_stale_page_is_reported_and_written_anew(text: str, tmp_path: Path) -> None:
    path = tmp_path / "rules.md"
    path.write_text(text)
    code, output = run("--check", str(path))
    assert (code, path.read_text()) == (1, text)
    assert output == f"error: {path}: the page about the rules is stale. Run `make docs`\n"
    assert run(str(path)) == (0, "")
    assert path.read_text() == page()


def test_a_page_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    code, output = run(str(tmp_path))
    assert code == 2
    assert output.startswith(f"error: {tmp_path}: is a directory")


def test_make_docs_writes_the_page(repository: Path) -> None:
    recipe = (repository / "Makefile").read_text().partition("\ndocs: ")[2].partition("\n\n")[0]
    assert "python -m opencode_workspace.rules" in recipe
