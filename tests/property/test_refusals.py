"""Do Helm and the package refuse the same values, and does the chart never stumble over what both take?"""

from __future__ import annotations

import re
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from opencode_workspace import schema
from tests.property import damage
from tests.property.profiles import share
from tests.property.valid.documents import documents
from tests.support import helmcli
from tests.support.charts import Chart
from tests.support.rendering import NAMESPACE, RELEASE, Renderer

_AT = re.compile(r"^ *- at '(?P<pointer>.*?)': (?P<message>.*)$", re.MULTILINE)
_OUT_OF_BOUNDS = ("x" * 300, "A", "a b", "-a", 65536, 512, 2**63, "1.10", " ", "\n", "a\n")
# What the chart says itself, and what Go's template language says of a text that is no template.
_IN_WORDS = ("the values do not fit together", "{{")


@st.composite
def damaged_values(draw: st.DrawFn) -> Any:
    """Valid values, damaged at one to three places."""
    return draw(damage.damaged(draw(documents()), _OUT_OF_BOUNDS))


@share(1.5)
@given(damaged_values())
def test_both_validators_refuse_values_at_the_same_places(
    chart: Chart, render_chart: Renderer, values: Any
) -> None:
    refused = pointers(chart, values)
    said = render_chart.refusal(values)

    event("refused by the schema" if refused else "refused by the chart" if said else "taken")
    assert told_at(said) == refused
    if said and not refused:
        assert any(word in said for word in _IN_WORDS), f"the chart stumbled: {said[-1000:]}"


@share(0.1)
@given(damaged_values())
def test_each_helm_command_line_refuses_values_at_the_same_places(
    chart: Chart, values: Any
) -> None:
    refused = pointers(chart, values)
    for cli in helmcli.CLIS:
        assert told_at(said_by(cli, chart, values)) == refused, cli


def pointers(chart: Chart, values: Any) -> set[str]:
    """JSON pointers at which the package refuses `values`."""
    coalesced = schema.coalesce(chart.values, values)
    return {violation.json_pointer for violation in schema.validate(coalesced, chart.schema)}


def told_at(said: str) -> set[str]:
    """JSON pointers in what Helm says."""
    return {
        match["pointer"].replace("\\'", "'")
        for match in _AT.finditer(said)
        if not match["message"].endswith("validation failed")
    }


def said_by(cli: str, chart: Chart, values: Any) -> str:
    try:
        helmcli.template_text(cli, chart.path, values, name=RELEASE, namespace=NAMESPACE)
    except helmcli.HelmRefusedError as error:
        return str(error)
    return ""
