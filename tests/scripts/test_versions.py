"""The programs that the scripts are tested with."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable

from workbench.packages import program
from workbench.pod import FILES

COMMANDS = {
    "Git": ["git", "version"],
    "OpenSSH": ["ssh", "-V"],
    "busybox": ["busybox"],
}


def version(*command: str) -> str:
    """The first number with a dot in it that a program says of itself."""
    done = subprocess.run(
        [program(command[0]), *command[1:]], capture_output=True, text=True, check=True
    )
    return str(re.findall(r"\d+\.[\w.]+", done.stdout + done.stderr)[0]).rstrip(".")


def numbers(text: str) -> list[int]:
    """The parts of a version, to be compared."""
    return [int(part) for part in text.split(".")]


def test_git_is_as_new_as_the_script_asks_for(
    record_property: Callable[[str, object], None],
) -> None:
    versions = {name: version(*command) for name, command in COMMANDS.items()}
    for name, found in versions.items():
        record_property(f"version of {name}", found)
    (needed,) = re.findall(r"Needs git (\S+) or newer", (FILES / "bootstrap.sh").read_text())
    assert numbers(versions["Git"]) >= numbers(needed)
