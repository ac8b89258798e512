"""Does a change reach what it is about, and nothing else?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support import helmcli
from tests.support.charts import Chart
from tests.support.copies import copy_chart
from tests.support.rendering import NAMESPACE, RELEASE, Renderer

VALUES: dict[str, Any] = {
    "workspace": {"repository": "git@github.com:owner/home.git"},
    "route": {"app": {"enabled": True, "parentRefs": [{"name": "gw"}], "hostnames": ["a.b"]}},
    "networkpolicies": {"app": {"enabled": True}},
    "global": {"labels": {"a": "b", "c": "d"}, "annotations": {"e": "f"}},
}


def test_the_order_of_the_values_does_not_matter(render_chart: Renderer, chart: Chart) -> None:
    backwards = helmcli.template(
        "helm4", chart.path, _reversed(VALUES), name=RELEASE, namespace=NAMESPACE
    )
    assert list(backwards) == list(render_chart(VALUES, hooks=True))


def test_a_new_script_does_not_restart_a_workspace(
    render_chart: Renderer, chart: Chart, tmp_path: Path
) -> None:
    changed = copy_chart(chart, tmp_path)
    for script in (changed.directory / "files").iterdir():
        script.write_text(script.read_text() + "# one more line\n")
    before, after = render_chart(VALUES), Renderer(changed)(VALUES)
    assert before.one("ConfigMap") != after.one("ConfigMap")
    assert before.one("Deployment") == after.one("Deployment")


def test_values_of_one_object_do_not_reach_another(render_chart: Renderer) -> None:
    marked = render_chart(
        {"service": {"app": {"labels": {"mark": "x"}, "annotations": {"mark": "x"}}}}
    )
    bearers = {
        document["kind"]
        for document in marked
        if "mark" in document["metadata"].get("labels", {})
        or "mark" in document["metadata"].get("annotations", {})
    }
    assert bearers == {"Service"}


def _reversed(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _reversed(value) for key, value in reversed(node.items())}
    return node
