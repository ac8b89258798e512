"""Every string that is written comes back as that string, from PyYAML and from every Helm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from opencode_workspace import helm, yamlio
from opencode_workspace.errors import UserError
from tests.package.fixtures import minicharts
from tests.package.fixtures.tables import table
from tests.support import helmcli

STRINGS: list[str] = table("strings.json")
EVERYWHERE = {
    "values": STRINGS,
    "keys": {text: index for index, text in enumerate(STRINGS)},
    "nested": [[{"deep": text, "list": [text]}] for text in STRINGS],
}


def test_pyyaml_reads_every_string_back() -> None:
    assert yaml.safe_load(yamlio.dump(EVERYWHERE)) == EVERYWHERE


def test_the_strict_reader_accepts_what_is_written() -> None:
    assert yamlio.parse(yamlio.dump(EVERYWHERE), "x.yaml") == [EVERYWHERE]


@pytest.mark.parametrize("text", STRINGS, ids=ascii)
def test_a_string_alone_is_a_document(text: str) -> None:
    assert yaml.safe_load(yamlio.dump(text)) == text


@pytest.mark.parametrize("engine", ["embedded", *helmcli.EACH_CLI])
def test_helm_reads_every_string_back(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chart = minicharts.write(
        {**minicharts.ECHO, "values.yaml": "name: app\n" + yamlio.dump(EVERYWHERE)}, tmp_path
    )
    kind: helm.Engine = "embedded"
    if engine != "embedded":
        kind = "cli"
        monkeypatch.setenv("HELM_BIN", str(helmcli.binary(engine)))
    (manifest,) = helm.render(chart, helm.Release("app", "apps"), {}, engine=kind)
    assert json.loads(manifest.document["data"]["values"]) == {"name": "app", **EVERYWHERE}


def test_plain_safe_dump_would_not_do() -> None:
    """A negative control: the strings in the table are nasty enough to tell dumpers apart."""
    with pytest.raises(UserError):
        yamlio.parse(yaml.safe_dump(EVERYWHERE, allow_unicode=True), "x.yaml")


TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(TREES)
def test_any_tree_survives_writing_and_reading(tree: Any) -> None:
    text = yamlio.dump(tree)
    assert yaml.safe_load(text) == tree
    assert yamlio.parse_rendered(text, "x.yaml") in ([tree], [])


def test_documents_are_told_apart_whatever_they_end_with() -> None:
    documents = [{"a": "ends in breaks\n\n"}, {"b": "ends in one\n"}, {"c": "block\nwithout"}]
    assert list(yaml.safe_load_all(yamlio.dump_all(documents))) == documents


def test_output_is_laid_out_as_people_write_it() -> None:
    document = {
        "metadata": {"name": "app", "labels": {}},
        "spec": {
            "interval": "1h",
            "size": "5Gi",
            "port": 4096,
            "quoted": ["4096", "yes", "a b", "${HOST}", ""],
            "dependsOn": [{"name": "rook", "namespace": "rook-ceph"}, {"name": "x", "list": []}],
            "matrix": [["a", "b"], []],
            "url": "oci://ghcr.io/example/chart",
            "script": "#!/bin/sh\n\nexit 1\n",
            "nothing": None,
            "ratio": 0.5,
            "huge": 1e20,
        },
    }
    assert yamlio.dump(document) == LAYOUT


LAYOUT = """\
metadata:
  name: app
  labels: {}
spec:
  interval: 1h
  size: 5Gi
  port: 4096
  quoted:
    - "4096"
    - "yes"
    - "a b"
    - "${HOST}"
    - ""
  dependsOn:
    - name: rook
      namespace: rook-ceph
    - name: x
      list: []
  matrix:
    - - a
      - b
    - []
  url: oci://ghcr.io/example/chart
  script: |
    #!/bin/sh

    exit 1
  nothing: null
  ratio: 0.5
  huge: 1.0e+20
"""


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(UserError, match="half a surrogate pair"):
        yamlio.dump({"a": "\ud800"})


@pytest.mark.parametrize("number", ["inf", "-inf", "nan"])
def test_a_number_that_is_none_is_refused(number: str) -> None:
    told = f"^{number} is a number that JSON cannot hold. Use a finite number$"
    with pytest.raises(UserError, match=told):
        yamlio.dump({"a": float(number)})


def test_a_key_is_as_long_as_yaml_allows_and_no_longer() -> None:
    longest = "k" * 1024
    assert yaml.safe_load(yamlio.dump({longest: 1})) == {longest: 1}
    with pytest.raises(UserError) as caught:
        yamlio.dump({longest + "k": 1})
    assert str(caught.value) == (
        f"{'k' * 50}: a key of 1025 characters cannot be written as YAML. Shorten it"
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("a" * 199, "a" * 199),
        ("a" * 200, f'"{"a" * 200}"'),
        ("xa\nb", "|-\n  xa\n  b"),
        (" a\nb", '" a\\nb"'),
        ("a \nb", '"a \\nb"'),
        ("\na", '"\\na"'),
    ],
)
def test_a_string_is_plain_quoted_or_a_block_by_what_it_holds(value: str, written: str) -> None:
    assert yamlio.dump({"k": value}) == f"k: {written}\n"


@pytest.mark.parametrize("document", [{1: "a"}, {"a": object()}, {"a": {1, 2}}, {"a": b"x"}])
def test_other_types_are_a_mistake_in_the_program(document: Any) -> None:
    with pytest.raises(TypeError, match="YAML"):
        yamlio.dump(document)
