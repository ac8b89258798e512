"""Does a person see how far the check is, and a program nothing of it?"""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from tests.support.command import Result

READING, CHECKING = "Reading files", "Checking workspaces"
COMMAND = [sys.executable, "-m", "opencode_workspace", "check"]
ESCAPE = "\x1b"


def _on_a_terminal(*arguments: str) -> Result:
    """Runs `check` with standard error on a pseudo-terminal, and standard output in a pipe."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=theirs, env=environment
    )
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:
        pass  # Linux's way to say that nobody has the other end open any more.
    finally:
        os.close(ours)
    out, _ = process.communicate()
    return Result(process.returncode, out.decode(), shown.decode())


@pytest.mark.slow
@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.usefixtures("project")
def test_a_terminal_shows_a_bar_from_the_reading_of_files_on(form: str) -> None:
    result = _on_a_terminal("--format", form)
    assert result.code == 0
    assert 0 <= result.err.find(READING) < result.err.find(CHECKING)
    assert "2/2" in result.err, "that is how many workspaces there are"
    assert READING not in result.out
    assert ESCAPE not in result.out


@pytest.mark.slow
@pytest.mark.parametrize("variable", ["FORCE_COLOR", "UNRELATED"])
@pytest.mark.usefixtures("project")
def test_a_pipe_gets_no_bar(variable: str) -> None:
    environment = {**os.environ, variable: "1"}
    done = subprocess.run(COMMAND, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert READING not in done.stdout
