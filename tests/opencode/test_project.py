"""Does OpenCode see the repository that bootstrap.sh left?"""

from __future__ import annotations

import pytest

from tests.opencode.pod.workspace import Served, Workspace

pytestmark = pytest.mark.slow


def test_cloned_repository_is_a_project_of_its_own(served: Served) -> None:
    project = served.client.ask("/project/current", directory=served.directory).json
    assert project["id"] != "global"
    assert (project["vcs"], project["worktree"]) == ("git", served.directory)


def test_branch_is_that_of_the_clone(served: Served) -> None:
    assert served.client.ask("/vcs", directory=served.directory).json["branch"] == "main"


def test_workspace_is_the_project_when_none_is_named(served: Served) -> None:
    assert served.client.ask("/path").json["directory"] == served.directory


def test_files_of_the_repository_are_listed(served: Served) -> None:
    listed = served.client.ask("/file?path=.", directory=served.directory).json
    assert "README.md" in {entry["name"] for entry in listed}


def test_volume_without_repository_is_the_global_project(workspace: Workspace) -> None:
    """What the tests above would find if the clone were not seen."""
    with workspace.serve() as served:
        project = served.client.ask("/project/current", directory="/home/user").json
        assert project["id"] == "global"
        assert "a Git repository in /home/user;" in served.pod.log
