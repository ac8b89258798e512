"""Is Ctrl-C answered with the truth, whenever it comes?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import Command

CATALOGUE = Path("flux/workspaces.yaml")
NOTHING = "error: interrupted; nothing was changed"
EVERYTHING = "error: interrupted; by then the files had been changed, all of them"
# The command, with Ctrl-C pressed at the first call of a function.
PRESSED = """
import os, pathlib, signal, sys
import click
from opencode_workspace.__main__ import main
original = {function}
def pressing(*arguments, **options):
    {function} = original
    os.kill(os.getpid(), signal.SIGINT)
    return original(*arguments, **options)
{function} = pressing
sys.argv = ["opencode-workspace", "new", "docs", "--repository", "git@github.com:owner/docs.git"]
main()
"""


def _files(project: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}


def _answer(function: str) -> str:
    script = PRESSED.format(function=function)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr.strip()


@pytest.mark.parametrize("function", ["pathlib.Path.read_bytes", "pathlib.Path.write_bytes"])
def test_before_the_files_change_nothing_was_changed(function: str, project: Path) -> None:
    before = _files(project)
    assert _answer(function) == NOTHING
    assert _files(project) == before


@pytest.mark.parametrize("function", ["pathlib.Path.replace", "click.echo"])
def test_while_the_files_change_and_afterwards_all_of_them_are_changed(
    function: str, project: Path, command: Command
) -> None:
    assert _answer(function) == EVERYTHING
    assert "git@github.com:owner/docs.git" in CATALOGUE.read_text()
    assert command("generate", "--check").code == 0
