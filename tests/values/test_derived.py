"""Do the derived documents tell a schema that was damaged from the one they were made for?"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support import corpus
from tests.support.charts import Chart
from tests.support.corpus import Pointers
from tests.values import cases, derived, documents
from tests.values.mutants import mutants

DERIVED = derived.load()
# Bytes: it is read by people, when they change the schema.
LARGEST = 300_000
# Sub-charts in one chart: Helm keeps the schema of each.
BATCH = 250
# What only derived documents notice.
DAMAGE = (
    "definitions/service: required without ports",
    "definitions/podOptions/properties/dnsPolicy: enum dropped",
    "definitions/secret: additionalProperties dropped",
)


def test_the_package_refuses_a_derived_document_where_it_must(
    chart: Chart, record_property: Callable[[str, object], None]
) -> None:
    written = cases.corpus_documents()
    figures = {
        "good": sum(not at for _, at in written.values()),
        "bad": sum(bool(at) for _, at in written.values()),
        "derived": len(DERIVED),
    }
    record_property("documents for values.schema.json", json.dumps(figures))
    print(figures)
    assert disagreements(chart.schema) == []


@pytest.mark.slow
def test_damage_that_no_document_of_the_corpus_notices_is_noticed(chart: Chart) -> None:
    written = documents.of_corpus(chart)
    found = {one.name: one for one in mutants(chart.schema)}
    for name in DAMAGE:
        assert written.killer(found[name]) is None, f"{name}: the corpus notices it, take another"
        assert disagreements(found[name].within(chart.schema)), name


def test_the_file_is_small_and_holds_what_is_written_to_it() -> None:
    text = derived.FILE.read_text(encoding="utf-8")
    assert derived.dump(DERIVED) == text
    assert len(text.encode()) < LARGEST
    assert len({one.name for one in DERIVED}) == len(DERIVED)


def test_ci_cannot_write_the_file_anew(repository: Path) -> None:
    before = derived.FILE.read_bytes()
    done = subprocess.run(
        [sys.executable, "-m", "tests.values"],
        cwd=repository,
        env={"CI": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "for people" in done.stderr
    assert derived.FILE.read_bytes() == before


@pytest.mark.slow
# Helm as a library is Helm 4; Helm 3 validates with another version of the same validator.
@pytest.mark.parametrize("engine", ["embedded", "helm3", "helm4"])
def test_helm_refuses_a_derived_document_where_it_must(
    engine: str, chart: Chart, tmp_path: Path
) -> None:
    wrong: list[str] = []
    for number, batch in enumerate(batches()):
        folder = corpus.umbrella(chart, tmp_path / str(number), batch, defaults={})
        told = corpus.refusals(engine, folder, {key: one.document for key, one in batch.items()})
        wrong += [disagreement(one, told[key]) for key, one in batch.items() if told[key] != one.at]
    assert wrong == []


def disagreements(schema: Mapping[str, Any]) -> list[str]:
    """Derived documents that `schema` does not judge as is said of them."""
    found = ((one, documents.refused(one.document, schema)) for one in DERIVED)
    return [disagreement(one, at) for one, at in found if at != one.at]


def disagreement(one: derived.Derived, found: Pointers) -> str:
    return (
        f"{json.dumps(one.value)} at {derived.pointer(one.way) or 'the root'}: "
        f"refused at {sorted(found) or 'no place'}, not at {sorted(one.at) or 'none'}; "
        f"it is there to notice {one.name}"
    )


def batches() -> Iterator[dict[str, derived.Derived]]:
    # A release's values are a map: no Helm ever sees anything else.
    maps = [one for one in DERIVED if isinstance(one.document, dict)]
    for start in range(0, len(maps), BATCH):
        yield {f"d{start + index}": one for index, one in enumerate(maps[start : start + BATCH])}
