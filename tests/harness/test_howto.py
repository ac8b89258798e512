"""The runner of how-to pages: a page that does not work, or is not run whole, is a failure."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster import test_operations
from tests.cluster.rig.desk import Shell, doppler, gh, shell
from tests.cluster.rig.howto import PAGES, HowTo, following

CATALOGUE = "chart: {}\nworkspaces:\n  ha: {host: a, volume: 5Gi}\n"
Follow = Callable[[str], HowTo]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Shell]:
    """A shell that knows nothing of a cluster."""
    with shell(tmp_path, tmp_path, {"PATH": os.environ["PATH"]}) as made:
        yield made


@pytest.fixture
def run(tmp_path: Path, terminal: Shell) -> Callable[..., str]:
    """Runs the sections of a page, or the one without a heading; gives what they printed."""
    (tmp_path / "workspaces.yaml").write_text(CATALOGUE)

    def all_of(text: str, *headings: str) -> str:
        (tmp_path / "page.md").write_text(text)
        with following(tmp_path / "page.md", terminal, tmp_path / "workspaces.yaml") as page:
            return "".join(page.run(heading) for heading in headings or [""])

    return all_of


def test_blocks_share_one_shell(run: Callable[..., str]) -> None:
    assert run('```sh\nname=ha\n```\nThen:\n```sh\necho "it is $name"\n```\n') == "it is ha\n"


@pytest.mark.parametrize(
    "command", ["false", "false | cat", "no-such-command", "echo $unset", "exit 0", "if"]
)
def test_a_block_that_fails_is_named(run: Callable[..., str], command: str) -> None:
    with pytest.raises(AssertionError, match=r"page\.md, line 2 failed"):
        run(f"One line\n```sh\n{command}\necho afterwards\n```\n")


def test_what_a_failed_block_printed_is_told(run: Callable[..., str]) -> None:
    with pytest.raises(AssertionError, match="about to fail"):
        run("```sh\necho about to fail\nfalse\n```\n")


@pytest.mark.parametrize("language", ["", "console", "python", "shell"])
def test_a_block_of_an_unknown_language_is_refused(run: Callable[..., str], language: str) -> None:
    with pytest.raises(AssertionError, match=r"page\.md, line 1: nobody knows how to run"):
        run(f"```{language}\ntrue\n```\n")


def test_a_block_without_an_end_is_refused(run: Callable[..., str]) -> None:
    with pytest.raises(AssertionError, match="line 3"):
        run("Text\n\n```sh\ntrue\n")


def test_an_indented_block_counts(run: Callable[..., str]) -> None:
    with pytest.raises(AssertionError, match="line 2 failed"):
        run("1. First\n   ```sh\n   false\n   ```\n")


def test_a_section_that_nothing_ran_is_told(run: Callable[..., str]) -> None:
    with pytest.raises(AssertionError, match="nothing ran the blocks under Second"):
        run("## First\n```sh\ntrue\n```\n## Second\n```sh\ntrue\n```\n", "First")


def test_a_section_that_is_not_there_is_told(run: Callable[..., str]) -> None:
    with pytest.raises(AssertionError, match="no section 'Second'"):
        run("## First\n```sh\ntrue\n```\n", "First", "Second")


def test_a_page_without_a_block_is_refused(run: Callable[..., str]) -> None:
    with pytest.raises(AssertionError, match="no block to run"):
        run("Only words\n")


def test_a_yaml_block_changes_the_catalogue(run: Callable[..., str], tmp_path: Path) -> None:
    run("```yaml\nworkspaces:\n  ha:\n    volume: 10Gi\n```\n")
    expected = "chart: {}\nworkspaces:\n  ha:\n    host: a\n    volume: 10Gi\n"
    assert (tmp_path / "workspaces.yaml").read_text() == expected


@pytest.mark.parametrize("text", ["workspace: {ha: {}}", "just text"])
def test_yaml_that_is_no_part_of_a_catalogue_is_refused(run: Callable[..., str], text: str) -> None:
    with pytest.raises(AssertionError, match=r"page\.md, line 1"):
        run(f"```yaml\n{text}\n```\n")


@pytest.mark.parametrize(
    ("command", "arguments"),
    [(doppler, ["secrets", "delete", "KEY"]), (gh, ["repo", "deploy-key", "list"])],
)
def test_a_standin_refuses_what_it_does_not_know(
    command: Callable[[list[str], dict[str, str]], None], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit, match="does not know"):
        command(arguments, {})


def test_every_page_is_run_and_is_in_the_index() -> None:
    pages = {page.name for page in PAGES.glob("*.md")} - {"README.md"}
    assert set(test_operations.PAGES) == pages
    index = (PAGES / "README.md").read_text()
    assert [page for page in sorted(pages) if f"]({page})" not in index] == []
