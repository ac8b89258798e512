"""The committed pages claim what the tests of today claim, row by row; their figures are of the last run."""

from __future__ import annotations

from pathlib import Path

from tests.pages import proof, reliability
from tests.pages.markdown import rows

ADVICE = "`make proof` runs the tests and writes the page; `python -m tests.pages` writes it from the last results"


def test_every_scenario_of_the_cluster_is_a_row_and_every_row_a_scenario(repository: Path) -> None:
    written = rows((repository / "docs/proof.md").read_text())
    assert written == [(claim.group, claim.sentence) for claim in proof.scenarios()], ADVICE


def test_every_fault_is_a_row_and_every_row_a_fault(repository: Path) -> None:
    written = rows((repository / "docs/reliability.md").read_text())
    listed = [(fault.group, fault.what) for fault in reliability.faults()]
    assert [row for row in written if row[0] != "Figures"] == listed, ADVICE


def test_every_row_has_a_test_and_every_mark_a_row() -> None:
    marked = {name for claim in reliability.injections() for name in claim.faults}
    assert marked == {fault.name for fault in reliability.faults()}


def test_no_two_rows_look_the_same() -> None:
    scenarios = [(claim.group, claim.sentence) for claim in proof.scenarios()]
    faults = [fault.what for fault in reliability.faults()]
    assert len(set(scenarios)) == len(scenarios)
    assert len(set(faults)) == len(faults)


def test_a_row_that_is_missing_or_too_many_is_noticed(repository: Path) -> None:
    text = (repository / "docs/proof.md").read_text()
    written = rows(text)
    group, first = written[0]
    line = next(line for line in text.splitlines(keepends=True) if line.startswith(f"| {first} |"))
    assert rows(text.replace(line, "")) == written[1:]
    assert rows(text.replace(line, line + line.replace(first, "Another")))[1] == (group, "Another")
