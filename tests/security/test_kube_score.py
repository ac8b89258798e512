"""Is every finding of kube-score fixed or explained?"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import yamlio
from tests.security import tools
from tests.security.tools import Finding
from tests.support.rendering import Renderer

HERE = Path(__file__).parent
CASES = HERE.parent / "golden/cases"
# The chart as it comes, and what the catalogue makes of it.
RELEASES = ("minimal", "flux", "ha")


def explained() -> dict[Finding, str]:
    return {
        Finding(entry["check"], where, what): entry["reason"]
        for entry in yamlio.load_one(HERE / "explained.yaml")
        for what in entry["what"]
        for where in entry["where"]
    }


def rendered(render_chart: Renderer, release: str) -> list[Any]:
    values = yamlio.load_one(CASES / f"{release}.yaml")
    return list(render_chart(values, name=f"opencode-{release}", hooks=True))


@pytest.fixture(scope="module")
def findings(render_chart: Renderer) -> dict[str, set[Finding]]:
    return {release: tools.kube_score(rendered(render_chart, release)) for release in RELEASES}


def test_no_finding_is_left_unexplained(findings: dict[str, set[Finding]]) -> None:
    left = {release: found - explained().keys() for release, found in findings.items()}
    assert not any(left.values()), (
        f"change the chart, or give a reason in tests/security/explained.yaml: {left}"
    )


def test_no_explanation_outlives_its_finding(findings: dict[str, set[Finding]]) -> None:
    gone = explained().keys() - set().union(*findings.values())
    assert not gone, f"take out of tests/security/explained.yaml: {gone}"


def test_every_explanation_is_one() -> None:
    short = {finding for finding, reason in explained().items() if len(reason.split()) < 10}
    assert not short


@pytest.mark.parametrize(
    ("check", "pointer", "value"),
    [
        ("container-security-context-privileged", ("securityContext", "privileged"), True),
        (
            "container-security-context-readonlyrootfilesystem",
            ("securityContext", "readOnlyRootFilesystem"),
            False,
        ),
        ("container-image-tag", ("image",), "ghcr.io/owner/image:latest"),
        ("container-resources", ("resources", "limits", "memory"), None),
    ],
)
def test_a_weakened_container_is_found(
    check: str, pointer: tuple[str, ...], value: Any, render_chart: Renderer
) -> None:
    documents = copy.deepcopy(rendered(render_chart, "flux"))
    deployment = next(d for d in documents if d["kind"] == "Deployment")
    node = deployment["spec"]["template"]["spec"]["containers"][0]
    for step in pointer[:-1]:
        node = node[step]
    if value is None:
        del node[pointer[-1]]
    else:
        node[pointer[-1]] = value
    unexplained = tools.kube_score(documents) - explained().keys()
    assert {finding.check for finding in unexplained} == {check}
