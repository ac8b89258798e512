"""YAML that is read means the same to PyYAML, kustomize and Helm, or is refused with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from opencode_workspace import scalars, yamlio
from opencode_workspace.errors import UserError
from tests.package.fixtures.tables import table


@pytest.mark.parametrize("case", table("yaml-refused.json"), ids=lambda case: repr(case["text"]))
def test_doubtful_yaml_is_refused_with_its_line(case: dict[str, str]) -> None:
    with pytest.raises(UserError) as refused:
        yamlio.parse(case["text"], "x.yaml")
    assert case["says"] in str(refused.value)


@pytest.mark.parametrize("case", table("scalars.yaml"), ids=lambda case: case["text"])
def test_rendered_scalars_are_read_as_helm_reads_them(case: dict[str, Any]) -> None:
    (document,) = yamlio.parse_rendered(f"a: {case['text']}\n", "x.yaml")
    value = document["a"]
    assert (type(value), value) == (type(case["helm"]), case["helm"])


@pytest.mark.parametrize("case", table("scalars.yaml"), ids=lambda case: case["text"])
def test_scalars_are_accepted_only_where_pyyaml_and_helm_agree(case: dict[str, Any]) -> None:
    try:
        (document,) = yamlio.parse(f"a: {case['text']}\n", "x.yaml")
    except UserError:
        return
    pyyaml = yaml.safe_load(f"a: {case['text']}\n")["a"]
    assert document["a"] == pyyaml == case["helm"]


def test_agreed_scalars_keep_their_types() -> None:
    text = "[plain, 'quoted', 1, -1, 0x1F, 0440, 1.5, true, False, null, ~, '1', \"true\"]"
    wanted = ["plain", "quoted", 1, -1, 31, 288, 1.5, True, False, None, None, "1", "true"]
    assert yamlio.parse(text, "x.yaml") == [wanted]


def test_merge_keys_and_aliases_become_copies() -> None:
    text = "base: &base {a: {b: 1}}\none:\n  <<: *base\n  c: 2\ntwo: [*base, *base]\n"
    (document,) = yamlio.parse(text, "x.yaml")
    assert document["one"] == {"a": {"b": 1}, "c": 2}
    first, second = document["two"]
    assert first == second
    assert first is not second, "changing one use of an alias must not change the other"


def test_own_keys_win_over_merged_ones() -> None:
    text = "base: &base {a: 1, b: 1}\nuse:\n  <<: *base\n  a: 2\n"
    assert yamlio.parse(text, "x.yaml")[0]["use"] == {"a": 2, "b": 1}


def test_earlier_mappings_of_a_merged_list_win() -> None:
    text = "x: &x {a: 1}\nz: &z {a: 2, b: 2}\nuse:\n  <<: [*x, *z]\n"
    assert yamlio.parse(text, "x.yaml")[0]["use"] == {"a": 1, "b": 2}


def test_alias_bomb_is_refused() -> None:
    levels = [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]" for i in range(1, 10)]
    text = "\n".join(["l0: &l0 [boom]", *levels])
    with pytest.raises(UserError, match="grows out of proportion through aliases"):
        yamlio.parse(text, "x.yaml")


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000, "? " * 50_000, "{a: " * 20_000])
def test_bottomless_nesting_is_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"x\.yaml:1: is nested deeper than 100 levels"):
        yamlio.parse(text, "x.yaml")


def test_long_flat_text_is_accepted() -> None:
    text = "a: [" + ", ".join("{b: []}" for _ in range(6000)) + "]\n"
    assert len(yamlio.parse(text, "x.yaml")[0]["a"]) == 6000


def test_empty_documents_are_left_out() -> None:
    assert yamlio.parse("---\n---\na: 1\n---\n# nothing\n---\nb: 2\n", "x.yaml") == [
        {"a": 1},
        {"b": 2},
    ]


def test_empty_text_is_accepted_on_request() -> None:
    assert yamlio.parse("# nothing\n", "x.yaml", allow_empty=True) == []


def test_byte_order_mark_is_no_content() -> None:
    assert yamlio.parse("\ufeffa: 1\n", "x.yaml") == [{"a": 1}]


def test_rendered_keys_become_strings() -> None:
    assert yamlio.parse_rendered("1: a\ntrue: b\n", "x.yaml") == [{"1": "a", "true": "b"}]


def test_rendered_duplicate_keys_are_refused() -> None:
    with pytest.raises(UserError, match=r"x\.yaml:2: key a is there twice"):
        yamlio.parse_rendered("a: 1\na: 2\n", "x.yaml")


def test_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.yaml: no such file\. Check the path"):
        yamlio.load(tmp_path / "gone.yaml")


def test_directory_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a directory, not a file"):
        yamlio.read_text(tmp_path)


@pytest.mark.parametrize("name", ["loop", "nul\0byte"])
def test_file_that_cannot_be_opened_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UserError, match="cannot be read: "):
        yamlio.read_text(tmp_path / name)


def test_file_that_is_not_utf_8_is_named_with_byte_and_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"a: 1\nb: caf\xe9\n")
    with pytest.raises(UserError, match=r"latin\.yaml:2: is not UTF-8: byte 11 is 0xe9"):
        yamlio.load(path)


def test_file_is_read_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "some.yaml"
    path.write_text("a: 1\na: 2\n")
    with pytest.raises(UserError, match=rf"{path}:2: "):
        yamlio.load(path)


def test_second_document_is_refused_where_one_is_expected(tmp_path: Path) -> None:
    path = tmp_path / "two.yaml"
    path.write_text("a: 1\n---\nb: 2\n")
    with pytest.raises(UserError, match="holds 2 YAML documents where one is expected"):
        yamlio.load_one(path)


TEXT = """\
# comment
---
---
spec:
  list:
    - name: a
      value: |
        long
        text
    - {name: b, "quoted key": 1}
---
other: 1
"""


@pytest.mark.parametrize(
    ("pointer", "document", "line"),
    [
        ((), 0, 4),
        (("spec",), 0, 4),
        (("spec", "list", 0), 0, 6),
        (("spec", "list", 0, "value"), 0, 7),
        (("spec", "list", 1, "quoted key"), 0, 10),
        (("spec", "list", 9), 0, 5),
        (("spec", "gone", "deeper"), 0, 4),
        (("other",), 1, 12),
    ],
)
def test_line_of_a_pointer_is_found(
    pointer: tuple[str | int, ...], document: int, line: int
) -> None:
    assert yamlio.line_of(TEXT, pointer, document) == line


def test_line_in_a_text_without_documents_is_the_first() -> None:
    assert yamlio.line_of("# nothing\n", ("a",)) == 1


def test_readers_that_disagree_are_noticed() -> None:
    """A negative control: without it, `agreed` could accept everything."""
    with pytest.raises(scalars.AmbiguousScalarError, match="to PyYAML"):
        scalars.agreed("12:30")
    with pytest.raises(scalars.AmbiguousScalarError, match="to kustomize"):
        scalars.agreed("on")


def test_what_is_applied_need_not_mean_the_same_to_pyyaml() -> None:
    assert yamlio.parse_applied("a: 12:30\n", "x.yaml") == [{"a": "12:30"}]
    with pytest.raises(UserError, match=r"x\.yaml:2: unquoted on is text to kustomize"):
        yamlio.parse_applied("a: 12:30\nb: on\n", "x.yaml")
