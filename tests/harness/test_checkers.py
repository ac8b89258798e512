"""Do the checkers object to what is wrong? Each kind of damage in checkers.yaml is done to a good release."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import yamlio
from opencode_workspace.rules import podsecurity
from tests.support import kubernetes, references
from tests.support.manifests import Document, Manifests, resolve
from tests.support.pods import pods
from tests.support.rendering import Renderer

DAMAGE: dict[str, list[Any]] = yamlio.load_one(Path(__file__).parent / "checkers.yaml")
CUSTOM: list[Document] = yamlio.load(Path(__file__).parent / "custom-objects.yaml")
FREE_MAPS = {"labels", "values", "substitute", "data"}
VALUES = {
    "route": {"app": {"enabled": True, "parentRefs": [{"name": "gw"}], "hostnames": ["a.b"]}},
    "networkpolicies": {"app": {"enabled": True}},
}
CHECKERS: dict[str, Callable[[Sequence[Document]], list[str]]] = {
    "references": references.mistakes,
    "leftovers": references.leftovers,
    "restricted": lambda release: [
        problem.message for _, pod in pods(release) for problem in podsecurity.restricted(pod)
    ],
    "kubernetes": lambda release: kubernetes.all_violations(release, ["1.31", "1.37"]),
}
CASES = [
    pytest.param(checker, case, id=f"{checker}: {case['it']}")
    for checker, cases in DAMAGE.items()
    for case in cases
]


@pytest.fixture
def release(render_chart: Renderer) -> Manifests:
    return render_chart(VALUES, hooks=True)


@pytest.mark.parametrize("checker", CHECKERS)
def test_a_good_release_has_nothing_to_object_to(checker: str, release: Manifests) -> None:
    assert CHECKERS[checker](release) == []


@pytest.mark.parametrize(("checker", "case"), CASES)
def test_a_checker_objects_to(checker: str, case: dict[str, Any], release: Manifests) -> None:
    for address, value in case["damage"].items():
        damage(release, address, value)
    assert case["says"] in CHECKERS[checker](release)


def test_the_newest_version_is_looked_at_too(release: Manifests) -> None:
    damage(release, "Service/spec/port", 80)
    assert len(kubernetes.all_violations(release, ["1.31", "1.37"])) == 2


def test_a_version_without_schemas_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"none of >=1\.20\.0-0"):
        kubernetes.supported(">=1.20.0-0")


def test_both_ends_of_the_supported_versions_are_known() -> None:
    oldest, newest = kubernetes.supported(">=1.31.0-0")
    assert (oldest, newest) == ("1.31", kubernetes.versions()[-1])
    assert oldest != newest


def test_every_profile_has_a_good_object() -> None:
    assert {(d["apiVersion"], d["kind"]) for d in CUSTOM} == set(kubernetes.profiles())


@pytest.mark.parametrize("document", CUSTOM, ids=lambda document: document["kind"])
def test_a_profile_takes_a_good_object_and_no_unknown_field(document: Document) -> None:
    assert kubernetes.violations(document, "1.37") == []
    damaged = list(with_an_unknown_field(document, document))
    assert len(damaged) >= 4
    assert [d for d in damaged if not kubernetes.violations(d, "1.37")] == []


def test_looking_for_one_object_objects_to_none_and_to_two(release: Manifests) -> None:
    with pytest.raises(AssertionError, match="0 objects Secret"):
        release.one("Secret")
    twice = Manifests([*release, *release])
    with pytest.raises(AssertionError, match="2 objects Service"):
        twice.one("Service")


def test_a_test_that_changes_a_release_does_not_change_the_next_ones(
    render_chart: Renderer,
) -> None:
    render_chart(VALUES).one("Service")["spec"]["ports"].clear()
    assert render_chart(VALUES).one("Service")["spec"]["ports"]


def with_an_unknown_field(root: Document, node: Any) -> Iterator[Document]:
    """`root`, once for each closed map below `node` with a field too many in it."""
    if isinstance(node, dict):
        for key, value in node.items():
            if not (key in FREE_MAPS and isinstance(value, dict)):
                yield from with_an_unknown_field(root, value)
        node["unknownField"] = "x"
        yield copy.deepcopy(root)
        del node["unknownField"]
    elif isinstance(node, list):
        for item in node:
            yield from with_an_unknown_field(root, item)


def damage(release: Manifests, address: str, value: Any) -> None:
    """Puts `value` at `address`; None takes away what is there."""
    parent_address, _, last = address.rpartition("/")
    parent = release.at(parent_address)
    key = last.replace("~1", "/").replace("~0", "~")
    if isinstance(parent, list):
        parent[parent.index(resolve(parent, f"/{last}"))] = value
    elif value is None:
        del parent[key]
    else:
        parent[key] = value
