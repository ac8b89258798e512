"""Could a secret get into an event or into a pod's status, which more people may read than its log?

Kubernetes writes both. From a pod it takes three things into them: what a container leaves in its termination
message, or the end of its log where the policy says so, and what a probe or a hook answers when it fails. That
no log of the scripts holds a secret, however they end, is looked at by every run in tests/scripts.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import yamlio
from tests.support.manifests import Manifests, resolve
from tests.support.pods import containers, pods
from tests.support.rendering import Renderer

TESTS = Path(__file__).parents[1]
RELEASES = ("minimal", "flux", "ha")
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
SCRIPTS = sorted((TESTS.parent / "charts/opencode-workspace/files").glob("*.sh"))


def told(release: Manifests) -> list[str]:
    """What Kubernetes would take from the pods of a release into events and status, one line each."""
    return [
        f"{name}: container {container['name']}: {line}"
        for name, pod in pods(release)
        for container in containers(pod)
        for line in _told(container)
    ]


def _told(container: Mapping[str, Any]) -> Iterator[str]:
    if container.get("terminationMessagePolicy", "File") != "File":
        yield "the end of its log becomes its termination message"
    if "terminationMessagePath" in container:
        yield "its termination message is a file of its own choice"
    handlers = {probe: container.get(probe, {}) for probe in PROBES}
    handlers |= {
        f"hook {hook}": handler for hook, handler in container.get("lifecycle", {}).items()
    }
    for name, handler in handlers.items():
        if "exec" in handler:
            yield f"what the command of {name} prints becomes an event"
        if handler.get("httpGet", {}).get("httpHeaders"):
            yield f"{name} sends headers, and what is answered to them becomes an event"


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest, render_chart: Renderer) -> Manifests:
    values = yamlio.load_one(TESTS / "golden/cases" / f"{request.param}.yaml")
    return render_chart(values, name=f"opencode-{request.param}", hooks=True)


def test_nothing_that_a_process_writes_gets_into_an_event_or_a_status(release: Manifests) -> None:
    assert len(list(pods(release))) == 2, "the workspace and the test pod"
    assert told(release) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_script_writes_a_termination_message(script: Path) -> None:
    assert "termination" not in script.read_text()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("terminationMessagePolicy", "FallbackToLogsOnError"),
        ("terminationMessagePath", "/run/opencode/key"),
        ("readinessProbe", {"exec": {"command": ["cat", "/run/opencode/key"]}}),
        ("lifecycle", {"preStop": {"exec": {"command": ["env"]}}}),
        ("livenessProbe", {"httpGet": {"httpHeaders": [{"name": "Authorization", "value": "a"}]}}),
    ],
)
def test_a_container_that_tells_more_is_found(
    field: str, value: Any, render_chart: Renderer
) -> None:
    release = Manifests(copy.deepcopy(list(render_chart({}, hooks=True))))
    container = resolve(release.one("Deployment"), "/spec/template/spec/containers/app")
    container[field] = value
    assert len(told(release)) == 1
