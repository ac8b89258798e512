"""Would the documents notice damage to values.schema.json? Each of its keywords is damaged in turn."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import schema as validator
from opencode_workspace import yamlio
from tests.support import corpus, schemas
from tests.support.charts import Chart
from tests.support.corpus import Pointers
from tests.values.cases import corpus_documents, refusal_documents
from tests.values.documents import Documents, Killer
from tests.values.mutants import Mutant, mutants

EQUIVALENTS: dict[str, str] = {
    pattern: group["why"]
    for group in yamlio.load_one(Path(__file__).parent / "equivalents.yaml")
    for pattern in group["mutants"]
}
SAMPLE, SEED = 120, 20
# Sub-charts in one chart: Helm keeps the schema of each.
BATCH = 250

Killers = Mapping[str, Killer | None]


@pytest.fixture(scope="module")
def documents(chart: Chart) -> Documents:
    cases = corpus_documents()
    everything = cases | refusal_documents()
    return Documents(
        chart.schema,
        good={name: values for name, (values, at) in cases.items() if not at},
        bad={
            name: validator.coalesce(chart.values, values)
            for name, (values, at) in everything.items()
            if at
        },
    )


@pytest.fixture(scope="module")
def killers(chart: Chart, documents: Documents) -> Killers:
    """A document for each mutant by name, None where there is none."""
    return {mutant.name: documents.killer(mutant) for mutant in mutants(chart.schema)}


def test_every_part_of_the_schema_is_in_use_in_a_good_document(
    chart: Chart, documents: Documents
) -> None:
    places = {place for place, _ in schemas.subschemas(chart.schema)}
    missing = sorted("/".join(map(str, place)) for place in places - documents.reached)
    assert not missing, f"write a document in corpus/good for: {missing}"


def test_every_reason_is_for_a_mutant_that_there_is(chart: Chart) -> None:
    names = [mutant.name for mutant in mutants(chart.schema)]
    idle = [p for p in EQUIVALENTS if not any(fnmatchcase(name, p) for name in names)]
    assert not idle, f"take out of equivalents.yaml: {idle}"


def test_a_sample_of_damage_is_noticed(chart: Chart, documents: Documents) -> None:
    known = [mutant for mutant in mutants(chart.schema) if not is_equivalent(mutant.name)]
    sample: list[Mutant] = random.Random(SEED).sample(known, SAMPLE)
    survivors = [mutant.name for mutant in sample if documents.killer(mutant) is None]
    assert not survivors, f"write a document in corpus for: {survivors}"


@pytest.mark.slow
def test_every_damage_is_noticed_but_by_reason(
    chart: Chart, killers: Killers, repository: Path
) -> None:
    figures = Counter(killer.source for killer in killers.values() if killer)
    survivors = {name for name, killer in killers.items() if killer is None}
    report = {
        "subschemas": len(list(schemas.subschemas(chart.schema))),
        "mutants": len(killers),
        "killed by a document of the corpus": figures["corpus"],
        "killed by a derived document": figures["derived"],
        "equivalent": len(survivors),
        "derived documents": len(derived(killers)),
    }
    (repository / "build").mkdir(exist_ok=True)
    (repository / "build/schema-mutants.json").write_text(json.dumps(report, indent=2) + "\n")
    print(report)
    alive = sorted(name for name in survivors if not is_equivalent(name))
    assert not alive, f"write a document in corpus for: {alive}"
    dead = sorted(name for name in killers if is_equivalent(name) and name not in survivors)
    assert not dead, f"equivalents.yaml calls equivalent what a document tells apart: {dead}"


@pytest.mark.slow
def test_a_mutant_that_takes_more_takes_what_was_refused(killers: Killers) -> None:
    elsewhere = [name for name, k in killers.items() if k and k.at and k.says]
    assert not elsewhere, f"refused all the same, but at another place: {elsewhere}"


@pytest.mark.slow
# Helm as a library is Helm 4; Helm 3 validates with another version of the same validator.
@pytest.mark.parametrize("engine", ["embedded", "helm3"])
def test_helm_says_of_derived_documents_what_the_package_says(
    engine: str, chart: Chart, killers: Killers, tmp_path: Path
) -> None:
    expected = derived(killers)
    found: dict[str, Pointers] = {}
    for number, batch in enumerate(batches(sorted(expected))):
        values = {f"d{index}": json.loads(text) for index, text in enumerate(batch)}
        folder = corpus.umbrella(chart, tmp_path / str(number), values, defaults={})
        told = corpus.refusals(engine, folder, values)
        found |= {text: told[f"d{index}"] for index, text in enumerate(batch)}
    different = [text for text in expected if found[text] != expected[text]]
    assert not different, (
        f"{len(different)} of {len(expected)}: {engine} refuses at {sorted(found[different[0]])}, "
        f"the package at {sorted(expected[different[0]])}: {different[0]}"
    )


def derived(killers: Killers) -> dict[str, Pointers]:
    """Each derived document, as JSON, with the pointers at which it is refused."""
    return {
        json.dumps(killer.values): killer.at
        for killer in killers.values()
        # A release's values are a map: no Helm ever sees anything else.
        if killer and killer.source == "derived" and isinstance(killer.values, dict)
    }


def batches(texts: list[str]) -> Iterator[list[str]]:
    yield from (texts[start : start + BATCH] for start in range(0, len(texts), BATCH))


def is_equivalent(name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in EQUIVALENTS)


def test_a_damaged_schema_is_told_from_a_whole_one(chart: Chart, documents: Documents) -> None:
    whole: dict[str, Any] = chart.schema
    unharmed = Mutant((), "required", "as it was", whole)
    assert documents.killer(unharmed) is None
