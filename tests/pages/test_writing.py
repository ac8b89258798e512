"""`python -m tests.pages` writes the pages that there are results for, and tells what did not pass."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pages import __main__ as writing
from tests.pages import proof, reliability
from tests.pages.results import Run


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the results of the runs are looked for."""
    monkeypatch.setattr(writing, "JUNIT", tmp_path)
    return tmp_path


def test_without_results_no_page_is_touched(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert writing.main([str(results / "pages")]) == 2
    assert list((results / "pages").iterdir()) == []
    assert "cluster-1.xml is missing: run `make proof`" in capsys.readouterr().err


def test_what_did_not_pass_is_told_and_fails(
    results: Path, run_of: Callable[..., Run], capsys: pytest.CaptureFixture[str]
) -> None:
    run_of(("other", "<error/>"))
    for name in (*proof.RESULTS, *reliability.RESULTS):
        (results / f"{name}.xml").write_text((results / "results.xml").read_text())
    assert writing.main([str(results / "pages")]) == 1
    scenario = proof.scenarios()[0].sentence
    told = capsys.readouterr().out
    assert f"{scenario}: not run\n" in told
    assert told.count("Other tests: 1 failed\n") == 2, "once for each page"
    assert f"| {scenario} | **not run** |" in (results / "pages/proof.md").read_text()
    assert (results / "pages/reliability.md").exists()
