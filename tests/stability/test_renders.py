"""Is a release the same whenever, however often and by whichever Helm it is rendered?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import helm, yamlio
from tests.stability.cases import BROAD, CASES
from tests.support import helmcli
from tests.support.charts import Chart
from tests.support.copies import copy_chart
from tests.support.rendering import NAMESPACE

# Functions of Helm whose result depends on the time, on chance or on what is around the chart, and
# those that make secrets: what they make does not belong into a manifest.
IMPURE = {
    *("now", "date", "dateInZone", "date_in_zone", "htmlDate", "htmlDateInZone", "ago"),
    *("toDate", "mustToDate", "dateModify", "date_modify", "mustDateModify", "unixEpoch"),
    *("durationRound", "duration"),
    *("randAlpha", "randAlphaNum", "randAscii", "randNumeric", "randBytes", "randInt", "shuffle"),
    *("uuidv4", "encryptAES", "decryptAES", "htpasswd", "bcrypt", "derivePassword"),
    *("genPrivateKey", "genCA", "genCAWithKey", "buildCustomCert"),
    *("genSelfSignedCert", "genSelfSignedCertWithKey"),
    *("genSignedCert", "genSignedCertWithKey"),
    *("getHostByName", "lookup"),
}
HISTORY = {"Revision", "IsUpgrade", "IsInstall"}
ASKING = [
    'now|date "2006"',
    '(genCA "a" 1).Cert',
    "$x.root.Release.Revision",
    "if .Release.IsInstall",
    'get (lookup "v1" "Secret" "a" "b") "now"',
    "- randNumeric 3 -",
]

_COMMENT = re.compile(r"\{\{-?\s*/\*.*?\*/\s*-?\}\}", re.DOTALL)
_ACTION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`')
_WORD = re.compile(r"[$.\w]+")

each_cli = pytest.mark.parametrize("cli", helmcli.EACH_CLI)


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


@pytest.mark.parametrize("action", ASKING)
def test_a_template_that_asks_for_time_chance_or_history_is_noticed(
    action: str, chart: Chart, tmp_path: Path
) -> None:
    changed = copy_chart(chart, tmp_path)
    (changed.directory / "templates/NOTES.txt").write_text(f"{{{{/* now */}}}}{{{{ {action} }}}}\n")
    assert impurities(changed) != []


def test_no_template_asks_for_time_chance_or_history(chart: Chart) -> None:
    assert impurities(chart) == []


def test_helm_has_every_function_that_is_not_to_be_used(tmp_path: Path) -> None:
    calls = "".join(f"{{{{ if false }}}}{{{{ {name} }}}}{{{{ end }}}}" for name in sorted(IMPURE))
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/calls.yaml").write_text(calls)
    (tmp_path / "Chart.yaml").write_text("{apiVersion: v2, name: calls, version: 0.1.0}\n")
    assert helmcli.template_text("helm4", tmp_path, {}, name="calls", namespace=NAMESPACE) == "\n"


def impurities(chart: Chart) -> list[str]:
    """What in the chart's templates could give another result the next time, by file."""
    return [
        f"{path.relative_to(chart.directory)}: {word}"
        for path in sorted((chart.directory / "templates").rglob("*"))
        if path.is_file()
        for word in _words(path.read_text())
        if word in IMPURE or word.rpartition(".")[2] in HISTORY
    ]


def _words(text: str) -> list[str]:
    """Names of functions and ways to fields in all template actions; no comments, no texts."""
    actions = _ACTION.findall(_COMMENT.sub("", text))
    return [word for action in actions for word in _WORD.findall(_TEXT.sub("", action))]
