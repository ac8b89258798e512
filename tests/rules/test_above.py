"""Is what is above workspaces taken as kustomize and Flux take it, in other people's repositories too?"""

from __future__ import annotations

from pathlib import Path

import pytest

from opencode_workspace import check

PARENT = "flux/apps/opencode/kustomization.yaml"
# Features that this project's kustomize does not have, as they stand in home-ops repositories.
FEATURES = {
    "components": "components: [../../components/common]\n",
    "patches": "patches:\n  - target: {kind: Kustomization}\n    patch: '[]'\n",
    "generator": "configMapGenerator:\n  - name: a\n    literals: [a=b]\n",
    "replacements": "replacements: [{path: ./replace.yaml}]\n",
    "labels": "labels:\n  - pairs: {team: a}\n    includeSelectors: true\n",
}


@pytest.fixture
def bare(project: Path) -> Path:
    """The tree without its catalogue, and a component that sets what cannot be built here."""
    (project / "flux/workspaces.yaml").unlink()
    (project / "flux/workspaces.schema.json").unlink()
    component = project / "flux/components/common/kustomization.yaml"
    component.parent.mkdir(parents=True)
    component.write_text(
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
        "secretGenerator: [{name: a, files: [a.txt]}]\n"
    )
    return project


@pytest.mark.parametrize("feature", FEATURES)
def test_what_cannot_be_built_above_is_a_warning_at_most(feature: str, bare: Path) -> None:
    path = bare / PARENT
    path.write_text(path.read_text() + FEATURES[feature])
    report = check.run(bare / "flux")
    assert (report.errors, report.workspaces) == (0, 2)


def test_a_remote_base_above_is_a_warning(bare: Path) -> None:
    path = bare / PARENT
    path.write_text(path.read_text() + "  - https://github.com/someone/else//deploy?ref=v1\n")
    report = check.run(bare / "flux")
    assert report.errors == 0
    assert "unsupported-kustomization" in {finding.rule for finding in report.findings}


@pytest.mark.parametrize(
    "text",
    ["kind: Something\n", "a: yes\nb: 012\n", "apiVersion: v1\nkind: List\nitems: []\n", "- a\n"],
    ids=["no-object", "ambiguous", "list", "no-mapping"],
)
def test_other_peoples_files_beside_workspaces_are_theirs(text: str, bare: Path) -> None:
    path = bare / PARENT
    path.write_text(path.read_text() + "  - ./plex/ks.yaml\n")
    other = bare / "flux/apps/opencode/plex/ks.yaml"
    other.parent.mkdir()
    other.write_text(text)
    assert check.run(bare / "flux").errors == 0


def test_without_a_catalogue_an_unlisted_workspace_is_a_warning(bare: Path) -> None:
    path = bare / PARENT
    path.write_text(path.read_text().replace('  - "./opencode-ha/ks.yaml"\n', ""))
    report = check.run(bare / "flux")
    assert report.errors == 0
    assert [f.path.parent.name for f in report.findings if f.rule == "unlisted-file"] == [
        "opencode-ha"
    ]


def test_without_a_kustomization_above_there_is_none_to_list_a_workspace(bare: Path) -> None:
    (bare / PARENT).unlink()
    (bare / "flux/bootstrap/flux-system.yaml").unlink()
    report = check.run(bare / "flux")
    assert (report.errors, report.workspaces) == (0, 2)
    assert "unlisted-file" not in {finding.rule for finding in report.findings}


def test_a_part_of_the_tree_is_checked_without_what_is_above_it(project: Path) -> None:
    report = check.run(project / "flux/apps/opencode/opencode-ha")
    assert (report.errors, report.workspaces) == (0, 1)
    assert {finding.rule for finding in report.findings} <= {"placeholder-owner"}
