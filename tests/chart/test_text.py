"""Is the text of a release one that a person can read?"""

from __future__ import annotations

import re

from tests.support.rendering import Renderer

MILLION = {
    "controllers": {"workspace": {"revisionHistoryLimit": 1000000}},
    "route": {
        "app": {
            "enabled": True,
            "parentRefs": [{"name": "gw"}],
            "hostnames": ["a.example.com"],
            "rules": [{"backendRefs": [{"identifier": "app", "weight": 1000000}]}],
        }
    },
}


def test_a_large_number_has_no_exponent(render_chart: Renderer) -> None:
    # To every reader of YAML 1e+06 is the same number.
    text = render_chart.text(MILLION)
    found = re.findall(r"(?m)^ *(revisionHistoryLimit|weight): (.*)$", text)
    assert found == [("revisionHistoryLimit", "1000000"), ("weight", "1000000")]
