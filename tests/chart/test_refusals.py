"""Is every mistake refused, and told with its place? One mistake a file in refusals/, named after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencode_workspace import yamlio
from tests.support.rendering import Renderer

FILES = sorted((Path(__file__).parent / "refusals").glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_a_mistake_is_refused_and_told_with_its_place(file: Path, render_chart: Renderer) -> None:
    case = yamlio.load_one(file)
    assert case.keys() <= {"values", "says", "silent"}

    message = render_chart.refusal(case["values"])

    assert told(message) == sorted(case["says"])
    for secret in case.get("silent", ()):
        assert secret not in message, f"the message repeats {secret!r}"


def test_a_refusal_is_a_sentence_and_one_line_a_mistake(render_chart: Renderer) -> None:
    route = {"enabled": True, "parentRefs": [{"name": "gw"}]}
    message = render_chart.refusal({"route": {"app": route}, "global": {"nameOverride": "x"}})
    first, *mistakes = message.partition("the values do not fit")[2].splitlines()
    assert first == " together:"
    assert [line[:2] for line in mistakes] == ["- ", "- "], message


def told(message: str) -> list[str]:
    """The lines of a refusal that tell one mistake each, in an order of their own: Helm has none."""
    lines = [line.strip() for line in message.splitlines()]
    # Helm says of a place that it failed, and then of each place below it why.
    return sorted(s for s in lines if s.startswith("- ") and not s.endswith("validation failed"))
