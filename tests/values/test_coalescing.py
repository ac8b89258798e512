"""Are a release's values merged over the chart's as Helm merges them? Helm itself is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import schema, yamlio
from tests.support import corpus, helmcli
from tests.support.charts import Chart

HERE = Path(__file__).parent


def documents() -> dict[str, Any]:
    """Values of every good document, and of the bad ones, which merge before they are refused."""
    good = {path.stem: yamlio.load_one(path) for path in (HERE / "corpus/good").glob("*.yaml")}
    bad = {p.stem: yamlio.load_one(p)["values"] for p in (HERE / "corpus/bad").glob("*.yaml")}
    return {f"good-{n}": v for n, v in good.items()} | {f"bad-{n}": v for n, v in bad.items()}


DOCUMENTS = documents()


@pytest.mark.parametrize("engine", ["embedded", *helmcli.CLIS])
def test_values_are_merged_as_helm_merges_them(engine: str, chart: Chart, tmp_path: Path) -> None:
    folder = corpus.umbrella(chart, tmp_path, DOCUMENTS, echo=True)
    found = corpus.merged(engine, folder, DOCUMENTS)
    expected = {name: schema.coalesce(chart.values, values) for name, values in DOCUMENTS.items()}
    different = [name for name in DOCUMENTS if found[name] != expected[name]]
    assert not different, f"{different[0]}: {engine} makes {found[different[0]]}"


def test_the_documents_delete_replace_and_merge(chart: Chart) -> None:
    for name, difference in {
        "good-null-of-a-volume": ("persistence", "tmp"),
        "good-null-of-a-map-entry": (
            "controllers",
            "workspace",
            "containers",
            "app",
            "env",
            "OPENCODE_PRINT_LOGS",
        ),
    }.items():
        merged: Any = schema.coalesce(chart.values, DOCUMENTS[name])
        for key in difference[:-1]:
            merged = merged[key]
        assert difference[-1] not in merged
