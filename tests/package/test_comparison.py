"""Does `diff` show what changes in the cluster, and nothing else?"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from opencode_workspace.comparison import Change, compare
from tests.support.command import Command

CATALOGUE = Path("flux/workspaces.yaml")


@pytest.fixture
def committed(project: Path) -> Path:
    """The copied project as the only commit of a repository."""
    identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
    for arguments in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "."],
        [*identity, "commit", "--quiet", "--message", "start"],
    ):
        subprocess.run(["git", *arguments], cwd=project, check=True)
    return project


def test_an_unchanged_tree_changes_nothing(committed: Path, command: Command) -> None:
    result = command("diff")
    assert (result.code, result.err) == (0, "")
    assert result.out == "0 objects change since HEAD\n"


def test_a_larger_volume_is_shown_field_by_field(committed: Path, command: Command) -> None:
    CATALOGUE.write_text(CATALOGUE.read_text().replace("volume: 5Gi", "volume: 9Gi"))
    command("generate")
    lines = command("diff").out.splitlines()
    claim = lines.index("changed  PersistentVolumeClaim opencode/opencode-ha")
    assert lines[claim + 1].strip() == "spec.resources.requests.storage: '5Gi' -> '9Gi'"


def test_a_new_workspace_is_shown_object_by_object(committed: Path, command: Command) -> None:
    command("new", "docs", "--repository", "git@github.com:owner/docs.git")
    out = command("diff", "HEAD").out
    assert "added    Deployment opencode/opencode-docs" in out
    assert "removed" not in out
    assert "14 objects change since HEAD" in out


def test_a_change_of_the_chart_is_shown_too(committed: Path, command: Command) -> None:
    values = committed / "charts/opencode-workspace/values.yaml"
    values.write_text(values.read_text().replace("memory: 2Gi", "memory: 3Gi"))
    out = command("diff").out
    assert "limits.memory: '2Gi' -> '3Gi'" in out
    assert "2 objects change" in out


def test_a_revision_that_does_not_exist_is_told(committed: Path, command: Command) -> None:
    result = command("diff", "no-such-revision")
    assert result.code == 2
    assert "no-such-revision" in result.err


def test_a_link_in_the_history_is_not_followed(committed: Path, command: Command) -> None:
    (committed / "flux/link").symlink_to("/etc/passwd")
    identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
    subprocess.run(["git", "add", "."], check=True)
    subprocess.run(["git", *identity, "commit", "--quiet", "--message", "link"], check=True)
    assert command("diff").out == "0 objects change since HEAD\n"


def test_a_chart_outside_the_repository_is_taken_as_it_is(
    committed: Path, command: Command
) -> None:
    subprocess.run(["git", "rm", "-r", "--quiet", "--cached", "charts"], check=True)
    outside = committed.parent / "outside-chart"
    (committed / "charts/opencode-workspace").rename(outside)
    CATALOGUE.write_text(
        CATALOGUE.read_text().replace("path: ../charts/opencode-workspace", f"path: {outside}")
    )
    identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
    subprocess.run(["git", "add", "."], check=True)
    subprocess.run(["git", *identity, "commit", "--quiet", "--message", "moved"], check=True)
    assert command("diff").out == "0 objects change since HEAD\n"


def test_an_option_in_place_of_a_revision_is_not_obeyed(committed: Path, command: Command) -> None:
    result = command("diff", "--", "--output=stolen.tar")
    assert result.code == 2
    assert not (committed / "stolen.tar").exists()


def test_a_folder_without_git_is_told(project: Path, command: Command) -> None:
    result = command("diff")
    assert result.code == 2
    assert result.err.startswith("error: ")


def test_added_and_removed_fields_are_named() -> None:
    key = ("ConfigMap", "ns", "name")
    before = {key: {"data": {"old": "a", "same": "x"}}}
    after = {key: {"data": {"new": "b", "same": "x"}}}
    details = ("data.new: nothing -> 'b'", "data.old: 'a' -> nothing")
    assert compare(before, after) == [Change(key, "changed", details)]


def test_long_values_are_cut() -> None:
    key = ("ConfigMap", "ns", "name")
    (change,) = compare({key: {"data": "a" * 99}}, {key: {"data": "b" * 99}})
    assert len(change.details[0]) < 150
