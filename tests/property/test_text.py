"""Does every text reach the cluster as it was written, wherever it may stand?"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from opencode_workspace import plain, schema, yamlio
from tests.property import texts
from tests.property.profiles import share
from tests.support.charts import Chart
from tests.support.rendering import Renderer

# Every place of the values that takes a text, kept complete by a test of its own.
PLACES: dict[str, list[Any]] = yamlio.load_one(Path(__file__).parents[1] / "chart/tpl.yaml")
# A text that is legal everywhere and is rendered nowhere else.
MARK = "mark.example"

# The chart reads these itself: the first two have tests below, the others are names of hosts, a
# folder that must not climb, and a dash that means no class.
_READ = ("knownHosts", "'user'", "hostnames", "directory", "storageClass")
VERBATIM = [place for place in PLACES["verbatim"] if not any(word in str(place) for word in _READ)]
EVALUATED = [place for place in PLACES["evaluated"] if "'hostnames': ['<text>']" not in str(place)]


@share(2)
@given(st.sampled_from(VERBATIM), texts.printable_texts() | texts.lines() | texts.words())
def test_a_text_comes_out_as_it_was_written(
    chart: Chart, render_chart: Renderer, place: Any, text: str
) -> None:
    values = texts.filled(place, text)
    assume(legal(chart, values))
    assert list(render_chart(values)) == expected(render_chart, place, text)


@share(2)
@given(st.sampled_from(EVALUATED), texts.printable_texts())
def test_a_text_comes_out_of_a_template_as_it_was_written(
    chart: Chart, render_chart: Renderer, place: Any, text: str
) -> None:
    values = texts.filled(place, texts.literal(text))
    assert legal(chart, values)
    assert list(render_chart(values)) == expected(render_chart, place, text)


@share(1)
@given(st.sampled_from(VERBATIM + EVALUATED), texts.unprintable_texts())
def test_an_unprintable_character_is_kept_or_refused(
    chart: Chart, render_chart: Renderer, place: Any, text: str
) -> None:
    values = texts.filled(place, text)
    assume(legal(chart, values))
    said = render_chart.refusal(values)
    assert "YAML parse error" not in said, f"the chart has to refuse it in words of its own: {said}"
    assert said or list(render_chart(values)) == expected(render_chart, place, text)


@given(texts.keys())
def test_the_key_of_an_annotation_comes_out_as_it_was_written(
    render_chart: Renderer, key: str
) -> None:
    rendered = render_chart({"defaultPodOptions": {"annotations": {key: "a"}}})
    assert rendered.at("Deployment/spec/template/metadata/annotations") == {key: "a"}


@given(st.lists(texts.printable_texts(), min_size=1, max_size=6))
def test_a_command_has_the_words_that_were_written(
    render_chart: Renderer, words: list[str]
) -> None:
    values = {"controllers": {"workspace": {"containers": {"app": {"command": words}}}}}
    assert render_chart(values).container("app")["command"] == words


@share(0.5)
@given(texts.lines(), texts.lines())
def test_git_reads_the_identity_that_was_written(
    render_chart: Renderer, name: str, email: str
) -> None:
    rendered = render_chart({"workspace": {"user": {"name": name, "email": email}}})
    command = ["git", "config", "--file", "-", "--null", "--get-regexp", r"^user\."]
    config = rendered.at("ConfigMap/data/gitconfig").encode()
    read = subprocess.run(command, input=config, capture_output=True, check=True).stdout
    assert read.decode() == f"user.name\n{name}\0user.email\n{email}\0"


@share(0.5)
@given(texts.ascii_lines())
def test_keys_of_more_git_servers_follow_those_of_the_chart(
    chart: Chart, render_chart: Renderer, text: str
) -> None:
    shipped = (chart.directory / "files/known_hosts").read_text()
    rendered = render_chart({"workspace": {"knownHosts": text}})
    added = f"{text.strip()}\n" if text.strip() else ""
    assert rendered.at("ConfigMap/data/known_hosts") == shipped + added


@share(5)
@given(texts.keys(), texts.texts())
def test_a_text_is_read_back_as_it_was_dumped(key: str, text: str) -> None:
    document = {key: [text, {"below": text}], "list": [[text]], "text": text}
    written = yamlio.dump(document)
    assert yamlio.parse(written, "a.yaml") == [document]
    assert yamlio.parse_rendered(written, "a.yaml") == [document]
    assert yaml.safe_load(written) == document
    assert yamlio.dump(plain.copied(document)) == written


def expected(render_chart: Renderer, place: Any, text: str) -> list[Any]:
    """What `place` with the mark renders to, with `text` for the mark."""
    marked = list(render_chart(texts.filled(place, MARK)))
    assert MARK in str(marked), "the mark is nowhere: this place shows nothing"
    return [texts.filled(document, text, MARK) for document in marked]


def legal(chart: Chart, values: Any) -> bool:
    """Whether the chart's schema takes `values`."""
    return not schema.validate(schema.coalesce(chart.values, values), chart.schema)
