"""Does editing the catalogue change one entry, and nothing else in the file?"""

from __future__ import annotations

from pathlib import Path

import pytest

from opencode_workspace import edit
from opencode_workspace.errors import UserError

TAIL = """
workspaces:
  # The first one.
  flux:
    repository: git@github.com:owner/flux.git
    host: flux.opencode.${SECRET_DOMAIN}

  # The second one.
  ha:
    repository: git@github.com:owner/ha.git # inline
    host: ha.opencode.${SECRET_DOMAIN}
# The end.
"""
NEW = (
    "  docs:\n    repository: git@github.com:owner/docs.git\n"
    '    host: "docs.opencode.${SECRET_DOMAIN}"\n'
)


@pytest.fixture
def catalogue(repository: Path, tmp_path: Path) -> Path:
    """The shipped catalogue with commented workspaces."""
    head = (repository / "flux/workspaces.yaml").read_text().partition("\nworkspaces:\n")[0]
    path = tmp_path / "workspaces.yaml"
    path.write_text(head + TAIL)
    return path


def add(path: Path, name: str = "docs") -> str:
    return edit.add(path, name, repository=f"git@github.com:owner/{name}.git", host=None)[0]


def test_a_workspace_is_added_behind_the_last_one(catalogue: Path) -> None:
    before = catalogue.read_text()
    assert add(catalogue) == before.replace("# The end.\n", f"{NEW}# The end.\n")


def test_a_workspace_goes_with_the_comment_right_above_it(catalogue: Path) -> None:
    gone = TAIL.partition("  # The first one.\n")[2].partition("  # The second one.")[0]
    before = catalogue.read_text()
    text, _ = edit.remove(catalogue, "flux")
    assert text == before.replace("  # The first one.\n" + gone, "")


def test_the_last_workspace_leaves_the_comments_below_it(catalogue: Path) -> None:
    text, _ = edit.remove(catalogue, "ha")
    assert text.endswith("    host: flux.opencode.${SECRET_DOMAIN}\n\n# The end.\n")


def test_blank_lines_at_the_end_go_with_the_last_workspace(catalogue: Path) -> None:
    text = catalogue.read_text().removesuffix("# The end.\n")
    catalogue.write_text(f"{text}\n\n\n")
    assert edit.remove(catalogue, "ha")[0] == text.partition("  # The second one.")[0]


def test_a_remark_beside_the_key_stays_when_all_workspaces_go(catalogue: Path) -> None:
    text = catalogue.read_text().replace("\nworkspaces:\n", "\nworkspaces: # mine: all\n")
    catalogue.write_text(text)
    for name in ("flux", "ha"):
        catalogue.write_text(edit.remove(catalogue, name)[0])
    assert "\nworkspaces: {} # mine: all\n" in catalogue.read_text()


def test_a_workspace_that_is_not_there_cannot_be_removed(catalogue: Path) -> None:
    with pytest.raises(UserError, match="there is no workspace 'nope'"):
        edit.remove(catalogue, "nope")


def test_without_a_wildcard_the_host_must_be_given(catalogue: Path) -> None:
    text = catalogue.read_text()
    for wildcard, host in (("*.opencode", "flux.opencode"), ("*", "ha.opencode")):
        text = text.replace(f'"{wildcard}.$', f'"{host}.$')
    catalogue.write_text(text)
    with pytest.raises(UserError, match=r"no wildcard\. Give the host with --host$"):
        add(catalogue)


def test_all_workspaces_can_be_removed_and_one_added_again(catalogue: Path) -> None:
    for name in ("flux", "ha"):
        catalogue.write_text(edit.remove(catalogue, name)[0])
    assert "workspaces: {}\n" in catalogue.read_text()
    catalogue.write_text(add(catalogue))
    assert f"workspaces:\n{NEW}" in catalogue.read_text()


def test_a_name_that_yaml_would_take_for_true_is_quoted(catalogue: Path) -> None:
    assert '  "on":\n' in add(catalogue, "on")


def test_line_ends_of_the_file_are_kept(catalogue: Path) -> None:
    catalogue.write_bytes(catalogue.read_bytes().replace(b"\n", b"\r\n"))
    text = add(catalogue)
    assert text.count("\n") == text.count("\r\n")


@pytest.mark.parametrize("last", ["", "    branch: x"])
def test_a_file_without_a_final_newline_is_edited_all_the_same(catalogue: Path, last: str) -> None:
    text = catalogue.read_text().removesuffix("# The end.\n") + last
    text = text.rstrip("\n")
    catalogue.write_text(text)
    assert add(catalogue) == f"{text}\n{NEW}"


def test_a_catalogue_in_flow_style_is_left_to_its_owner(catalogue: Path) -> None:
    head = catalogue.read_text().partition("\nworkspaces:\n")[0]
    flow = '{flux: {repository: "", host: "flux.opencode.${SECRET_DOMAIN}"}}'
    catalogue.write_text(f"{head}\nworkspaces: {flow}\n")
    with pytest.raises(UserError, match="cannot be edited here"):
        add(catalogue)
