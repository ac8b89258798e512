"""Does each rule find its mistake, at its line, and nothing else?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from opencode_workspace import check
from opencode_workspace.rules import registry
from opencode_workspace.rules.documentation import page
from opencode_workspace.rules.finding import Finding, rules
from tests.rules.fixture import Fixture, fixtures

Checked = Callable[[Fixture], check.Report]
FAILING, PASSING, PLANTED = fixtures("failing"), fixtures("passing"), fixtures("planted")
# The mistake in its plainest form bears the name of its rule; other forms of it take patience.
EACH = [
    pytest.param(one, id=one.name, marks=() if one.name == one.rule else pytest.mark.slow)
    for one in FAILING
]


def told(findings: list[Finding]) -> str:
    return (
        "\n".join(f"{f.path.name}:{f.line}: {f.rule}: {f.message}" for f in findings) or "nothing"
    )


def unusual(report: check.Report, rule: str) -> list[Finding]:
    """Findings that the shipped tree does not have: its placeholders are told everywhere.

    Fixtures edit generated files, which is told as well.
    """
    placed = ("workspaces.yaml", "flux-system.yaml") if rule == "placeholder-owner" else ()
    return [
        finding
        for finding in report.findings
        if finding.rule not in ("placeholder-owner", "out-of-date-tree")
        or (finding.rule == rule and finding.path.name not in placed)
    ]


@pytest.mark.parametrize("fixture", EACH)
def test_a_mistake_is_found_at_its_line_and_nothing_else(
    fixture: Fixture, checked: Checked, project: Path
) -> None:
    found = unusual(checked(fixture), fixture.rule)
    for expected in fixture.expected:
        assert any(expected.is_met_by(finding, project) for finding in found), (
            f"{expected} is not among:\n{told(found)}"
        )
    more = [f for f in found if not any(e.is_met_by(f, project) for e in fixture.expected)]
    assert not more, f"also found:\n{told(more)}"


@pytest.mark.slow
@pytest.mark.parametrize("fixture", PASSING, ids=lambda fixture: fixture.name)
def test_what_is_right_is_not_told(fixture: Fixture, checked: Checked) -> None:
    report = checked(fixture)
    found = unusual(report, fixture.rule)
    assert not found, told(found)
    assert not report.failures


@pytest.mark.slow
@pytest.mark.parametrize(
    "fixture", [one for one in PASSING if one.unless], ids=lambda fixture: fixture.name
)
def test_what_is_right_is_told_once_it_is_wrong(fixture: Fixture, project: Path) -> None:
    fixture.apply(project)
    fixture.spoil(project)
    found = unusual(check.run(project / "flux"), fixture.rule)
    assert fixture.rule in {finding.rule for finding in found}, told(found)


@pytest.mark.slow
@pytest.mark.parametrize("fixture", PLANTED, ids=lambda fixture: fixture.name)
def test_a_mistake_that_no_rule_was_written_against_is_found(
    fixture: Fixture, checked: Checked, project: Path
) -> None:
    report = checked(fixture)
    assert report.exit_code == 1
    for expected in fixture.expected:
        assert any(expected.is_met_by(finding, project) for finding in report.findings), (
            f"{expected} is not among:\n{told(unusual(report, expected.rule))}"
        )


@pytest.mark.parametrize("folder", [FAILING, PASSING], ids=["failing", "passing"])
def test_no_rule_is_without_a_fixture(folder: list[Fixture]) -> None:
    missing = set(rules()) - {fixture.rule for fixture in folder}
    assert not missing, "write a fixture for each"


def test_the_plainest_form_of_each_mistake_is_tried_in_every_run() -> None:
    missing = set(rules()) - {fixture.name for fixture in FAILING}
    assert not missing, "give a fixture the name of its rule alone"


def test_a_failing_fixture_expects_a_finding_of_its_rule() -> None:
    for fixture in FAILING:
        assert fixture.rule, f"{fixture.name} does not begin with the id of a rule"
        assert fixture.rule in {expected.rule for expected in fixture.expected}, fixture.name


def test_every_rule_has_one_function() -> None:
    functions: list[str] = []
    scopes: tuple[registry.Scope, ...] = ("source", "deployment", "tree", "facts")
    for scope in scopes:
        functions += registry.checks(scope)
    assert sorted(functions) == sorted(rules())


def test_the_shipped_tree_has_only_placeholders(project: Path) -> None:
    report = check.run(project / "flux")
    assert {finding.rule for finding in report.findings} == {"placeholder-owner"}
    assert (report.errors, report.workspaces, report.failures, report.notes) == (0, 2, (), ())


def test_the_page_about_the_rules_is_fresh(repository: Path) -> None:
    written = (repository / "docs/rules.md").read_text()
    assert written == page(), "run `python -m opencode_workspace.rules`"


def test_a_broken_rule_hides_nothing_and_ends_in_no_traceback(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.checks("deployment")

    def broken(subject: object) -> list[Finding]:
        raise KeyError("spec")

    monkeypatch.setitem(registry._checks, "short-timeout", (("deployment",), broken))
    report = check.run(project / "flux")
    assert report.exit_code == 2
    assert "rule short-timeout failed at Kustomization opencode-ha: KeyError" in " ".join(
        report.failures
    )
    assert {finding.rule for finding in report.findings} == {"placeholder-owner"}
