"""The table of faults says what happened, and nothing better."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pages import markdown, reliability
from tests.pages.claims import Claim, claims
from tests.pages.reliability import Fault
from tests.pages.results import Run

KEPT = "test_git_is_kept_when_a_pod_s_killed"
LISTED = [Fault("killed", "Killed", "A pod is killed", "It comes back")]
FOUND = (
    '<properties><property name="exit codes" value="{}"/><property name="kept" value="{}"/>'
    "</properties>"
)


@pytest.fixture
def tests(area: Path) -> list[Claim]:
    return claims(area, area.parent)[:1]


def test_a_row_counts_what_was_tried_and_gathers_what_was_seen(
    tests: list[Claim], run_of: Callable[..., Run]
) -> None:
    run = run_of(
        (f"{KEPT}[dash-0.1]", FOUND.format("0", "commits")),
        (f"{KEPT}[dash-0.2]", FOUND.format("22", "commits, login")),
        (f"{KEPT}[0.1-busybox]", FOUND.format("0", "")),
    )
    text = reliability.text(LISTED, tests, run)
    row = (
        "| A pod is killed | 3 times (dash 2, busybox 1) | It comes back | 0, 22 | commits, login |"
    )
    assert row in text
    assert markdown.rows(text) == [("Killed", "A pod is killed")]


@pytest.mark.parametrize(
    ("inside", "told"), [("<failure/>", "**1 failed of 2**"), ("<skipped/>", "**1 not run of 2**")]
)
def test_what_did_not_pass_is_not_counted_as_passed(
    tests: list[Claim], run_of: Callable[..., Run], inside: str, told: str
) -> None:
    run = run_of((f"{KEPT}[1]", ""), (f"{KEPT}[2]", inside))
    text = reliability.text(LISTED, tests, run)
    assert f"| A pod is killed | {told} |" in text
    assert f"**1 passed, {told.split('*')[2]}** on" in text
    assert reliability.unproven(LISTED, tests, run)


def test_runs_that_are_absent_or_broken_are_told(
    tests: list[Claim], run_of: Callable[..., Run]
) -> None:
    text = reliability.text(LISTED, tests, run_of((KEPT, ""), ("gw0", "<error/>")), ["slow"])
    assert "**The slow tests were not run.**" in text
    assert "**Of the other tests of these runs 1 failed.**" in text
    whole = reliability.text(LISTED, tests, run_of((KEPT, "")))
    assert "were not run" not in whole
    assert "of these runs" not in whole


def test_a_test_that_no_run_knows_is_told(area: Path, run_of: Callable[..., Run]) -> None:
    both = claims(area, area.parent)
    run = run_of((KEPT, ""))
    assert "**1 not run of 2**" in reliability.text(LISTED, both, run)
    assert reliability.unproven(LISTED, both, run) == ["A pod is killed: 1 not run of 2"]
