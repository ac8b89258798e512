"""Do valid values, whatever they are, give objects that the API server takes and that fit each other?"""

from __future__ import annotations

import random
from typing import Any

from hypothesis import event, given

from opencode_workspace import helm, schema, yamlio
from tests.property.profiles import share
from tests.property.valid.documents import EXTERNAL, documents
from tests.support import helmcli, kubernetes, references
from tests.support.charts import Chart
from tests.support.manifests import Manifests
from tests.support.rendering import NAMESPACE, RELEASE, Renderer

SELECTOR = {
    "app.kubernetes.io/controller": "workspace",
    "app.kubernetes.io/instance": RELEASE,
    "app.kubernetes.io/name": RELEASE,
}


@given(documents())
def test_valid_values_give_objects_that_are_valid_and_complete(
    chart: Chart,
    render_chart: Renderer,
    supported_versions: tuple[str, str],
    values: dict[str, Any],
) -> None:
    assert schema.validate(schema.coalesce(chart.values, values), chart.schema) == []

    rendered = render_chart(values, hooks=True)

    event(f"{len(rendered)} objects")
    assert kubernetes.all_violations(rendered, supported_versions) == []
    assert references.mistakes(rendered, EXTERNAL) == []
    assert selectors(rendered) == [SELECTOR] * len(selectors(rendered))


@share(0.3)
@given(documents())
def test_the_order_of_keys_and_the_number_of_renders_change_no_byte(
    chart: Chart, values: dict[str, Any]
) -> None:
    first, again, shuffled = (
        helm.render(chart.path, helm.Release(RELEASE, NAMESPACE), one, engine="embedded")
        for one in (values, values, reordered(values, random.Random(1)))
    )
    assert texts_of(first) == texts_of(again), "a second render differs from the first"
    assert texts_of(first) == texts_of(shuffled), "the order of the keys matters"


@share(0.1)
@given(documents())
def test_each_helm_command_line_gives_what_the_library_gives(
    chart: Chart, render_chart: Renderer, values: dict[str, Any]
) -> None:
    expected = by_name(render_chart(values, hooks=True))
    for cli in helmcli.CLIS:
        printed = helmcli.template(cli, chart.path, values, name=RELEASE, namespace=NAMESPACE)
        assert by_name(printed) == expected, cli


def selectors(rendered: Manifests) -> list[Any]:
    """What Deployment, Services and NetworkPolicies select the pod by."""
    return [
        rendered.at("Deployment/spec/selector/matchLabels"),
        *(service["spec"]["selector"] for service in rendered.all("Service")),
        *(one["spec"]["podSelector"]["matchLabels"] for one in rendered.all("NetworkPolicy")),
    ]


def by_name(documents: Manifests) -> dict[tuple[str, str], Any]:
    return {(d["kind"], d["metadata"]["name"]): d for d in documents}


def texts_of(manifests: tuple[helm.Manifest, ...]) -> str:
    return yamlio.dump_all(dict(manifest.document) for manifest in manifests)


def reordered(node: Any, chance: random.Random) -> Any:
    """A copy of `node` with the keys of every map in another order."""
    if isinstance(node, dict):
        keys = list(node)
        chance.shuffle(keys)
        return {key: reordered(node[key], chance) for key in keys}
    return [reordered(item, chance) for item in node] if isinstance(node, list) else node
