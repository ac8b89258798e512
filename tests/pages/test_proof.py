"""The page of scenarios says what happened, and nothing better."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pages import markdown, proof
from tests.pages.claims import Claim
from tests.pages.results import Run

KEPT = "test_git_is_kept_when_a_pod_s_killed"


@pytest.fixture
def listed(area: Path) -> list[Claim]:
    return proof.scenarios(area, area.parent)


def test_every_scenario_is_a_row_with_its_figures(
    listed: list[Claim], run_of: Callable[..., Run]
) -> None:
    figure = '<properties><property name="init" value="{}"/></properties>'
    run = run_of((f"{KEPT}[one]", figure.format("2 s")), (f"{KEPT}[two]", figure.format("3 s")))
    text = proof.text(listed, run)
    assert "| Git is kept when a pod's killed | one, two | passed | 3.0 | init: 2 s, 3 s |" in text
    assert markdown.rows(text) == [(claim.group, claim.sentence) for claim in listed]


@pytest.mark.parametrize(
    ("inside", "told"),
    [("<failure/>", "**failed**"), ("<error/>", "**failed**"), ("<skipped/>", "**not run**")],
)
def test_what_did_not_pass_is_not_called_passed(
    listed: list[Claim], run_of: Callable[..., Run], inside: str, told: str
) -> None:
    run = run_of((KEPT, inside))
    text = proof.text(listed, run)
    assert f"| Git is kept when a pod's killed | {told} |" in text
    assert "**0 of 2 scenarios passed** on 7 March 2026" in text
    assert proof.unproven(listed, run) == [
        f"Git is kept when a pod's killed: {told.strip('*')}",
        "Not run yet: not run",
    ]


def test_all_is_said_only_when_all_passed(listed: list[Claim], run_of: Callable[..., Run]) -> None:
    assert "**All 2 scenarios passed**" in proof.text(
        listed, run_of((KEPT, ""), ("test_not_run_yet", ""))
    )


def test_failures_without_a_row_are_told(listed: list[Claim], run_of: Callable[..., Run]) -> None:
    run = run_of((KEPT, ""), ("test_not_run_yet", ""), ("broken", "<error/>"))
    assert "**Of the other tests of these runs 1 failed.**" in proof.text(listed, run)


def test_parts_and_machine_are_those_of_the_run(
    listed: list[Claim], run_of: Callable[..., Run]
) -> None:
    facts = (
        '<property name="version of Flux" value="v2"/><property name="machine" value="3 cores"/>'
    )
    text = proof.text(listed, run_of(facts=facts))
    assert "| Flux | v2 |" in text
    assert "in 1 min 15 s on 3 cores." in text
