"""Would the documents notice damage to values.schema.json? Each of its keywords is damaged in turn."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import yamlio
from tests.support import schemas
from tests.support.charts import Chart
from tests.values import documents as kept
from tests.values.documents import Documents, Site
from tests.values.mutants import Mutant, mutants

EQUIVALENTS: dict[str, str] = {
    pattern: group["why"]
    for group in yamlio.load_one(Path(__file__).parent / "equivalents.yaml")
    for pattern in group["mutants"]
}
SAMPLE, SEED = 120, 20
REMEDY = "write a document in corpus for them, or run python -m tests.values"

Killers = Mapping[str, Site | None]


@pytest.fixture(scope="module")
def documents(chart: Chart) -> Documents:
    return kept.kept(chart)


@pytest.fixture(scope="module")
def killers(chart: Chart, documents: Documents) -> Killers:
    """A document that is kept for each mutant by name, None where there is none."""
    return {mutant.name: documents.killer(mutant) for mutant in mutants(chart.schema)}


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_sample_of_damage_is_noticed(chart: Chart, documents: Documents) -> None:
    known = [mutant for mutant in mutants(chart.schema) if not is_equivalent(mutant.name)]
    sample: list[Mutant] = random.Random(SEED).sample(known, SAMPLE)
    survivors = [mutant.name for mutant in sample if documents.killer(mutant) is None]
    assert not survivors, f"{REMEDY}: {survivors}"


@pytest.mark.slow
# Three quarters of a minute where nothing else runs.
@pytest.mark.timeout(900)
def test_every_damage_is_noticed_but_by_reason(
    chart: Chart,
    killers: Killers,
    repository: Path,
    record_property: Callable[[str, object], None],
) -> None:
    figures = Counter(killer.source for killer in killers.values() if killer)
    survivors = {name for name, killer in killers.items() if killer is None}
    report = {
        "subschemas": len(list(schemas.subschemas(chart.schema))),
        "mutants": len(killers),
        "killed by a document of the corpus": figures["corpus"],
        "killed by a derived document": figures["derived"],
        "equivalent": len(survivors),
    }
    (repository / "build").mkdir(exist_ok=True)
    (repository / "build/schema-mutants.json").write_text(json.dumps(report, indent=2) + "\n")
    record_property("damage to values.schema.json", json.dumps(report))
    print(report)
    alive = sorted(name for name in survivors if not is_equivalent(name))
    assert not alive, f"{REMEDY}: {alive}"
    dead = sorted(name for name in killers if is_equivalent(name) and name not in survivors)
    assert not dead, f"equivalents.yaml calls equivalent what a document tells apart: {dead}"


@pytest.mark.slow
def test_what_equivalents_lists_is_told_apart_by_no_document_that_can_be_derived(
    chart: Chart, documents: Documents
) -> None:
    listed = [mutant for mutant in mutants(chart.schema) if is_equivalent(mutant.name)]
    dead = [mutant.name for mutant in listed if documents.derive(mutant)]
    assert not dead, f"take out of equivalents.yaml, and run python -m tests.values: {dead}"


def is_equivalent(name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in EQUIVALENTS)


@pytest.mark.slow
def test_a_damaged_schema_is_told_from_a_whole_one(chart: Chart, documents: Documents) -> None:
    whole: dict[str, Any] = chart.schema
    unharmed = Mutant((), "required", "as it was", whole)
    assert documents.killer(unharmed) is None
