"""What may never change between two versions, because the cluster refuses it or data would be lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import yamlio
from tests.stability.cases import CASES
from tests.support.rendering import Renderer

HERE = Path(__file__).parent
FROZEN: dict[str, Any] = yamlio.load_one(HERE / "frozen.yaml")


def identity(documents: list[Any], release: str) -> dict[str, Any]:
    """What makes a release's objects the ones they are, with `<release>` for its name."""
    found: dict[str, Any] = {"objects": [], "selectors": {}, "home": []}
    for document in documents:
        kind, name = document["kind"], document["metadata"]["name"]
        found["objects"].append(f"{document['apiVersion']} {kind} {name}")
        if selector := _selector(document):
            found["selectors"][kind] = selector
        if kind == "Deployment":
            found["home"] = _home(document["spec"]["template"]["spec"])
    found["objects"].sort()
    neutral: dict[str, Any] = yamlio.parse(yamlio.dump(found).replace(release, "<release>"), "")[0]
    return neutral


def _selector(document: Any) -> Any:
    spec = document.get("spec", {})
    return {
        "Deployment": spec.get("selector", {}).get("matchLabels"),
        "Service": spec.get("selector"),
        "NetworkPolicy": spec.get("podSelector", {}).get("matchLabels"),
    }.get(document["kind"])


def _home(pod: Any) -> list[str]:
    """Where the one volume is: its claim, and its mount in each of the chart's own containers."""
    (claim,) = (v["persistentVolumeClaim"] for v in pod["volumes"] if v["name"] == "config")
    mounts = [
        f"{container['name']}: {mount['mountPath']}"
        for container in (*pod["initContainers"], *pod["containers"])
        for mount in container["volumeMounts"]
        if mount["name"] == "config" and container["name"] in ("app", "init-workspace")
    ]
    return [claim["claimName"], *mounts]


def of(case: str, render_chart: Renderer) -> dict[str, Any]:
    values = yamlio.load_one(HERE.parent / f"golden/cases/{case}.yaml")
    release = f"opencode-{case}"
    return identity(list(render_chart(values, name=release, hooks=True)), release)


@pytest.mark.parametrize("case", sorted(FROZEN))
def test_a_release_keeps_its_identity(case: str, render_chart: Renderer) -> None:
    assert of(case, render_chart) == FROZEN[case], (
        "an upgrade would fail, or leave the volume behind: tests/stability/frozen.yaml is never edited, only added to"
    )


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_no_value_changes_a_selector(case: Path, render_chart: Renderer) -> None:
    for kind, selector in of(case.stem, render_chart)["selectors"].items():
        assert selector == FROZEN["minimal"]["selectors"]["Deployment"], kind


def test_another_selector_is_noticed(render_chart: Renderer) -> None:
    documents = list(render_chart(name="opencode-minimal", hooks=True))
    deployment = next(d for d in documents if d["kind"] == "Deployment")
    deployment["spec"]["selector"]["matchLabels"]["app.kubernetes.io/version"] = "1"
    assert identity(documents, "opencode-minimal") != FROZEN["minimal"]
