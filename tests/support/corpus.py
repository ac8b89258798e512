"""Many sets of values put to one Helm at once, because its start takes longer than the rest.

Each set is the values of one sub-chart, an alias of the chart under test without its templates:
Helm coalesces and checks each as it would a release's, and tells all mistakes of all of them.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from helm_python import Config, HelmError

from opencode_workspace import yamlio
from tests.support import helmcli
from tests.support.charts import Chart

Pointers = frozenset[str]

_TOLD = re.compile(r"^ *- at '(?P<pointer>.*?)': (?P<message>.*)$")
_ECHO = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Chart.Name | quote }}}
data: {values: {{ toJson .Values | quote }}}
"""


def umbrella(
    chart: Chart,
    folder: Path,
    names: Iterable[str],
    *,
    echo: bool = False,
    defaults: Mapping[str, Any] | None = None,
) -> Path:
    """A chart in `folder` with `chart`, without its templates, as a sub-chart for each of `names`.

    echo: without the schema too, but with a template that prints the merged values.
    defaults: stand in for the chart's values.yaml.
    """
    inner = folder / "charts" / chart.metadata["name"]
    (inner / "templates").mkdir(parents=True)
    for name in ("Chart.yaml", "values.yaml", *(() if echo else ("values.schema.json",))):
        shutil.copy(chart.directory / name, inner / name)
    if defaults is not None:
        (inner / "values.yaml").write_text(json.dumps(defaults))
    if echo:
        (inner / "templates/values.yaml").write_text(_ECHO)
    dependency = {"name": chart.metadata["name"], "version": chart.metadata["version"]}
    parent = {"apiVersion": "v2", "name": "corpus", "version": "0.1.0"}
    aliases = [{**dependency, "alias": name} for name in names]
    (folder / "Chart.yaml").write_text(json.dumps({**parent, "dependencies": aliases}))
    return folder


def family(folder: Path, defaults: Mapping[str, Mapping[str, Any]]) -> Path:
    """A chart in `folder` with a sub-chart for each of `defaults`, which prints its merged values."""
    for name, values in defaults.items():
        alone(folder / "charts" / name, name, values)
    _write(folder, "family", {})
    return folder


def alone(folder: Path, name: str, defaults: Mapping[str, Any]) -> Path:
    """A chart in `folder` that prints `defaults` with a release's values merged over them."""
    (folder / "templates").mkdir(parents=True)
    (folder / "templates/values.yaml").write_text(_ECHO)
    _write(folder, name, defaults)
    return folder


def _write(folder: Path, name: str, defaults: Mapping[str, Any]) -> None:
    metadata = {"apiVersion": "v2", "name": name, "version": "0.1.0"}
    (folder / "Chart.yaml").write_text(json.dumps(metadata))
    (folder / "values.yaml").write_text(json.dumps(defaults))


def merged(engine: str, folder: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    """What `engine` makes of each of `values` over the chart's own, by name; `folder` echoes."""
    documents = yamlio.parse_rendered(_output(engine, folder, values), engine)
    return {d["metadata"]["name"]: json.loads(d["data"]["values"]) for d in documents}


def refusals(engine: str, folder: Path, values: Mapping[str, Any]) -> dict[str, Pointers]:
    """JSON pointers at which `engine` refuses each of `values`, by name; none for what it takes.

    engine: `embedded`, or a command line of `helmcli`.
    """
    try:
        _output(engine, folder, values)
    except (HelmError, helmcli.HelmRefusedError) as error:
        return _told(str(error), values)
    return _told("", values)


def _output(engine: str, folder: Path, values: Mapping[str, Any]) -> str:
    if engine == "embedded":
        with Config(namespace="corpus", storage_driver="memory") as config:
            release = config.install(str(folder), "corpus", dict(values), dry_run="client")
        return str(release["manifest"])
    return helmcli.template_text(engine, folder, values, name="corpus", namespace="corpus")


def _told(text: str, names: Iterable[str]) -> dict[str, Pointers]:
    found: dict[str, set[str]] = {name: set() for name in names}
    name = ""
    for line in text.splitlines():
        match = _TOLD.match(line)
        if match and not match["message"].endswith("validation failed"):
            found[name].add(match["pointer"])
        elif line.removesuffix(":") in found:
            name = line.removesuffix(":")
    return {name: frozenset(pointers) for name, pointers in found.items()}
