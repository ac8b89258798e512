"""Does every values file that a released chart accepted still work with this one?

tests/values/past/<version>/ holds values as users of that version have them. A folder is written once, when the
version is released, and never edited: a key that has to go needs a new major version.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import schema, yamlio
from opencode_workspace.errors import UserError
from tests.stability.test_identity import FROZEN, identity
from tests.support import helmcli, kubernetes
from tests.support.charts import Chart
from tests.support.copies import copy_chart
from tests.support.rendering import NAMESPACE, Renderer

ROOT = Path(__file__).parents[2]
PAST = ROOT / "tests/values/past"
FILES = sorted(PAST.glob("*/*.yaml"))
RELEASED = re.compile(r"(?m)^## \[?v?(\d+\.\d+\.\d+)\b")

each_file = pytest.mark.parametrize(
    "file", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}"
)


def values_of(file: Path) -> dict[str, Any]:
    values: dict[str, Any] = yamlio.load_one(file)
    return values


@each_file
def test_values_of_a_past_version_still_render(
    file: Path, render_chart: Renderer, chart: Chart, supported_versions: tuple[str, str]
) -> None:
    values = values_of(file)
    assert schema.validate(schema.coalesce(chart.values, values), chart.schema) == []
    rendered = render_chart(values, name="opencode-past", hooks=True)
    assert kubernetes.all_violations(rendered, supported_versions) == []
    selectors = identity(list(rendered), "opencode-past")["selectors"]
    assert selectors["Deployment"] == FROZEN["minimal"]["selectors"]["Deployment"]


@pytest.mark.parametrize("cli", helmcli.EACH_CLI)
def test_the_complete_values_of_each_version_pass_the_command_line_too(
    cli: str, chart: Chart
) -> None:
    for file in sorted(PAST.glob("*/complete.yaml")):
        text = helmcli.template_text(
            cli, chart.path, values_of(file), name="opencode-past", namespace=NAMESPACE
        )
        assert "kind: Deployment" in text, file


def test_every_version_of_the_changelog_and_the_chart_has_its_values(chart: Chart) -> None:
    versions = {*RELEASED.findall((ROOT / "CHANGELOG.md").read_text()), chart.metadata["version"]}
    missing = [v for v in sorted(versions) if not (PAST / v / "complete.yaml").is_file()]
    assert not missing, f"copy values.yaml to tests/values/past/{missing[0]}/complete.yaml"


def test_the_complete_values_change_nothing_when_they_are_this_charts_own(
    chart: Chart, render_chart: Renderer
) -> None:
    written_out = render_chart(chart.values, hooks=True)
    assert list(written_out) == list(render_chart(hooks=True))


def test_a_key_that_was_removed_is_noticed(chart: Chart, tmp_path: Path) -> None:
    newer = copy_chart(chart, tmp_path)
    changed = json.loads(json.dumps(chart.schema))
    del changed["properties"]["workspace"]["properties"]["update"]
    changed["properties"]["workspace"]["required"].remove("update")
    (newer.directory / "values.schema.json").write_text(json.dumps(changed))
    with pytest.raises(UserError, match="update"):
        Renderer(newer)(values_of(PAST / "0.1.0/complete.yaml"))
