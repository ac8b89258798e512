"""Labels and selectors. Selectors are frozen from 0.1.0: a Deployment's cannot be changed."""

from __future__ import annotations

from pathlib import Path

from tests.support.charts import Chart
from tests.support.copies import copy_chart
from tests.support.rendering import Renderer

SELECTOR = {
    "app.kubernetes.io/controller": "workspace",
    "app.kubernetes.io/instance": "opencode-flux",
    "app.kubernetes.io/name": "opencode-flux",
}
POLICY = {"networkpolicies": {"app": {"enabled": True}}}


def test_the_deployments_selector_is_the_one_of_the_first_version(render_chart: Renderer) -> None:
    assert render_chart().at("Deployment/spec/selector") == {"matchLabels": SELECTOR}


def test_service_and_network_policy_select_as_the_deployment_does(render_chart: Renderer) -> None:
    rendered = render_chart(POLICY)
    assert rendered.at("Service/spec/selector") == SELECTOR
    assert rendered.at("NetworkPolicy/spec/podSelector") == {"matchLabels": SELECTOR}


def test_the_pod_has_the_selectors_labels_and_no_other(render_chart: Renderer) -> None:
    assert render_chart().at("Deployment/spec/template/metadata") == {"labels": SELECTOR}


def test_every_object_bears_the_common_labels(render_chart: Renderer, chart: Chart) -> None:
    version, app_version = chart.metadata["version"], chart.metadata["appVersion"]
    common = {
        "app.kubernetes.io/instance": "opencode-flux",
        "app.kubernetes.io/managed-by": "Helm",
        "app.kubernetes.io/name": "opencode-flux",
        "app.kubernetes.io/version": app_version,
        "helm.sh/chart": f"opencode-workspace-{version}",
    }
    own = {
        "Deployment": {"app.kubernetes.io/controller": "workspace"},
        "Service": {"app.kubernetes.io/service": "opencode-flux"},
        "Pod": {"app.kubernetes.io/component": "door-test"},
    }
    for document in render_chart(POLICY, hooks=True):
        expected = common | own.get(document["kind"], {})
        assert document["metadata"]["labels"] == expected, document["kind"]


def test_a_build_number_in_a_version_makes_a_valid_label(chart: Chart, tmp_path: Path) -> None:
    built = copy_chart(chart, tmp_path, version="1.2.3+build.7", appVersion="1.18.33+git.abc")
    labels = Renderer(built)().at("Deployment/metadata/labels")
    assert labels["helm.sh/chart"] == "opencode-workspace-1.2.3_build.7"
    assert labels["app.kubernetes.io/version"] == "1.18.33_git.abc"


def test_a_very_long_version_makes_a_valid_label(chart: Chart, tmp_path: Path) -> None:
    built = copy_chart(chart, tmp_path, version=f"1.2.3-{'x' * 37}.{'1' * 40}")
    label = Renderer(built)().at("Deployment/metadata/labels/helm.sh~1chart")
    assert len(label) <= 63
    assert label[-1].isalnum(), label
