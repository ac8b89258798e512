"""Results of a run are read as pytest wrote them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pages.results import Run, Tally, read

SUITE = """
import pytest
@pytest.mark.parametrize("word", ["a[1]", "b"])
def test_passes(word, record_property): record_property("took", "3 s")
def test_fails(): assert False
def test_is_skipped(): pytest.skip("to be told as not run")
@pytest.fixture
def broken():
    yield
    assert False
def test_breaks_afterwards(broken): pass
def test_fails_and_breaks_afterwards(broken): assert False
"""
EXPECTED = {
    ("test_passes", "a[1]"): "passed",
    ("test_passes", "b"): "passed",
    ("test_fails", ""): "failed",
    ("test_is_skipped", ""): "not run",
    ("test_breaks_afterwards", ""): "failed",
    ("test_fails_and_breaks_afterwards", ""): "failed",
}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """What pytest itself writes about SUITE."""
    folder = tmp_path_factory.mktemp("suite")
    (folder / "test_suite.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir=."]
    command += ["-o", "junit_family=xunit1", "--junitxml=results.xml", "test_suite.py"]
    subprocess.run(command, cwd=folder, capture_output=True)
    return read([folder / "results.xml"])


@pytest.mark.slow
def test_every_outcome_is_what_it_was(real: Run) -> None:
    found = {(case.test.rpartition(".")[2], case.parameters): case.outcome for case in real.cases}
    assert found == EXPECTED


@pytest.mark.slow
def test_what_a_test_recorded_is_read(real: Run) -> None:
    assert real.of(["test_suite.test_passes"])[0].recorded("took") == ["3 s"]


def test_a_test_without_a_case_was_not_run(run_of: Callable[..., Run]) -> None:
    run = run_of(("test_there", ""))
    tally = run.tally(["area.test_pods.test_there", "area.test_pods.test_new"])
    assert tally == Tally(passed=1, failed=0, not_run=1)
    assert tally.shortfall == "1 not run of 2"
    assert run.tally(["area.test_pods.test_new"]).shortfall == "not run"


def test_versions_are_told_apart_from_other_facts(run_of: Callable[..., Run]) -> None:
    facts = '<property name="version of Git" value="2"/><property name="machine" value="m"/>'
    run = run_of(facts=facts)
    assert run.versions == {"Git": "2"}
    assert run.facts["machine"] == "m"


def test_two_runs_side_by_side_are_one(tmp_path: Path, run_of: Callable[..., Run]) -> None:
    fact = '<property name="{}" value="{}"/>'.format
    run_of(("test_a", ""), facts=fact("machine", "m") + fact("start", "14 s"))
    first = (tmp_path / "results.xml").rename(tmp_path / "first.xml")
    facts = fact("machine", "m") + fact("start", "15 s")
    run_of(("test_b", ""), facts=facts, start="10:00:10.5")
    both = read([first, tmp_path / "results.xml"])
    assert [case.test for case in both.cases] == ["area.test_pods.test_a", "area.test_pods.test_b"]
    assert both.seconds == pytest.approx(85.2), "each takes 75.2 s"
    assert both.facts == {"machine": "m", "start": "14 s, 15 s"}
