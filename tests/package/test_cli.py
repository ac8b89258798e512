"""Does each command do what it says?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from opencode_workspace import yamlio
from tests.support import helmcli
from tests.support.command import Command


def test_generate_reports_a_tree_that_is_already_right(project: Path, command: Command) -> None:
    result = command("generate")
    assert (result.code, result.err) == (0, "")
    assert result.out == "14 files for 2 workspaces are as the catalogue asks\n"


def test_generate_check_lists_stale_missing_and_orphaned_files(
    project: Path, command: Command
) -> None:
    apps = project / "flux/apps/opencode"
    (apps / "opencode-ha/ks.yaml").unlink()
    release = apps / "opencode-flux/app/helmrelease.yaml"
    release.write_text(release.read_text().replace("10m", "11m"))
    orphan = apps / "opencode-old/ks.yaml"
    orphan.parent.mkdir()
    orphan.write_text((apps / "opencode-flux/ks.yaml").read_text())

    result = command("generate", "--check")

    assert result.code == 1
    assert result.out.splitlines() == [
        "missing: flux/apps/opencode/opencode-ha/ks.yaml",
        "stale: flux/apps/opencode/opencode-flux/app/helmrelease.yaml",
        "orphaned: flux/apps/opencode/opencode-old/ks.yaml",
    ]
    assert "Run `opencode-workspace generate`" in result.err
    assert orphan.exists(), "--check must not write"


def test_generate_repairs_what_check_found(project: Path, command: Command) -> None:
    stale = project / "flux/apps/opencode/opencode-flux/ks.yaml"
    wanted = stale.read_text()
    stale.write_text(wanted.replace("prune: true", "prune: false"))
    assert command("generate").code == 0
    assert stale.read_text() == wanted
    assert command("generate", "--check").code == 0


def test_render_prints_every_object_of_both_workspaces(project: Path, command: Command) -> None:
    result = command("render")
    documents = yamlio.parse_rendered(result.out, "render")
    assert result.code == 0
    assert len(documents) == 1 + 2 * 14


def test_render_of_one_workspace_prints_nothing_of_the_other(
    project: Path, command: Command
) -> None:
    result = command("render", "ha")
    assert "opencode-ha" in result.out
    assert "opencode-flux" not in result.out


def test_render_into_a_folder_writes_one_file_an_object(project: Path, command: Command) -> None:
    result = command("render", "-o", "out", "flux")
    assert result.code == 0
    written = sorted(path.name for path in (project / "out/opencode-flux").iterdir())
    assert len(written) == 14
    assert "deployment-opencode-flux.yaml" in written


def test_values_are_the_charts_own_with_the_releases_over_them(
    project: Path, command: Command
) -> None:
    (values,) = yamlio.parse(command("values", "flux").out, "values")
    assert values["workspace"]["repository"] == "git@github.com:owner/home-kubernetes.git"
    assert values["route"]["app"]["hostnames"] == ["flux.opencode.example.com"]
    assert values["controllers"]["workspace"]["strategy"] == "Recreate"


@pytest.mark.parametrize("cli", helmcli.CLIS)
def test_values_can_be_piped_into_helm_template(cli: str, project: Path, command: Command) -> None:
    values = command("values", "flux").out
    done = subprocess.run(
        [
            helmcli.binary(cli),
            "template",
            "opencode-flux",
            "charts/opencode-workspace",
            "-f",
            "-",
        ],
        input=values,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert 'claimName: "opencode-flux"' in done.stdout


def test_preview_shows_both_workspaces_and_writes_a_page(project: Path, command: Command) -> None:
    result = command("preview")
    assert result.code == 0
    for word in (
        "opencode-flux",
        "opencode-ha",
        "flux.opencode.example.com",
        "5Gi ceph-block",
        "warnings",
    ):
        assert word in result.out
    page = (project / "build/preview/index.html").read_text()
    assert "opencode-ha" in page
    assert "http" not in page.partition("<h1>")[0], "the page must need nothing from the network"
    assert (project / "build/preview/opencode-ha/httproute-opencode-ha.yaml").is_file()


def test_preview_removes_what_an_earlier_one_left(project: Path, command: Command) -> None:
    left = project / "build/preview/opencode-old/deployment-opencode-old.yaml"
    left.parent.mkdir(parents=True)
    left.write_text("old")
    command("preview")
    assert not left.exists()


def test_preview_warns_of_the_placeholder_owner(project: Path, command: Command) -> None:
    assert "replace the placeholder owner" in command("preview").out
    catalogue = project / "flux/workspaces.yaml"
    text = (
        catalogue.read_text()
        .replace("ghcr.io/owner", "ghcr.io/someone")
        .replace(":owner/", ":someone/")
    )
    catalogue.write_text(text)
    command("generate")
    result = command("preview")
    assert "placeholder" not in result.out
    assert "none" in result.out


def test_new_adds_a_workspace_keeps_comments_and_says_what_to_store(
    project: Path, command: Command
) -> None:
    before = (project / "flux/workspaces.yaml").read_text()
    result = command("new", "docs", "--repository", "git@github.com:owner/docs.git")
    after = (project / "flux/workspaces.yaml").read_text()
    assert result.code == 0, result.err
    assert after == before + (
        "  docs:\n    repository: git@github.com:owner/docs.git\n"
        '    host: "docs.opencode.${SECRET_DOMAIN}"\n'
    )
    assert "OPENCODE_DOCS_DEPLOY_KEY" in result.out
    assert command("generate", "--check").code == 0
    assert "opencode-docs" in command("render", "docs").out


def test_remove_takes_a_workspace_out_and_says_what_stays(project: Path, command: Command) -> None:
    result = command("remove", "ha")
    assert result.code == 0
    assert not (project / "flux/apps/opencode/opencode-ha").exists()
    assert "The claim opencode-ha in namespace opencode and its backups stay" in result.out
    assert command("generate", "--check").code == 0


def test_adding_and_removing_a_workspace_leaves_no_trace(project: Path, command: Command) -> None:
    before = {p: p.read_bytes() for p in (project / "flux").rglob("*") if p.is_file()}
    command("new", "docs", "--repository", "https://github.com/owner/docs.git")
    command("remove", "docs")
    assert {p: p.read_bytes() for p in (project / "flux").rglob("*") if p.is_file()} == before


def test_python_m_is_the_same_command(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "opencode_workspace", "--version"], capture_output=True, text=True
    )
    assert done.stdout == "opencode-workspace, version 0.1.0\n"
