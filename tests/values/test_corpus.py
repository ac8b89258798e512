"""Do Helm 3, Helm 4, Helm as a library and the package's validator say the same about a set of values?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import schema, yamlio
from tests.support import corpus, helmcli
from tests.support.charts import Chart
from tests.support.corpus import Pointers

HERE = Path(__file__).parent
GOOD = sorted((HERE / "corpus/good").glob("*.yaml"))
BAD = sorted((HERE / "corpus/bad").glob("*.yaml"))
REFUSALS = sorted((HERE.parent / "chart/refusals").glob("*.yaml"))
EFFECTS = sorted((HERE.parent / "chart/effects").glob("*.yaml"))

_AT = re.compile(r"- at '(?P<pointer>.*?)': ")

Documents = dict[str, tuple[Any, Pointers]]


def corpus_documents() -> Documents:
    """Values by name, with the pointers at which they must be refused."""
    found: Documents = {}
    for path in GOOD:
        found[f"good-{path.stem}"] = (yamlio.load_one(path), frozenset())
    for path in BAD:
        case = yamlio.load_one(path)
        found[f"bad-{path.stem}"] = (case["values"], frozenset(case["at"]))
    return found


def refusal_documents() -> Documents:
    """The same of the chart's refusals; what only a template can see is no mistake for the schema."""
    found: Documents = {}
    for path in REFUSALS:
        case = yamlio.load_one(path)
        pointers = [match["pointer"] for line in case["says"] if (match := _AT.match(line))]
        found[f"refusal-{path.stem}"] = (case["values"], frozenset(pointers))
    return found


CORPUS = corpus_documents()
ALL = CORPUS | refusal_documents()


def test_every_bad_document_names_a_pointer() -> None:
    assert not [name for name, (_, at) in CORPUS.items() if name.startswith("bad-") and not at]


@pytest.mark.parametrize("cli", helmcli.CLIS)
def test_each_helm_command_line_refuses_a_document_where_it_must(
    cli: str, chart: Chart, tmp_path: Path
) -> None:
    assert disagreements(CORPUS, asked(cli, CORPUS, chart, tmp_path)) == []


def test_helm_as_a_library_refuses_a_document_where_it_must(chart: Chart, tmp_path: Path) -> None:
    assert disagreements(ALL, asked("embedded", ALL, chart, tmp_path)) == []


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
