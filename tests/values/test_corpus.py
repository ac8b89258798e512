"""Do Helm 3, Helm 4, Helm as a library and the package's validator say the same about a set of values?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import schema, yamlio
from tests.support import corpus, helmcli, kubernetes, references
from tests.support.charts import Chart
from tests.support.corpus import Pointers
from tests.support.rendering import Renderer
from tests.values.cases import Documents, corpus_documents, refusal_documents

EFFECTS = sorted((Path(__file__).parents[1] / "chart/effects").glob("*.yaml"))
CORPUS = corpus_documents()
ALL = CORPUS | refusal_documents()
# Good for the schema alone: what is open there is checked on the rendered object.
OPEN = {"good-custom-volume", "good-open-maps", "good-shape-that-only-the-templates-refuse"}


def test_every_bad_document_names_a_pointer() -> None:
    assert not [name for name, (_, at) in CORPUS.items() if name.startswith("bad-") and not at]


def test_the_corpus_is_large_enough_to_rely_on() -> None:
    assert len(CORPUS) >= 150


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({n for n, (_, at) in CORPUS.items() if not at} - OPEN))
def test_a_good_document_makes_objects_that_kubernetes_takes(
    name: str, render_chart: Renderer, supported_versions: tuple[str, str]
) -> None:
    rendered = render_chart(CORPUS[name][0], hooks=True)
    assert kubernetes.all_violations(rendered, supported_versions) == []
    assert references.leftovers(rendered) == []


@pytest.mark.slow
@pytest.mark.parametrize("cli", helmcli.CLIS)
def test_each_helm_command_line_refuses_a_document_where_it_must(
    cli: str, chart: Chart, tmp_path: Path
) -> None:
    assert disagreements(CORPUS, asked(cli, CORPUS, chart, tmp_path)) == []


@pytest.mark.parametrize("cli", helmcli.EACH_CLI)
def test_each_helm_command_line_refuses_a_few_documents_where_it_must(
    cli: str, chart: Chart, tmp_path: Path
) -> None:
    few = dict(list(CORPUS.items())[::8])
    assert disagreements(few, asked(cli, few, chart, tmp_path)) == []


# Of the refusals, the chart's own tests say it word for word.
@pytest.mark.slow
def test_helm_as_a_library_refuses_a_document_where_it_must(chart: Chart, tmp_path: Path) -> None:
    assert disagreements(CORPUS, asked("embedded", CORPUS, chart, tmp_path)) == []


def test_the_package_refuses_a_document_where_it_must(chart: Chart) -> None:
    found = {name: refused(chart, values) for name, (values, _) in ALL.items()}
    assert disagreements(ALL, found) == []


def test_the_package_takes_the_values_of_every_effect(chart: Chart) -> None:
    for path in EFFECTS:
        for case in yamlio.load_one(path):
            assert refused(chart, case["values"]) == frozenset(), f"{path.stem}: {case['it']}"


def asked(engine: str, documents: Documents, chart: Chart, folder: Path) -> dict[str, Pointers]:
    values = {name: document for name, (document, _) in documents.items()}
    return corpus.refusals(engine, corpus.umbrella(chart, folder, values), values)


def refused(chart: Chart, values: Any) -> Pointers:
    coalesced = schema.coalesce(chart.values, values)
    return frozenset(v.json_pointer for v in schema.validate(coalesced, chart.schema))


def disagreements(documents: Documents, found: dict[str, Pointers]) -> list[str]:
    return [
        f"{name}: refused at {sorted(found[name]) or 'no place'}, not at {sorted(at) or 'none'}"
        for name, (_, at) in documents.items()
        if found[name] != at
    ]
