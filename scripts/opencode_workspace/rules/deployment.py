"""One workspace as the rules see it: from its Flux Kustomization to the objects of its release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from opencode_workspace import envsubst
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.known import Known, stand_in
from opencode_workspace.rules.provided import Provided
from opencode_workspace.rules.source import Document, Entry, Source, mapping, strings
from opencode_workspace.violation import Steps, Violation

# A word like `app` stands within many others; a longer one is most likely what is meant.
_TOO_SHORT = 3


class Applied(NamedTuple):
    """An object as kustomize-controller applies it, and where it is written."""

    document: Document
    entry: Entry

    @property
    def kind(self) -> str:
        """`kind`."""
        return str(self.document["kind"])

    @property
    def api_version(self) -> str:
        """`apiVersion`."""
        return str(self.document.get("apiVersion", ""))

    @property
    def name(self) -> str:
        """`metadata.name`, after substitution."""
        return str(mapping(self.document.get("metadata")).get("name", ""))

    @property
    def namespace(self) -> str:
        """`metadata.namespace`, as the Kustomization sets it."""
        return str(mapping(self.document.get("metadata")).get("namespace") or "")

    @property
    def spec(self) -> Document:
        """`spec`, empty when it is not a mapping."""
        return mapping(self.document.get("spec"))

    def finding(
        self, message: str, pointer: Steps = (), *, mark: str = "", severity: str = ""
    ) -> Finding:
        """A finding at `pointer` of the file."""
        return self.entry.finding(message, pointer, mark=mark, severity=severity)


@dataclass
class Release:
    """A HelmRelease of the chart.

    source: the OCIRepository that the chart comes from, if it is in the folder. chart_version: that of
    the chart on disk. violations: what the chart's schema refuses. refusals: what the chart or Helm
    refuses. manifests: its objects, none when it could not be rendered.
    """

    applied: Applied
    source: Applied | None
    values: Mapping[str, Any]
    chart_version: str | None = None
    violations: list[Violation] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    manifests: tuple[Document, ...] = ()

    @property
    def name(self) -> str:
        """Name of the Helm release."""
        spec = self.applied.spec
        prefix = f"{spec['targetNamespace']}-" if spec.get("targetNamespace") else ""
        return str(spec.get("releaseName") or prefix + self.applied.name)

    @property
    def namespace(self) -> str:
        """Namespace of its objects."""
        return str(self.applied.spec.get("targetNamespace") or self.applied.namespace)

    @property
    def has_odd_values(self) -> bool:
        """Whether spec.values is something that Flux does not read."""
        return not isinstance(self.applied.spec.get("values"), dict | None)

    def of_kind(self, *kinds: str) -> list[Document]:
        """Its objects of these kinds."""
        return [manifest for manifest in self.manifests if manifest["kind"] in kinds]

    @property
    def pods(self) -> list[tuple[str, Document]]:
        """(Kind name, pod) of each object with a pod."""
        found = []
        for manifest in self.manifests:
            pod = (
                manifest if manifest["kind"] == "Pod" else manifest.get("spec", {}).get("template")
            )
            if isinstance(pod, dict) and "containers" in pod.get("spec", {}):
                found.append((f"{manifest['kind']} {manifest['metadata']['name']}", pod))
        return found

    def finding(self, message: str, *words: str) -> Finding:
        """A finding at the first of `words` that the values hold, otherwise where they begin."""
        for word in words:
            pointer = self._place(word)
            if pointer:
                return self.applied.finding(message, ("spec", "values", *pointer))
        return self.applied.finding(message, ("spec", "values"))

    def finding_at(self, message: str, *pointers: Steps) -> Finding:
        """A finding at the first of `pointers` that the values hold, otherwise where they begin."""
        found = next((pointer for pointer in pointers if _is_there(self.values, pointer)), ())
        return self.applied.finding(message, ("spec", "values", *found))

    def _place(self, word: str) -> Steps:
        for pointer, text in strings(self.values):
            if text == word or (len(word) > _TOO_SHORT and word in text):
                return pointer
        return next((p for p in _keys(self.values) if p[-1] == word), ())


def _is_there(value: Any, pointer: Steps) -> bool:
    for step in pointer:
        if not isinstance(value, dict) or step not in value:
            return False
        value = value[step]
    return True


def _keys(value: Any, pointer: Steps = ()) -> Iterator[Steps]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*pointer, key)
            yield from _keys(item, (*pointer, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _keys(item, (*pointer, index))


@lru_cache(maxsize=256)
def _variables(text: str) -> tuple[tuple[str, bool], ...]:
    """Names of the variables in a text, and whether each may be undefined."""
    try:
        return tuple(envsubst.variables(envsubst.parse(text)))
    except envsubst.SubstitutionError:
        return ()


class Fact(NamedTuple):
    """Something of which no two workspaces may have the same: `value` of a `kind`, with its place."""

    kind: str
    value: str
    owner: str
    place: Finding


@dataclass
class Deployment:
    """A Flux Kustomization that leads to a release of the chart.

    built: objects before substitution. applied: after. problems: what went wrong on the way, with their
    rules. variables: names and values that substitution has. is_open: whether the cluster may have more.
    is_substituted: whether it is certain that Flux substitutes, which it does not without variables.
    """

    entry: Entry
    provided: Provided
    known: Known
    directory: Path | None = None
    sources: list[Source] = field(default_factory=list)
    built: list[Applied] = field(default_factory=list)
    applied: list[Applied] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    is_open: bool = False
    is_substituted: bool = False

    @property
    def may_substitute(self) -> bool:
        """Whether Flux substitutes, or would if a parent added variables."""
        return self.is_substituted or self.is_open

    @property
    def entries(self) -> Iterator[Entry]:
        """The Flux Kustomization itself and every object in the files it reaches."""
        yield self.entry
        for source in self.sources:
            yield from source.entries

    @property
    def may_be_patched(self) -> bool:
        """Whether what is not in a file may be added where it is applied, in a way not followed here."""
        unfollowed = any(one.rule == "unsupported-kustomization" for one in self.problems)
        return unfollowed or self.known.is_patched or bool(self.entry.spec.get("patches"))

    def is_guess(self, applied: Applied, pointer: Steps) -> bool:
        """Whether a value is made of a variable whose own value is not known."""
        written: Any = applied.entry.document
        for step in pointer:
            is_there = isinstance(written, dict) and step in written
            if isinstance(written, list) and isinstance(step, int):
                is_there = step < len(written)
            if not is_there:
                return False
            written = written[step]
        return isinstance(written, str) and any(
            self._is_unknown(name, may_lack) for name, may_lack in _variables(written)
        )

    def _is_unknown(self, variable: str, has_default: bool) -> bool:
        if has_default and variable not in self.variables:
            return self.is_open
        return self.variables.get(variable, stand_in(variable)) == stand_in(variable)

    def origin(self, applied: Applied, pointer: Steps, message: str) -> Finding:
        """A finding where a value comes from: the Kustomization's own variable, if it is made of one."""
        inline = mapping(mapping(self.entry.spec.get("postBuild")).get("substitute"))
        written = next((text for at, text in strings(applied.entry.document) if at == pointer), "")
        own = [name for name, _ in _variables(written) if name in inline]
        if len(own) == 1:
            return self.entry.finding(message, ("spec", "postBuild", "substitute", own[0]))
        return applied.finding(message, pointer)

    def of_kind(self, *kinds: str) -> list[Applied]:
        """Applied objects of these kinds."""
        return [applied for applied in self.applied if applied.kind in kinds]

    def has(self, kind: str, namespace: str, name: str) -> bool:
        """Whether an object is applied, rendered, in the folder, or provided by the cluster."""
        here = any(
            (a.kind, a.name) == (kind, name)
            and namespace in ("", a.namespace, a.namespace or namespace)
            for a in self.applied
        )
        rendered = any(
            (m["kind"], m["metadata"]["name"]) == (kind, name)
            and namespace in ("", m["metadata"].get("namespace", namespace))
            for release in self.releases
            for m in release.manifests
        )
        return here or rendered or self.exists(kind, namespace, name)

    def exists(self, kind: str, namespace: str, name: str) -> bool:
        """Whether an object is in another part of the folder, or provided by the cluster."""
        given = any(
            (kind, name) == (k, n) and namespace in ("", ns or namespace)
            for k, ns, n in self.provided.references
        )
        return given or self.known.has(kind, namespace, name, outside=self.directory)

    def elsewhere(self, kind: str, name: str) -> str:
        """A half sentence about the object of that name in other namespaces; empty when there is none."""
        namespaces = {ns for k, ns, n in self.provided.references if (k, n) == (kind, name)}
        namespaces |= self.known.namespaces(kind, name)
        found = sorted(namespace for namespace in namespaces if namespace)
        return f"; there is one in namespace {', '.join(found)}" if found else ""

    def __str__(self) -> str:
        return f"Kustomization {self.entry.name}"
