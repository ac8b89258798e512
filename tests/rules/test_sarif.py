"""Does the description of what code scanning reads tell right logs from wrong ones?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.sarif import CODE_SCANNING


def _log(uri: str = "flux/a%20b.yaml") -> dict[str, Any]:
    """A log that code scanning reads, with one result."""
    location = {"artifactLocation": {"uri": uri}, "region": {"startLine": 1}}
    result = {
        "ruleId": "a",
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": "a"},
        "locations": [{"physicalLocation": location}],
    }
    notification = {"level": "warning", "message": {"text": "a"}}
    run = {
        "tool": {"driver": {"name": "a", "rules": []}},
        "invocations": [
            {"executionSuccessful": True, "toolExecutionNotifications": [notification]}
        ],
        "results": [result],
    }
    return {"version": "2.1.0", "runs": [run]}


@pytest.mark.parametrize("uri", ["flux/a%20b.yaml", "a.yaml", "file:///home/user/a.yaml"])
def test_the_sarif_structure_takes_what_is_right(uri: str) -> None:
    CODE_SCANNING.validate(_log(uri))


@pytest.mark.parametrize(
    "uri",
    [
        "/home/user/a.yaml",
        "../a.yaml",
        "a b.yaml",
        "a:b.yaml",
        "a\\b.yaml",
        "file://a.yaml",
        "ü",
        "",
    ],
)
def test_the_sarif_structure_refuses_what_is_no_uri_below_the_repository(uri: str) -> None:
    assert not CODE_SCANNING.is_valid(_log(uri))


@pytest.mark.parametrize(
    "path",
    [
        "results/0/locations/0/physicalLocation/region",
        "results/0/message/text",
        "invocations/0/executionSuccessful",
        "invocations/0/toolExecutionNotifications/0/message",
        "invocations",
    ],
)
def test_the_sarif_structure_refuses_a_log_that_lacks_something(path: str) -> None:
    log = _log()
    *parents, last = path.split("/")
    place: Any = log["runs"][0]
    for step in parents:
        place = place[int(step) if step.isdecimal() else step]
    del place[last]
    assert not CODE_SCANNING.is_valid(log)
