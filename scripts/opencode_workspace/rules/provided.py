"""What the catalogue says the cluster provides, as far as it can be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opencode_workspace import postbuild
from opencode_workspace.catalogue import SCHEMA_NAME
from opencode_workspace.postbuild import VariableSource
from opencode_workspace.rules.source import Source, items, mapping

CATALOGUE = "workspaces.yaml"
Reference = tuple[str, str, str]


@dataclass(frozen=True)
class Provided:
    """The catalogue's `cluster` and `chart`; empty without a catalogue.

    source: the catalogue. references: (kind, namespace, name) of what exists in the cluster.
    variable_sources: what holds `variables` there. gateway: that with the certificate of `certificate_names`.
    """

    source: Source | None = None
    root: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    variable_sources: frozenset[VariableSource] = frozenset()
    certificate_names: tuple[str, ...] = ()
    gateway: Reference = ("Gateway", "", "")
    references: frozenset[Reference] = frozenset()
    chart_path: Path | None = None

    @property
    def unknown_severity(self) -> str:
        """Without a catalogue nobody says what the cluster has: not to find it is no error then."""
        return "" if self.source else "warning"


def is_catalogue(source: Source) -> bool:
    """Whether a file of that name is a catalogue and not somebody else's."""
    if source.path.name != CATALOGUE:
        return False
    if (source.path.parent / SCHEMA_NAME).is_file():
        # `generate` writes it beside its catalogue, whatever has become of that.
        return True
    document = mapping(source.documents[0]) if source.documents else {}
    return (
        bool({"workspaces", "cluster"} & document.keys()) if document else "cluster:" in source.text
    )


def read(source: Source) -> Provided:
    """Reads what can be read, so that one mistake in the catalogue does not hide the rest."""
    document = mapping(source.documents[0]) if source.documents else {}
    cluster, chart = mapping(document.get("cluster")), mapping(document.get("chart"))
    gateway, store = mapping(cluster.get("gateway")), mapping(cluster.get("secretStore"))
    git = mapping(cluster.get("source"))
    namespace = str(cluster.get("namespace", ""))
    references = {
        *(_reference("Kustomization", one) for one in items(cluster.get("dependsOn"))),
        *(_reference("HelmRelease", one) for one in items(cluster.get("releaseDependsOn"))),
        *(_reference(str(one.get("kind")), one) for one in items(cluster.get("substituteFrom"))),
        *(_reference(str(one.get("kind")), one) for one in items(cluster.get("provides"))),
        _reference(str(git.get("kind")), git),
        _reference("Gateway", gateway),
        _reference(str(store.get("kind")), store),
        ("Namespace", "", namespace),
    }
    names = gateway.get("certificateNames")
    path = chart.get("path")
    return Provided(
        source=source,
        root=str(cluster.get("root", "")),
        variables={str(k): str(v) for k, v in mapping(cluster.get("variables")).items()},
        variable_sources=frozenset(postbuild.sources(cluster)),
        gateway=_reference("Gateway", gateway),
        certificate_names=tuple(map(str, names)) if isinstance(names, list) else (),
        references=frozenset(references),
        chart_path=source.path.parent / path if isinstance(path, str) else None,
    )


def _reference(kind: str, entry: dict[str, Any]) -> Reference:
    return kind, str(entry.get("namespace") or ""), str(entry.get("name", ""))
