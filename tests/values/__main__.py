"""`python -m tests.values`: writes derived.jsonl for the schema as it is, to be read before it is committed.

A line that goes away was a mistake that the schema does not refuse any more.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.support.charts import Chart, open_chart
from tests.values import derived, documents
from tests.values.derived import Derived
from tests.values.mutants import mutants

CHART = Path(__file__).parents[2] / "charts/opencode-workspace"


def written(chart: Chart) -> Iterator[Derived]:
    """A document for each damage that neither the corpus nor a document before it notices."""
    kept = documents.of_corpus(chart)
    for mutant in mutants(chart.schema):
        if not kept.killer(mutant) and (made := kept.derive(mutant)):
            kept.add(made)
            yield made


def main() -> None:
    """Refuses to run in CI: what it writes is to be read."""
    if os.environ.get("CI") == "true":
        sys.exit("python -m tests.values is for people: what it writes is to be read")
    with tempfile.TemporaryDirectory() as scratch:
        found = list(written(open_chart(CHART, Path(scratch))))
    derived.FILE.write_text(derived.dump(found), encoding="utf-8")
    print(f"{len(found)} documents, {derived.FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
