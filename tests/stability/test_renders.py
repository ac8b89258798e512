"""Is a release the same whenever, however often and by whichever Helm it is rendered?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import helm, yamlio
from tests.support import helmcli
from tests.support.charts import Chart
from tests.support.copies import copy_chart
from tests.support.rendering import NAMESPACE

CASES = sorted((Path(__file__).parents[1] / "golden/cases").glob("*.yaml"))

# Between them they pass through every branch of the templates.
BROAD = [case for case in CASES if case.stem in ("everything", "flux", "shape")]

each_cli = pytest.mark.parametrize("cli", helmcli.CLIS)


def printed(cli: str, chart: Path, case: Path, *arguments: str) -> str:
    return helmcli.template_text(
        cli, chart, values_of(case), *arguments, name=f"opencode-{case.stem}", namespace=NAMESPACE
    )


def values_of(case: Path) -> dict[str, Any]:
    values: dict[str, Any] = yamlio.load_one(case)
    return values


def upgrades_that_differ(cli: str, chart: Path, cases: list[Path]) -> list[str]:
    return [
        case.stem
        for case in cases
        if printed(cli, chart, case) != printed(cli, chart, case, "--is-upgrade")
    ]


@each_cli
def test_an_upgrade_gives_byte_for_byte_what_an_installation_gives(cli: str, chart: Chart) -> None:
    # Two processes each, so this is also the proof that rendering twice gives the same bytes.
    assert upgrades_that_differ(cli, chart.path, BROAD) == []


@each_cli
def test_a_template_that_looks_at_the_kind_of_action_is_noticed(
    cli: str, chart: Chart, tmp_path: Path
) -> None:
    changed = copy_chart(chart, tmp_path)
    text = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata: {a: {{ .Release.IsUpgrade | quote }}}\n"
    (changed.directory / "templates/upgrade.yaml").write_text(text)
    assert upgrades_that_differ(cli, changed.path, BROAD[:1]) == [BROAD[0].stem]


@pytest.mark.slow
def test_the_embedded_helm_gives_the_same_twice(chart: Chart) -> None:
    for case in CASES:
        release = helm.Release(f"opencode-{case.stem}", NAMESPACE)
        first, second = (
            [
                dict(m.document)
                for m in helm.render(chart.path, release, values_of(case), engine="embedded")
            ]
            for _ in range(2)
        )
        assert yamlio.dump_all(first) == yamlio.dump_all(second), case.stem


def test_no_template_asks_for_time_chance_or_history(chart: Chart) -> None:
    forbidden = {
        "now",
        "date",
        "rand",
        "randAlphaNum",
        "uuidv4",
        "genCA",
        "genPrivateKey",
        "lookup",
    }
    forbidden |= {".Release.Revision", ".Release.IsUpgrade", ".Release.IsInstall"}
    found = [
        f"{path.name}: {word}"
        for path in sorted((chart.directory / "templates").rglob("*"))
        if path.suffix in (".yaml", ".tpl")
        for action in _actions(path.read_text())
        for word in sorted(forbidden.intersection(action))
    ]
    assert found == []


def _actions(text: str) -> list[list[str]]:
    """The words of each template action, comments left out."""
    actions = [part.partition("}}")[0] for part in text.split("{{")[1:]]
    words = [a.replace("(", " ").replace(")", " ").split() for a in actions]
    return [w for w in words if not (w and w[0].lstrip("-").startswith("/*"))]
