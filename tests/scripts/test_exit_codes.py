"""docs/exit-codes.md, the scripts' headers and the scripts' code name the same exit codes."""

from __future__ import annotations

import re

import pytest

from workbench.pod import FILES, SCRIPTS

DOCUMENT = FILES.parents[2] / "docs" / "exit-codes.md"
# Ends of the shell itself, not written as `fail CODE` or `exit CODE`.
IMPLIED = {"bootstrap.sh": {0}, "serve.sh": {126}, "door.sh": {0}}


def in_header(script: str) -> dict[int, str]:
    """Exit codes of a script's header: code to meaning."""
    found = re.findall(r"(?m)^#   (\d+) +(.+)$", (FILES / script).read_text())
    return {int(code): meaning for code, meaning in found}


def in_document(text: str, script: str) -> dict[int, str]:
    """Exit codes of the table below a script's heading: code to meaning."""
    section = re.split(r"(?m)^## ", text.partition(f"\n## {script}\n")[2])[0]
    rows = re.findall(r"(?m)^\| (\d+) \| ([^|]+) \| [^|]+ \|$", section)
    return {int(code): meaning.strip() for code, meaning in rows}


def in_code(script: str) -> set[int]:
    """Exit codes a script's commands end with."""
    commands = "\n".join(
        line for line in (FILES / script).read_text().splitlines() if not line.startswith("#")
    )
    found = re.findall(
        r"(?:\bfail|\bexit|\bstop|\bforward [A-Z]+|fail_on_volume \S+) (\d+)", commands
    )
    return {int(code) for code in found}


@pytest.mark.parametrize("script", SCRIPTS)
def test_document_says_what_the_header_says(script: str) -> None:
    assert in_document(DOCUMENT.read_text(), script) == in_header(script)


@pytest.mark.parametrize("script", SCRIPTS)
def test_header_names_every_code_of_the_script(script: str) -> None:
    # The help of askpass ends with 1, which is not the script's own end.
    own = in_code(script) - ({1} if script == "bootstrap.sh" else set())
    passed_on = {129, 130, 143} if script == "serve.sh" else set()
    assert own - passed_on | IMPLIED[script] == set(in_header(script))


def test_wrong_row_is_noticed() -> None:
    text = DOCUMENT.read_text()
    wrong = text.replace("| 22 |", "| 24 |")
    assert wrong != text
    assert in_document(wrong, "bootstrap.sh") != in_header("bootstrap.sh")
