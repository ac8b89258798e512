"""On a fresh machine `make test` installs what the tests will look for, and looks for nothing else."""

from __future__ import annotations

from pathlib import Path

from workbench.packages import PACKAGES

LISTED = Path(__file__).parents[2] / "tools/packages.txt"


def test_every_package_the_tests_ask_for_is_installed_by_make_test() -> None:
    lines = LISTED.read_text(encoding="utf-8").splitlines()
    listed = {line.split()[0] for line in lines if not line.startswith("#")}
    missing = set(PACKAGES.values()) - listed
    assert missing == set(), f"add them to {LISTED.name}, each with a command that finds it"
