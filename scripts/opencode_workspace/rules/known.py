"""Which objects the folder holds, to resolve references by kind, namespace and name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from opencode_workspace.rules.source import Document, Entry, mapping, strings

CHART = "opencode-workspace"
FLUX_GROUP = "kustomize.toolkit.fluxcd.io"


@dataclass
class Known:
    """Objects by (kind, name) with namespace and file; an empty namespace is one that is set elsewhere.

    variables: values of ConfigMaps and keys of Secrets, for substituteFrom. charts: the OCIRepositories
    that hold the chart, by name. is_patched: whether a Flux Kustomization here changes what it applies, such as
    one that adds defaults to all others; patches_sources: whether one adds substituteFrom.
    """

    objects: dict[tuple[str, str], set[tuple[str, Path]]] = field(default_factory=dict)
    variables: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    charts: dict[str, list[Entry]] = field(default_factory=dict)
    patches_sources: bool = False
    is_patched: bool = False

    def add(self, kind: str, namespace: str, name: str, path: Path) -> None:
        """Adds an object of the file `path`."""
        self.objects.setdefault((kind, name), set()).add((namespace, path))

    def has(self, kind: str, namespace: str, name: str, *, outside: Path | None = None) -> bool:
        """Whether there is such an object; an empty `namespace` means any.

        outside: a folder to leave out, of which it is known what is applied.
        """
        return any(
            (not namespace or found in ("", namespace))
            and (outside is None or not path.is_relative_to(outside))
            for found, path in self.objects.get((kind, name), ())
        )

    def chart(self, namespace: str, name: str) -> Entry | None:
        """The OCIRepository of that name and namespace that holds the chart, wherever it is applied."""
        found = self.charts.get(name, ())
        return next((entry for entry in found if entry.namespace in ("", namespace)), None)

    def namespaces(self, kind: str, name: str) -> set[str]:
        """Namespaces of the objects of that name."""
        return {namespace for namespace, _ in self.objects.get((kind, name), ())}


def collect(entries: Iterable[Entry]) -> Known:
    """Known objects among `entries`; the kustomizations of kustomize itself are none."""
    # Flux itself makes this source when it is bootstrapped.
    known = Known()
    known.add("GitRepository", "flux-system", "flux-system", Path("flux-system"))
    for entry in entries:
        if entry.kind == "Kustomization" and entry.group != FLUX_GROUP:
            continue
        known.is_patched |= entry.kind == "Kustomization" and bool(entry.spec.get("patches"))
        path = entry.source.path
        known.add(entry.kind, entry.namespace, entry.name, path)
        if entry.kind in ("ConfigMap", "Secret"):
            known.variables[entry.kind, entry.name] = _values(entry)
        elif entry.kind == "Kustomization":
            patches = [text for _, text in strings(entry.spec.get("patches"))]
            known.patches_sources |= any("substituteFrom" in text for text in patches)
        elif is_source(entry.document):
            known.charts.setdefault(entry.name, []).append(entry)
        elif entry.kind == "ExternalSecret":
            target = mapping(entry.spec.get("target"))
            name = str(target.get("name") or entry.name)
            known.add("Secret", entry.namespace, name, path)
    return known


def is_source(document: Document) -> bool:
    """Whether it is an OCIRepository that holds the chart."""
    url = str(mapping(document.get("spec")).get("url", ""))
    return document.get("kind") == "OCIRepository" and url.rstrip("/").endswith(f"/{CHART}")


def _values(entry: Entry) -> dict[str, str]:
    parts = {**mapping(entry.document.get("data")), **mapping(entry.document.get("stringData"))}
    # What is encrypted stands for itself: only its name is known.
    readable = entry.kind == "ConfigMap" and "sops" not in entry.document
    return {key: str(value) if readable else stand_in(key) for key, value in parts.items()}


def stand_in(variable: str) -> str:
    """A value for a variable whose own is not known; fit for a host name, a label and a path."""
    return variable.lower().replace("_", "-").strip("-") or "x"
