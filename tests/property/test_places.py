"""Do the strategies draw everything that can be set? What they never draw, no property is tested with."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from tests.property.valid.documents import documents
from tests.support import schemas
from tests.support.charts import Chart
from tests.support.schemas import Place

# By the last name of the place.
NEVER_DRAWN = {"globalMounts": "the chart refuses it, and says what to write instead"}
# More than one thorough run has, because some places are rare; nothing is rendered.
EXAMPLES = 400


def drawn(chart: Chart, count: int) -> set[Place]:
    """Places of the schema that `count` examples touch: the same ones in every run."""
    found: set[Place] = set()

    @settings(max_examples=count)
    @given(documents())
    def draw(values: dict[str, Any]) -> None:
        found.update(schemas.touched(chart.schema, values))

    draw()
    return found


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_everything_that_can_be_set_is_drawn_but_by_reason(chart: Chart) -> None:
    found = drawn(chart, EXAMPLES)
    missing = schemas.properties(chart.schema) - found
    unknown = sorted("/".join(map(str, p)) for p in missing if p[-1] not in NEVER_DRAWN)
    assert not unknown, f"add to a strategy in tests/property/valid: {unknown}"
    assert {place[-1] for place in missing} == set(NEVER_DRAWN), "NEVER_DRAWN lists what is drawn"


def test_a_place_that_no_example_touches_is_noticed(chart: Chart) -> None:
    missing = schemas.properties(chart.schema) - drawn(chart, 1)
    assert {place[-1] for place in missing} > set(NEVER_DRAWN)
