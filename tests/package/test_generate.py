"""Does generating see every difference between the catalogue and the files, and touch nothing else?"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from opencode_workspace import generate, yamlio
from tests.support.command import Command

ONE = (PurePosixPath("a.yaml"),)


@pytest.mark.parametrize(
    ("missing", "stale", "orphaned"), [(ONE, (), ()), ((), ONE, ()), ((), (), ONE)]
)
def test_one_file_is_enough_to_be_out_of_date(
    missing: tuple[PurePosixPath, ...],
    stale: tuple[PurePosixPath, ...],
    orphaned: tuple[PurePosixPath, ...],
) -> None:
    assert generate.Plan({}, (), (), ()).is_clean
    assert not generate.Plan({}, missing, stale, orphaned).is_clean


def test_the_schema_is_written_where_there_was_none(project: Path, command: Command) -> None:
    schema = project / "flux/workspaces.schema.json"
    wanted = schema.read_text()
    schema.unlink()
    result = command("generate", "--check")
    assert (result.code, result.out) == (1, "missing: flux/workspaces.schema.json\n")
    assert command("generate").code == 0
    assert schema.read_text() == wanted


def test_a_folder_that_is_called_like_a_generated_file_is_left_alone(
    project: Path, command: Command
) -> None:
    folder = project / "flux/apps/opencode/opencode-mine/ks.yaml"
    folder.mkdir(parents=True)
    assert command("generate").code == 0
    assert folder.is_dir()


def test_a_template_that_became_a_component_is_listed_as_one(
    project: Path, command: Command
) -> None:
    template = project / "flux/templates/volsync/kustomization.yaml"
    text = template.read_text().replace("kind: Kustomization", "kind: Component")
    template.write_text(
        text.replace("kustomize.config.k8s.io/v1beta1", "kustomize.config.k8s.io/v1alpha1")
    )
    assert command("generate").code == 0
    for workspace in ("flux", "ha"):
        path = project / f"flux/apps/opencode/opencode-{workspace}/app/kustomization.yaml"
        assert yamlio.load_one(path)["components"] == ["../../../../templates/volsync"]


def test_another_version_of_the_chart_than_the_deployed_one_is_not_generated_for(
    project: Path, command: Command
) -> None:
    chart = project / "charts/opencode-workspace/Chart.yaml"
    chart.write_text(chart.read_text().replace("version: 0.1.0", "version: 0.1.1", 1))
    result = command("generate")
    assert (result.code, result.out) == (2, "")
    assert "the chart on disk has version 0.1.1, the catalogue deploys 0.1.0" in result.err


VALUES = """\
    values:
      controllers:
        workspace:
          replicas: REPLICAS
"""


def _catalogue(project: Path, *, count: str, replicas: str = "${REPLICAS}") -> Path:
    """The shipped one, with a variable and values that one workspace gets from it."""
    path = project / "flux/workspaces.yaml"
    text = path.read_text().replace("  variables:\n", f"  variables:\n    REPLICAS: {count}\n")
    path.write_text(text + VALUES.replace("REPLICAS", replicas))
    return path


def test_values_are_judged_with_their_variables_filled_in(project: Path, command: Command) -> None:
    _catalogue(project, count='"0"')
    assert command("generate").code == 0


@pytest.mark.parametrize(("count", "replicas"), [('"2"', "${REPLICAS}"), ('"0"', "2")])
def test_a_refused_value_is_told_at_its_line(
    count: str, replicas: str, project: Path, command: Command
) -> None:
    path = _catalogue(project, count=count, replicas=replicas)
    result = command("generate")
    assert result.code == 1
    line = path.read_text().splitlines().index(f"          replicas: {replicas}") + 1
    told = "/controllers/workspace/replicas: value must be one of 0, 1. The values of"
    assert f"workspaces.yaml:{line}: {told}" in result.err


def test_a_refused_value_of_the_defaults_is_told_there(project: Path, command: Command) -> None:
    path = project / "flux/workspaces.yaml"
    text = path.read_text().replace("defaults:\n", "defaults:\n  values:\n    servce: {}\n")
    path.write_text(text)
    result = command("generate")
    assert result.code == 1
    line = text.splitlines().index("    servce: {}") + 1
    told = f"workspaces.yaml:{line}: the values: additional properties 'servce' not allowed"
    assert result.err.count(told) == 2


def test_a_refused_value_that_another_field_makes_is_told_at_the_workspace(
    project: Path, command: Command
) -> None:
    path = project / "flux/workspaces.yaml"
    text = path.read_text()
    path.write_text(text.rstrip() + "\n    branch: '-x'\n")
    result = command("generate")
    assert result.code == 1
    line = text.splitlines().index("  ha:") + 1
    assert f"workspaces.yaml:{line}: /workspace/branch" in result.err


def test_a_variable_of_the_defaults_that_nothing_defines_is_told(
    project: Path, command: Command
) -> None:
    path = project / "flux/workspaces.yaml"
    default = "defaults:\n  values: {workspace: {branch: '${BRANCH}'}}\n"
    path.write_text(path.read_text().replace("defaults:\n", default))
    result = command("generate")
    assert result.code == 1
    assert 'variable not set (strict mode): "BRANCH"' in result.err
    for name in ("flux", "ha"):
        line = path.read_text().splitlines().index(f"  {name}:") + 1
        assert f"workspaces.yaml:{line}: " in result.err
