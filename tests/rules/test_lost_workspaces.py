"""Is a workspace missed that cannot be recognised any more, with a catalogue and without one?"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import check
from opencode_workspace.rules.deployment import Fact
from opencode_workspace.rules.doubles import PATH, told_once
from opencode_workspace.rules.finding import Finding

APP = "flux/apps/opencode/opencode-ha"
Edit = Callable[[str], str]


def told(report: check.Report) -> set[tuple[str, str]]:
    """(rule, file) of the errors."""
    return {(f.rule, f.path.name) for f in report.findings if f.is_error}


@pytest.fixture
def bare(project: Path) -> Path:
    """The tree without its catalogue, as in the repositories of other people."""
    (project / "flux/workspaces.yaml").unlink()
    (project / "flux/workspaces.schema.json").unlink()
    return project


def test_the_tree_without_a_catalogue_has_no_errors(bare: Path) -> None:
    report = check.run(bare / "flux")
    assert (report.errors, report.workspaces) == (0, 2)


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("app/helmrelease.yaml", "kind: HelmRelease\n", "", ("unknown-kind", "helmrelease.yaml")),
        (
            "app/helmrelease.yaml",
            "HelmRelease\n",
            "HelmRelaese\n",
            ("unknown-kind", "helmrelease.yaml"),
        ),
        ("ks.yaml", "kind: Kustomization\n", "", ("unknown-kind", "ks.yaml")),
        ("ks.yaml", "path: ", "path: ../../etc #", ("unresolved-path", "ks.yaml")),
    ],
    ids=["no-kind", "wrong-kind", "no-kind-of-the-kustomization", "path-that-leads-out"],
)
def test_without_a_catalogue_a_slip_does_not_hide_a_workspace(
    file: str, old: str, new: str, expected: tuple[str, str], bare: Path
) -> None:
    path = bare / APP / file
    path.write_text(path.read_text().replace(old, new, 1))
    assert told(check.run(bare / "flux")) == {expected}


@pytest.mark.parametrize("text", ["", "# moved\n"], ids=["empty", "commented-out"])
def test_without_a_catalogue_a_kustomization_that_waits_for_a_lost_release_is_told(
    text: str, bare: Path
) -> None:
    (bare / APP / "app/helmrelease.yaml").write_text(text)
    assert told(check.run(bare / "flux")) == {("missing-workspace", "ks.yaml")}


def test_without_a_catalogue_a_slip_in_the_name_of_the_chart_is_a_warning(bare: Path) -> None:
    path = bare / APP / "app/ocirepository.yaml"
    path.write_text(path.read_text().replace("opencode-workspace\n", "opencode-workspaces\n"))
    report = check.run(bare / "flux")
    assert not told(report)
    assert "missing-workspace" in {finding.rule for finding in report.findings}


@pytest.mark.parametrize("file", ["ks.yaml", "app/helmrelease.yaml"])
@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_file_that_is_not_utf_8_is_told(file: str, encoding: str, bare: Path) -> None:
    path = bare / APP / file
    path.write_bytes(f"# Grüße\n{path.read_text()}".encode(encoding))
    assert told(check.run(bare / "flux")) == {("unreadable-yaml", path.name)}


def test_a_file_of_another_app_that_is_not_utf_8_is_theirs(project: Path) -> None:
    (project / "flux/apps/home").mkdir()
    (project / "flux/apps/home/notes.yaml").write_bytes("# Grüße\n".encode("latin-1"))
    assert not told(check.run(project / "flux"))


def test_a_misspelt_list_above_is_told(project: Path) -> None:
    path = project / "flux/apps/opencode/kustomization.yaml"
    path.write_text(path.read_text().replace("resources:", "resource:"))
    report = check.run(project / "flux")
    assert ("unknown-field", "kustomization.yaml") in told(report)
    assert "unlisted-file" not in {finding.rule for finding in report.findings}


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n", "cluster: [\n"])
def test_a_catalogue_that_cannot_be_read_is_the_only_mistake(text: str, project: Path) -> None:
    (project / "flux/workspaces.yaml").write_text(text)
    report = check.run(project / "flux")
    assert [f.rule for f in report.findings if f.rule != "placeholder-owner"] == [
        "invalid-catalogue"
    ]


def test_a_folder_with_nothing_to_check_says_so(tmp_path: Path) -> None:
    report = check.run(tmp_path)
    assert report.exit_code == 0
    assert f"no workspace was found in {tmp_path}" in " ".join(report.notes)


@pytest.mark.parametrize(
    "file", [f"{APP}/app/helmrelease.yaml", f"{APP}/app/kustomization.yaml", "flux/workspaces.yaml"]
)
def test_a_file_that_may_not_be_read_is_told_once(
    file: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = project / file
    allowed, read = os.access, Path.read_bytes

    def access(path: Any, mode: int, **rest: Any) -> bool:
        return Path(path) != closed and allowed(path, mode, **rest)

    def read_bytes(path: Path) -> bytes:
        if path == closed:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return read(path)

    # Whoever runs this may be root, who may read everything.
    monkeypatch.setattr(os, "access", access)
    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    report = check.run(project / "flux")
    assert report.failures == (f"{closed}: cannot be read: Permission denied. Make it readable",)
    assert report.exit_code == 2
    assert not report.errors


def test_a_folder_that_may_not_be_read_is_told(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = project / "flux/private"
    closed.mkdir()
    scan = os.scandir

    def scandir(path: Any) -> Iterator[os.DirEntry[str]]:
        if Path(path) == closed:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    report = check.run(project / "flux")
    assert report.failures == (f"{closed}: cannot be read: Permission denied. Make it readable",)


def fact(kind: str, value: str, owner: str, line: int) -> Fact:
    return Fact(kind, value, owner, Finding(value, Path("app/helmrelease.yaml"), line))


def test_what_is_built_twice_is_told_once() -> None:
    facts = [
        fact(kind, value, owner, 3)
        for owner in ("one", "two")
        for kind, value in (("release", "ns/a"), ("host", "a.example.com"))
    ]
    assert {(f.kind, f.owner) for f in told_once(facts)} == {
        ("release", "one"),
        ("host", "one"),
        (PATH, "two"),
    }


def test_a_directory_that_is_built_into_two_releases_is_no_mistake() -> None:
    facts = [fact("release", f"ns/{owner}", owner, 3) for owner in ("one", "two")]
    assert told_once(facts) == facts
