"""Are a release's values merged over the chart's as Helm merges them? Helm itself is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import schema
from tests.support import corpus, helmcli
from tests.support.charts import Chart
from tests.values import pairs
from tests.values.cases import corpus_documents

# Values of good documents, and of bad ones, which merge before they are refused.
DOCUMENTS = {name: values for name, (values, _) in corpus_documents().items()}
ENGINES = ("embedded", *helmcli.EACH_CLI)
# They merge the corpus as they merge the pairs.
PATIENT = ("embedded", *(pytest.param(cli, marks=pytest.mark.slow) for cli in helmcli.CLIS))
SEED, COUNT = 4, 150


@pytest.mark.parametrize("engine", PATIENT)
def test_values_are_merged_as_helm_merges_them(engine: str, chart: Chart, tmp_path: Path) -> None:
    folder = corpus.umbrella(chart, tmp_path, DOCUMENTS, echo=True)
    found = corpus.merged(engine, folder, DOCUMENTS)
    expected = {name: schema.coalesce(chart.values, values) for name, values in DOCUMENTS.items()}
    different = [name for name in DOCUMENTS if found[name] != expected[name]]
    assert not different, f"{different[0]}: {engine} makes {found[different[0]]}"


@pytest.mark.parametrize("engine", ENGINES)
def test_every_meeting_of_two_values_ends_as_in_helm(engine: str, tmp_path: Path) -> None:
    cases = met(engine)
    folder = corpus.family(tmp_path, {name: defaults for name, (defaults, _) in cases.items()})
    found = corpus.merged(engine, folder, {name: top for name, (_, top) in cases.items()})
    for name, (defaults, overrides) in cases.items():
        # Helm gives a sub-chart the globals of its parent, here none.
        expected = {"global": {}} | schema.coalesce(defaults, overrides)
        assert found[name] == expected, f"{name}: {overrides} over {defaults}"


@pytest.mark.parametrize("engine", ENGINES)
def test_values_meet_below_a_key_as_in_helm(engine: str, tmp_path: Path) -> None:
    cases = met(engine)
    defaults: dict[str, Any] = {name: below for name, (below, _) in cases.items()}
    overrides = {name: top for name, (_, top) in cases.items()}
    folder = corpus.alone(tmp_path / "alone", "alone", defaults)
    found = corpus.merged(engine, folder, overrides)["alone"]
    expected = schema.coalesce(defaults, overrides)
    different = [name for name in cases if found.get(name) != expected.get(name)]
    assert not different, f"{different[0]}: {cases[different[0]]}"


def test_values_meet_in_a_chart_of_their_own_as_in_helm(tmp_path: Path) -> None:
    for name, (defaults, overrides) in pairs.written().items():
        folder = corpus.alone(tmp_path / name, "alone", defaults)
        found = corpus.merged("embedded", folder, overrides)["alone"]
        assert found == schema.coalesce(defaults, overrides), name


@pytest.mark.parametrize(
    ("name", "merged"),
    [
        ("null-at-the-third-depth", {"a": {"b": {"d": 2}}}),
        ("list-over-a-list", {"a": [4], "b": [{"d": 2}]}),
        ("map-over-a-map", {"a": {"b": 1, "c": {"d": 1, "f": 1}, "e": 1}}),
    ],
)
def test_null_deletes_a_list_replaces_and_maps_merge(name: str, merged: dict[str, Any]) -> None:
    defaults, overrides = pairs.written()[name]
    assert schema.coalesce(defaults, overrides) == merged


def test_no_default_of_the_chart_is_null(chart: Chart) -> None:
    # Helm 3 keeps one, Helm 4 drops it: pairs with such defaults are not put to Helm 3.
    assert nulls(chart.values) == []


def test_a_default_that_is_null_is_noticed() -> None:
    assert nulls({"a": [{"b": None}], "c": {"d": None, "e": ""}}) == ["/a/0/b", "/c/d"]


def test_most_of_what_is_drawn_meets_something() -> None:
    cases = pairs.drawn(SEED, COUNT, null_defaults=True).values()
    idle = [1 for defaults, overrides in cases if not defaults.keys() & overrides.keys()]
    assert len(idle) < COUNT / 4


def met(engine: str) -> dict[str, pairs.Pair]:
    drawn = pairs.drawn(SEED, COUNT, null_defaults=engine != "helm3")
    return pairs.written() | drawn


def nulls(node: Any, way: str = "") -> list[str]:
    """Ways to what is null below `node`."""
    if node is None:
        return [way]
    below = dict(enumerate(node)) if isinstance(node, list) else node
    items = below.items() if isinstance(below, dict) else ()
    return [found for key, value in items for found in nulls(value, f"{way}/{key}")]
