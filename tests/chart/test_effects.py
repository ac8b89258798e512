"""Does each value do what it says? The cases are in effects/, one concern a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import yamlio
from opencode_workspace.rules import podsecurity
from tests.support import kubernetes, references, schemas
from tests.support.charts import Chart
from tests.support.pods import pods
from tests.support.rendering import Renderer

FILES = sorted((Path(__file__).parent / "effects").glob("*.yaml"))
KEYS = {"it", "values", "gives", "ends", "external", "restricted"}
CASES: dict[str, dict[str, Any]] = {
    f"{path.stem}: {case['it']}": case for path in FILES for case in yamlio.load_one(path)
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_value_does_what_it_says(
    case: dict[str, Any], render_chart: Renderer, supported_versions: tuple[str, str]
) -> None:
    assert case.keys() <= KEYS, f"unknown keys: {case.keys() - KEYS}"
    rendered = render_chart(case["values"], hooks=True)

    gives, ends = case.get("gives", {}), case.get("ends", {})
    assert {address: rendered.at(address) for address in gives} == gives
    for address, ending in ends.items():
        assert rendered.at(address).endswith(ending), f"{address}: {rendered.at(address)[-500:]}"
    assert kubernetes.all_violations(rendered, supported_versions) == []
    assert references.mistakes(rendered, case.get("external", ())) == []
    assert references.leftovers(rendered) == []
    refused = [line for _, pod in pods(rendered) for line in podsecurity.restricted(pod)]
    expected = "nothing" if case.get("restricted", True) else "something"
    assert bool(refused) == (expected == "something"), (
        f"Pod Security restricted refuses {refused or 'nothing'}, expected is {expected}"
    )


def test_every_value_of_the_schema_has_an_effect_here(chart: Chart) -> None:
    used = {
        schemas.generalised(place)
        for case in CASES.values()
        for place in schemas.touched(chart.schema, case["values"])
    }
    known = {
        schemas.generalised(place)
        for place in schemas.properties(chart.schema)
        if "if" not in place
    }
    # Refused wherever it stands: tests/chart/refusals.
    without_effect = {place for place in known if place[-1] == "globalMounts"}
    missing = sorted("/".join(place) for place in known - used - without_effect)
    assert not missing, f"write a case in tests/chart/effects for: {missing}"
