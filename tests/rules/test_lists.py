"""Are objects within a `List` looked at as those that have a document of their own?"""

from __future__ import annotations

from pathlib import Path

import pytest

from opencode_workspace import check

APP = "kubernetes/apps/opencode/opencode-ha"


@pytest.fixture
def listed(home: Path) -> Path:
    """Each file of one workspace as a List, but for those that kustomize reads as its own."""
    for path in (home / APP).rglob("*.yaml"):
        if path.name != "kustomization.yaml":
            _put_into_a_list(path)
    return home


def _put_into_a_list(path: Path) -> None:
    _, _, text = path.read_text().partition("---\n")
    text = text.replace("\n", "\n    ").rstrip()
    path.write_text(f"apiVersion: v1\nkind: List\nitems:\n  - {text}\n")


def _told(report: check.Report) -> list[tuple[str, str, str]]:
    return sorted((f.rule, f.path.name, f.message) for f in report.findings)


def test_a_list_changes_nothing(home: Path, request: pytest.FixtureRequest) -> None:
    before = check.run(home / "kubernetes")
    request.getfixturevalue("listed")
    after = check.run(home / "kubernetes")
    assert before.workspaces == after.workspaces == 2
    assert _told(before) == _told(after)


@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_mistake_is_told_at_its_line(processes: int, listed: Path) -> None:
    path = listed / APP / "app/helmrelease.yaml"
    text = path.read_text().replace("tag: ", "tga: ", 1)
    path.write_text(text)
    (error,) = (
        f for f in check.run(listed / "kubernetes", processes=processes).findings if f.is_error
    )
    assert (error.rule, error.path) == ("refused-values", path)
    assert error.line == text[: text.index("tga")].count("\n") + 1
    assert error.pointer.startswith("/items/0/spec/values/")


def test_a_second_kustomization_of_a_list_is_one_of_its_own(listed: Path) -> None:
    path = listed / APP / "ks.yaml"
    text = path.read_text()
    path.write_text(text + text[text.index("  - ") :])
    errors = [f for f in check.run(listed / "kubernetes").findings if f.is_error]
    assert {error.rule for error in errors} == {"shared-name", "shared-path"}
    assert all(error.line > text.count("\n") for error in errors)
