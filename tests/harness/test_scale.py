"""Does the bench of many workspaces compare what it says, and work its figures out rightly?"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.scale.layouts import SHARED, each, shared
from tests.cluster.scale.page import FIGURES, PAGE, Line, Row, amount, line, table, text


def documents(tree: Path, kind: str) -> list[dict[str, Any]]:
    """All objects of a kind in the generated tree."""
    found = [yaml.safe_load(file.read_text()) for file in tree.glob("flux/apps/**/*.yaml")]
    return [document for document in found if document["kind"] == kind]


@pytest.fixture
def tree(repository: Path, tmp_path: Path) -> Path:
    """A copy of flux/ that may be changed."""
    shutil.copytree(repository / "flux", tmp_path / "flux")
    return tmp_path


def test_the_shared_layout_has_one_source_that_every_release_names(tree: Path) -> None:
    shared(tree)
    sources = documents(tree, "OCIRepository")
    assert [source["metadata"]["name"] for source in sources] == [SHARED]
    names = {release["spec"]["chartRef"]["name"] for release in documents(tree, "HelmRelease")}
    assert names == {SHARED}


def test_the_shared_layout_lists_the_source_once_and_nothing_that_is_gone(tree: Path) -> None:
    shared(tree)
    listed = [
        (file.parent / entry).exists()
        for file in tree.glob("flux/apps/**/kustomization.yaml")
        for entry in yaml.safe_load(file.read_text())["resources"]
    ]
    assert all(listed), "a kustomization lists a file that is not there"
    root = yaml.safe_load((tree / "flux/apps/opencode/kustomization.yaml").read_text())
    assert root["resources"].count("./ocirepository.yaml") == 1


def test_the_generators_layout_has_one_source_a_release(tree: Path) -> None:
    each(tree)
    sources = [source["metadata"]["name"] for source in documents(tree, "OCIRepository")]
    names = [release["spec"]["chartRef"]["name"] for release in documents(tree, "HelmRelease")]
    assert sorted(sources) == sorted(names)


def test_a_line_goes_through_both_measured_points() -> None:
    small, large = {"workspaces": 50, "x": 110.0}, {"workspaces": 200, "x": 410.0}
    found = line(lambda result: float(result["x"]), small, large)
    assert found == Line(10.0, 2.0)
    assert found.at(1000) == 2010.0


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.034, "0.034"), (7.06, "7.1"), (42.04, "42.0"), (1234.5, "1,230"), (987, "987")],
)
def test_figures_are_told_in_digits_that_count(value: float, text: str) -> None:
    assert amount(value) == text


def test_a_table_has_a_column_for_each_result() -> None:
    rows = [Row("pods", lambda result: float(result["pods"]))]
    assert table(rows, {"50": {"pods": 50}, "200": {"pods": 200}}).splitlines() == [
        "| | 50 | 200 |",
        "|---|---:|---:|",
        "| pods | 50 | 200 |",
    ]


def test_a_phase_that_was_not_made_is_a_dash() -> None:
    rows = [Row("pods", lambda result: float(result["pods"]))]
    assert table(rows, {"50": {}}).splitlines()[-1] == "| pods | - |"


def test_the_page_says_what_was_measured() -> None:
    told = text(json.loads(FIGURES.read_text()))
    message = "write it anew: .venv/bin/python -m tests.cluster.scale page"
    assert PAGE.read_text() == told, message


def test_a_page_is_refused_when_too_few_runs_were_made() -> None:
    results = json.loads(FIGURES.read_text())
    with pytest.raises(ValueError, match="two sizes of one layout"):
        text({name: result for name, result in results.items() if result["layout"] == "each"})
