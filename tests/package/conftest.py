"""A copy of the shipped project, and the command run in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from opencode_workspace import cli
from tests.package.change import fill
from tests.support.command import Command, Result


@pytest.fixture
def project(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of flux/ and the chart, as the current directory."""
    for folder in ("flux", "charts"):
        shutil.copytree(repository / folder, tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `opencode-workspace` in this process."""

    def run(*arguments: str) -> Result:
        monkeypatch.setattr("sys.argv", ["opencode-workspace", *arguments])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        streams = capsys.readouterr()
        code = stopped.value.code
        assert isinstance(code, int), f"exit code {code!r}"
        return Result(code, streams.out, streams.err)

    return run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder as it is before the change in change.py."""
    return fill(tmp_path / "root")
