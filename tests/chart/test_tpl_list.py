"""Where are templates evaluated? In the places of tpl.yaml and in no other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import yamlio
from tests.support import schemas
from tests.support.charts import Chart
from tests.support.rendering import Renderer

PLACES: dict[str, list[Any]] = yamlio.load_one(Path(__file__).parent / "tpl.yaml")
PLACEHOLDER = "<text>"
# Without a quote, which some places refuse, and without a space, which others do. Its result is
# valid everywhere, and is rendered nowhere else.
TEMPLATE = "{{.Chart.Type}}"
EVALUATED = "application"

# What the chart reads itself, and so never hands on as it is written.
READ_BY_THE_CHART = {"dependsOn", "global", "globalMounts", "identifier", "repository", "type"}


def filled(node: Any) -> Any:
    return json.loads(json.dumps(node).replace(PLACEHOLDER, TEMPLATE))


@pytest.mark.parametrize("values", PLACES["evaluated"], ids=json.dumps)
def test_a_template_is_evaluated(values: Any, render_chart: Renderer) -> None:
    text = rendered_text(render_chart, filled(values))
    assert TEMPLATE not in text, "the template is still there"
    assert EVALUATED in text, "its result is nowhere"


@pytest.mark.parametrize("values", PLACES["verbatim"], ids=json.dumps)
def test_a_text_stays_as_it_is_written(values: Any, render_chart: Renderer) -> None:
    text = rendered_text(render_chart, filled(values))
    assert TEMPLATE in text, "the text is nowhere"
    assert EVALUATED not in text, "the text was evaluated"


def test_nothing_looks_like_the_result_without_a_template(render_chart: Renderer) -> None:
    assert EVALUATED not in rendered_text(render_chart, {})


def rendered_text(render_chart: Renderer, values: Any) -> str:
    """All objects as JSON, without the scripts, which are no values."""
    rendered = list(render_chart(values))
    for document in rendered:
        if document["kind"] == "ConfigMap":
            document["data"] = {k: v for k, v in document["data"].items() if not k.endswith(".sh")}
    return json.dumps(rendered)


def test_every_place_that_takes_a_text_is_in_one_of_the_lists(chart: Chart) -> None:
    takes = {
        schemas.generalised(place)
        for place, schema in schemas.nodes(chart.schema)
        if place[-2:-1] == ("properties",)
        and "if" not in place
        and place[-1] not in READ_BY_THE_CHART
        and schemas.accepts(chart.schema, schema, f"/home/user/{TEMPLATE}")
    }
    listed = {
        schemas.generalised(place)
        for values in (*PLACES["evaluated"], *PLACES["verbatim"])
        for text in (PLACEHOLDER, f"/{PLACEHOLDER}", f"/home/user/{PLACEHOLDER}")
        for place in schemas.holders(chart.schema, filled(values), filled(text))
    }
    missing = sorted("/".join(place) for place in takes - listed)
    assert not missing, "\n".join(["write a case in tests/chart/tpl.yaml for:", *missing])
