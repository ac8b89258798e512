"""Renders the chart under test with Helm as a library, once for each set of values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from opencode_workspace import helm
from opencode_workspace.helmembedded import Embedded
from tests.support.charts import Chart
from tests.support.manifests import Document, Manifests

RELEASE = "opencode-flux"
NAMESPACE = "opencode"


@dataclass(frozen=True)
class Renderer:
    """`render_chart` of the tests: calling it renders `chart`."""

    chart: Chart

    def __call__(
        self,
        values: Mapping[str, Any] | None = None,
        *,
        name: str = RELEASE,
        namespace: str = NAMESPACE,
        hooks: bool = False,
    ) -> Manifests:
        """Objects that Helm would install for `values` over the chart's own.

        hooks: also the pods of `helm test`.
        Raises UserError when Helm refuses the values.
        """
        return Manifests(_render(self.chart.path, name, namespace, canonical(values or {}), hooks))

    def refusal(self, values: Mapping[str, Any]) -> str:
        """What Helm says, in its own words, when it refuses `values`; empty when it takes them."""
        # A library of 80 MB, which most folders of tests do without.
        from helm_python import HelmError

        try:
            self._templates(values)
        except HelmError as error:
            return str(error)
        return ""

    def notes(self, values: Mapping[str, Any]) -> str:
        """What Helm prints after an installation of `values`."""
        return self._templates(values)["NOTES.txt"]

    def text(self, values: Mapping[str, Any]) -> str:
        """The objects that Helm would install, as it writes them."""
        return "\n---\n".join(
            text for name, text in self._templates(values).items() if name.endswith(".yaml")
        )

    def _templates(self, values: Mapping[str, Any]) -> dict[str, str]:
        job = helm.Job(self.chart.path, helm.Release(RELEASE, NAMESPACE), values)
        found = _engine(hooks=False).templates(job)
        return {path.rpartition("/")[2]: text for path, text in found.items()}


def canonical(values: Any) -> str:
    """The one JSON text of `values`."""
    return json.dumps(values, sort_keys=True, ensure_ascii=False)


@lru_cache(maxsize=4096)
def _render(
    chart: Path, name: str, namespace: str, values: str, hooks: bool
) -> tuple[Document, ...]:
    job = helm.Job(chart, helm.Release(name, namespace), json.loads(values))
    return tuple(manifest.document for manifest in _engine(hooks=hooks).render(job))


def forget() -> None:
    """Drops every chart that was read: its templates or default values have changed."""
    _render.cache_clear()
    for engine in _engines.values():
        engine.forget()


# Kept, because an engine reads a chart once; `helm.render` would read it for each set of values.
_engines: dict[bool, Embedded] = {}


def _engine(*, hooks: bool) -> Embedded:
    if hooks not in _engines:
        _engines[hooks] = Embedded(helm.DEFAULT_KUBE_VERSION, (), hooks=hooks, many=True)
    return _engines[hooks]
