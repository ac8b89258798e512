"""Does the check find its way in the repositories of other people?"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from opencode_workspace import check, helm
from opencode_workspace.errors import UserError
from opencode_workspace.rules.finding import Finding

APP = "kubernetes/apps/opencode/opencode-ha"


def errors(report: check.Report) -> list[Finding]:
    return [finding for finding in report.findings if finding.is_error]


def test_without_a_catalogue_the_unknown_is_a_warning(home: Path) -> None:
    report = check.run(home / "kubernetes")
    assert report.workspaces == 2
    assert not errors(report)
    assert {"unknown-dependency", "unknown-variable"} <= {f.rule for f in report.findings}
    others = {"media", "home", "charts"}
    told = [f for f in report.findings if others & set(f.path.relative_to(home).parts)]
    assert not told, "apps of other people are theirs"


def test_text_that_only_a_parents_variables_would_damage_is_a_warning(home: Path) -> None:
    kustomization = home / APP / "ks.yaml"
    text = kustomization.read_text()
    kustomization.write_text(text[: text.index("  postBuild:")])
    path = home / APP / "app/helmrelease.yaml"
    command = "app:\n            command: [sh, -c, 'echo $$ ${x%y} ${X@Q}']\n"
    path.write_text(
        path.read_text().replace("app:\n            image", f"{command}            image")
    )
    found = {f.rule: f.severity for f in check.run(home / "kubernetes").findings if f.path == path}
    assert found["doubled-dollar"] == found["shell-expression"] == "warning"


def test_mistakes_are_found_there_as_here(home: Path) -> None:
    path = home / APP / "app/helmrelease.yaml"
    path.write_text(
        path.read_text().replace("replicas", "x").replace("enabled: false", "enbled: 0")
    )
    assert {finding.rule for finding in errors(check.run(home / "kubernetes"))} == {
        "refused-values"
    }


def test_a_part_of_a_repository_can_be_checked(home: Path) -> None:
    report = check.run(home / "kubernetes/apps/opencode/opencode-ha")
    assert report.workspaces == 1
    assert not errors(report)


def test_a_tree_that_was_copied_elsewhere_is_found_by_the_root_of_its_catalogue(
    project: Path,
) -> None:
    (project / "flux").rename(project / "kubernetes")
    report = check.run(project / "kubernetes")
    assert report.workspaces == 2
    assert not errors(report)


@pytest.mark.parametrize("path", ["./apps/opencode/opencode-ha/app", "./app"])
def test_a_path_from_another_place_than_the_root_is_found_in_a_copy_too(
    path: str, project: Path
) -> None:
    (project / "flux").rename(project / "kubernetes")
    _set_path(project / APP / "ks.yaml", "./flux/apps/opencode/opencode-ha/app", path)
    assert [f.rule for f in errors(check.run(project / "kubernetes"))] == ["unresolved-path"]


@pytest.mark.parametrize("path", ["./apps/opencode/opencode-ha/app", "./app"])
def test_without_a_catalogue_the_root_is_the_top_of_the_work_tree(path: str, home: Path) -> None:
    (home / ".git").mkdir()
    assert not errors(check.run(home / "kubernetes"))
    _set_path(home / APP / "ks.yaml", f"./{APP}/app", path)
    assert [f.rule for f in errors(check.run(home / "kubernetes"))] == ["unresolved-path"]


def test_a_work_tree_in_a_folder_of_another_has_its_own_top(home: Path) -> None:
    for name in (".git", "kubernetes/.git"):
        (home / name).mkdir()
    for path in home.rglob("ks.yaml"):
        _set_path(path, "./kubernetes/apps", "./apps")
    assert not errors(check.run(home / "kubernetes"))


def test_an_artifact_need_not_begin_at_the_top_of_the_work_tree(home: Path) -> None:
    (home / ".git").mkdir()
    for path in home.rglob("ks.yaml"):
        text = path.read_text().replace("kind: GitRepository", "kind: OCIRepository")
        path.write_text(text.replace("./kubernetes/apps", "./apps"))
    assert not errors(check.run(home / "kubernetes"))


def test_without_git_and_catalogue_the_root_is_where_the_path_exists(
    home: Path, tmp_path: Path
) -> None:
    (home / "kubernetes").rename(tmp_path / "copy")
    for path in (tmp_path / "copy").rglob("ks.yaml"):
        _set_path(path, "./kubernetes/apps", "./copy/apps")
    assert not errors(check.run(tmp_path / "copy"))


def _set_path(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_what_git_ignores_is_not_checked(project: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(project)], check=True)
    (project / ".gitignore").write_text("/build/\n")
    shutil.copytree(project / "flux/apps", project / "build/apps")
    report = check.run(project)
    assert report.workspaces == 2
    assert not errors(report)


def test_one_workspace_that_cannot_be_built_does_not_hide_the_other(project: Path) -> None:
    apps = project / "flux/apps/opencode"
    (apps / "opencode-flux/app/ocirepository.yaml").unlink()
    timeouts = apps / "opencode-ha/ks.yaml"
    timeouts.write_text(timeouts.read_text().replace("timeout: 20m", "timeout: 1m"))
    found = {(finding.rule, finding.path.parent.name) for finding in errors(check.run(project))}
    assert ("failed-build", "app") in found
    assert ("short-timeout", "opencode-ha") in found


@pytest.mark.slow
def test_processes_find_what_one_process_finds(project: Path) -> None:
    path = project / "flux/apps/opencode/opencode-ha/ks.yaml"
    path.write_text(path.read_text().replace("timeout: 20m", "timeout: 1m"))
    alone = check.run(project / "flux", processes=1)
    progress: list[tuple[str, int, int]] = []
    together = check.run(
        project / "flux", processes=2, progress=lambda *steps: progress.append(steps)
    )
    assert together == alone
    files = together.files
    assert progress == [
        *((check.READING, done, files) for done in range(1, files + 1)),
        *((check.CHECKING, done, 2) for done in (0, 2)),
    ]


def test_without_helm_everything_else_is_checked(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def outcomes(jobs: object, **options: object) -> object:
        raise UserError("there is no usable Helm", remedy="Install it")

    monkeypatch.setattr(helm, "outcomes", outcomes)
    path = project / "flux/apps/opencode/opencode-ha/ks.yaml"
    path.write_text(path.read_text().replace("timeout: 20m", "timeout: 1m"))
    report = check.run(project / "flux")
    assert {finding.rule for finding in errors(report)} == {"short-timeout"}
    assert report.unchecked == ("releases were not rendered: there is no usable Helm. Install it",)


def test_workspaces_of_two_clusters_may_have_the_same_names(home: Path) -> None:
    root = home / "clusters"
    for name in ("staging", "production"):
        shutil.copytree(home / "kubernetes", root / name)
        for path in (root / name).rglob("ks.yaml"):
            _set_path(path, "./kubernetes/apps", f"./apps/{name}")
        (home / "apps").mkdir(exist_ok=True)
        (root / name / "apps").rename(home / "apps" / name)
        for path in (home / "apps" / name).rglob("ks.yaml"):
            (root / name / f"{path.parent.name}.yaml").write_text(path.read_text())
            path.unlink()
        shutil.copytree(root / name / "templates", home / "apps/templates", dirs_exist_ok=True)
    shutil.rmtree(home / "kubernetes")
    report = check.run(home)
    assert report.workspaces == 4
    assert not errors(report)


@pytest.mark.parametrize("field", ["kind", "name"])
def test_a_source_that_is_no_text_breaks_no_rule(field: str, home: Path) -> None:
    path = home / APP / "ks.yaml"
    text = path.read_text()
    start = text.index("sourceRef:")
    place = text.index(f"{field}: ", start)
    path.write_text(f"{text[:place]}{field}: [a]{text[text.index(chr(10), place) :]}")
    assert not check.run(home / "kubernetes").failures


def test_a_chart_of_another_namespace_is_not_missed_without_a_catalogue(home: Path) -> None:
    (home / APP / "app/ocirepository.yaml").unlink()
    _set_path(home / APP / "app/kustomization.yaml", '  - "./ocirepository.yaml"\n', "")
    path = home / APP / "app/helmrelease.yaml"
    _set_path(
        path, "    kind: OCIRepository\n", "    kind: OCIRepository\n    namespace: flux-system\n"
    )
    report = check.run(home / "kubernetes")
    assert not [f for f in errors(report) if f.path == path]
    assert "unknown-source" in {f.rule for f in report.findings if f.path == path}


@pytest.mark.parametrize(("namespace", "refused"), [("namespace: opencode\n", False), ("", True)])
def test_a_namespace_gets_its_name_from_a_kustomization_that_has_one(
    namespace: str, refused: bool, home: Path
) -> None:
    folder = home / "kubernetes/apps/opencode"
    _set_path(folder / "namespace.yaml", "  name: opencode\n", "  name: _\n")
    _set_path(folder / "kustomization.yaml", "resources:\n", f"{namespace}resources:\n")
    found = check.run(home / "kubernetes").findings
    assert ("refused-object" in {finding.rule for finding in found}) == refused
