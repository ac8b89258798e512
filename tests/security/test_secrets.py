"""Is there a secret anywhere but in the Secret that external-secrets makes?"""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import catalogue, flux, yamlio
from tests.security.secrets import PASSWORD, leaks
from tests.support.manifests import resolve
from tests.support.pods import containers, pods
from tests.support.rendering import Renderer

ROOT = Path(__file__).parents[2]
CASES = sorted((ROOT / "tests/golden/cases").glob("*.yaml"))

# A case may ask for what the chart's defaults never do: these lines, and no others.
ASKED_FOR = yamlio.load_one(Path(__file__).parent / "asked-for.yaml")


@pytest.fixture(scope="module")
def tree() -> list[Any]:
    """Every object that Flux applies and that Helm makes of the shipped tree."""
    cluster = flux.reconcile(catalogue.load(ROOT / "flux/workspaces.yaml"))
    return [*cluster.shared, *(d for r in cluster.reconciliations for d in r.objects)]


def found(documents: list[Any]) -> list[str]:
    return [line for document in documents for line in leaks(document)]


def test_no_secret_is_in_the_shipped_tree_or_shown_by_it(tree: list[Any]) -> None:
    assert len(tree) > 20
    assert found(tree) == []


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_no_release_shows_a_secret_that_its_values_did_not_ask_for(
    case: Path, render_chart: Renderer
) -> None:
    rendered = list(render_chart(yamlio.load_one(case), name=f"opencode-{case.stem}", hooks=True))
    assert found(rendered) == ASKED_FOR.get(case.stem, [])


def test_the_password_is_the_one_secret_in_an_environment(tree: list[Any]) -> None:
    names = {
        (entry["name"], entry["valueFrom"]["secretKeyRef"]["key"])
        for _, pod in pods(tree)
        for container in containers(pod)
        for entry in container.get("env", ())
        if "secretKeyRef" in entry.get("valueFrom", {})
    }
    assert names == {(PASSWORD["name"], PASSWORD["key"])}


def test_an_external_secret_holds_references_only(tree: list[Any]) -> None:
    secrets = [d for d in tree if d["kind"] == "ExternalSecret"]
    assert len(secrets) == 4, "one for each workspace, and one for the backup of each"
    for secret in secrets:
        data = secret["spec"]["target"]["template"]["data"]
        for key, text in data.items():
            assert re.search(r"\{\{ \.\w+ \}\}", text), f"{secret['metadata']['name']}: {key}"


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/args", ["--password", "$(OPENCODE_SERVER_PASSWORD)"]),
        ("/command", ["sh", "-c", "git clone https://x:$(GIT_TOKEN)@github.com/owner/a"]),
        ("/args", ["https://owner:hunter2@github.com/owner/a"]),
        ("/env", [{"name": "A", "value": "ghp_" + "a" * 36}]),
        ("/env", [{"name": "A", "value": "-----BEGIN OPENSSH " + "PRIVATE KEY-----"}]),
        ("/env", [{"name": "A", "value": "$(GIT_TOKEN)"}]),
        ("/env", [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "a", "key": "GIT_TOKEN"}}}]),
        ("/envFrom", [{"secretRef": {"name": "a"}}]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_planted_secret_is_found(pointer: str, value: Any, tree: list[Any]) -> None:
    deployment = copy.deepcopy(next(d for d in tree if d["kind"] == "Deployment"))
    container = resolve(deployment, "/spec/template/spec/containers/app")
    container[pointer[1:]] = value
    assert leaks(deployment) != []


def test_a_planted_secret_is_found_in_any_object(tree: list[Any]) -> None:
    for document in tree:
        planted = copy.deepcopy(document)
        planted["metadata"].setdefault("annotations", {})["note"] = "glpat-" + "a" * 20
        assert len(leaks(planted)) == 1, document["kind"]


def test_a_secret_object_is_found() -> None:
    secret = {"kind": "Secret", "metadata": {"name": "a"}, "stringData": {"a": "b"}}
    assert leaks(secret) == ["Secret a: a Secret in the tree has its value in Git"]
