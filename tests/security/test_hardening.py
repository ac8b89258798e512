"""Is every finding of kube-score and of checkov fixed or explained?"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import yamlio
from tests.security import tools
from tests.security.tools import Document, Finding
from tests.support.rendering import Renderer

HERE = Path(__file__).parent
CASES = HERE.parent / "golden/cases"
# The chart as it comes, and what the catalogue makes of it.
RELEASES = ("minimal", "flux", "ha")

CHECKERS: dict[str, Callable[[Iterable[Document]], set[Finding]]] = {
    "kube-score": tools.kube_score,
    "checkov": tools.checkov,
}
# It starts in three seconds.
SLOW = {"checkov": [pytest.mark.slow]}

Damage = tuple[tuple[str, ...], Any]
PRIVILEGED: Damage = (("securityContext", "privileged"), True)
WRITABLE: Damage = (("securityContext", "readOnlyRootFilesystem"), False)
LATEST: Damage = (("image",), "ghcr.io/owner/image:latest")
UNLIMITED: Damage = (("resources", "limits", "memory"), None)
DAMAGED = {
    "kube-score": {
        "container-security-context-privileged": PRIVILEGED,
        "container-security-context-readonlyrootfilesystem": WRITABLE,
        "container-image-tag": LATEST,
        "container-resources": UNLIMITED,
    },
    "checkov": {
        "CKV_K8S_16": PRIVILEGED,
        "CKV_K8S_22": WRITABLE,
        "CKV_K8S_14": LATEST,
        "CKV_K8S_13": UNLIMITED,
    },
}


def marked(checker: str, *parameters: Any) -> Any:
    name = "-".join([checker, *(text for text in parameters if isinstance(text, str))])
    return pytest.param(checker, *parameters, marks=SLOW.get(checker, []), id=name)


each_checker = pytest.mark.parametrize("checker", [marked(checker) for checker in CHECKERS])


def explained(checker: str) -> dict[Finding, str]:
    return {
        Finding(entry["check"], where, what): entry["reason"]
        for entry in yamlio.load_one(HERE / f"{checker}.yaml")
        for what in entry["what"]
        for where in entry["where"]
    }


def rendered(render_chart: Renderer, release: str) -> list[Any]:
    values = yamlio.load_one(CASES / f"{release}.yaml")
    return list(render_chart(values, name=f"opencode-{release}", hooks=True))


@pytest.fixture(scope="module")
def findings(render_chart: Renderer) -> Callable[[str], dict[str, set[Finding]]]:
    """Findings of a checker by release; it runs once."""
    found: dict[str, dict[str, set[Finding]]] = {}

    def of(checker: str) -> dict[str, set[Finding]]:
        if checker not in found:
            found[checker] = {
                release: CHECKERS[checker](rendered(render_chart, release)) for release in RELEASES
            }
        return found[checker]

    return of


@each_checker
def test_no_finding_is_left_unexplained(
    checker: str, findings: Callable[[str], dict[str, set[Finding]]]
) -> None:
    known = explained(checker).keys()
    left = {release: found - known for release, found in findings(checker).items()}
    assert not any(left.values()), (
        f"change the chart, or give a reason in tests/security/{checker}.yaml: {left}"
    )


@each_checker
def test_no_explanation_outlives_its_finding(
    checker: str, findings: Callable[[str], dict[str, set[Finding]]]
) -> None:
    gone = explained(checker).keys() - set().union(*findings(checker).values())
    assert not gone, f"take out of tests/security/{checker}.yaml: {gone}"


@pytest.mark.parametrize("checker", CHECKERS)
def test_every_explanation_is_one(checker: str) -> None:
    reasons = explained(checker)
    assert reasons
    assert not {finding for finding, reason in reasons.items() if len(reason.split()) < 10}


@pytest.mark.parametrize(
    ("checker", "check", "damage"),
    [
        marked(checker, check, damage)
        for checker, cases in DAMAGED.items()
        for check, damage in cases.items()
    ],
)
def test_a_weakened_container_is_found(
    checker: str, check: str, damage: Damage, render_chart: Renderer
) -> None:
    documents = copy.deepcopy(rendered(render_chart, "flux"))
    deployment = next(d for d in documents if d["kind"] == "Deployment")
    node = deployment["spec"]["template"]["spec"]["containers"][0]
    pointer, value = damage
    for step in pointer[:-1]:
        node = node[step]
    if value is None:
        del node[pointer[-1]]
    else:
        node[pointer[-1]] = value
    unexplained = CHECKERS[checker](documents) - explained(checker).keys()
    assert {finding.check for finding in unexplained} == {check}
