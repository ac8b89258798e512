"""On a fresh machine make installs what the tests will look for, and looks for nothing else."""

from __future__ import annotations

from pathlib import Path

from workbench.packages import PACKAGES

TOOLS = Path(__file__).parents[2] / "tools"
LISTS = ("packages.txt", "packages-slow.txt")


def test_every_package_the_tests_ask_for_is_installed_before_they_run() -> None:
    lines = [line for name in LISTS for line in (TOOLS / name).read_text("utf-8").splitlines()]
    listed = {line.split()[0] for line in lines if not line.startswith("#")}
    missing = set(PACKAGES.values()) - listed
    assert missing == set(), f"add them to one of {LISTS}, each with a command that finds it"
