"""Makes deployments: build, substitute, merge and render, each step as far as it goes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opencode_workspace import (
    envsubst,
    helm,
    kustomize,
    postbuild,
    schema,
    substitution,
)
from opencode_workspace.chart import Chart
from opencode_workspace.errors import EXIT_FINDINGS, UserError, UserErrors
from opencode_workspace.kustomization import Unsupported
from opencode_workspace.rules.deployment import Applied, Deployment, Release
from opencode_workspace.rules.fields import is_kustomization_field
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.folder import Folder
from opencode_workspace.rules.known import CHART, Known, is_source, stand_in
from opencode_workspace.rules.paths import resolve
from opencode_workspace.rules.provided import Provided
from opencode_workspace.rules.reach import reached
from opencode_workspace.rules.source import (
    Document,
    Entry,
    Source,
    mapping,
    of_error,
    strings,
)


@dataclass(frozen=True)
class Workshop:
    """What every deployment is made with.

    chart: None when it is not on disk. threads: those that render; by default one per processor.
    """

    folder: Folder
    provided: Provided
    known: Known
    chart: Chart | None
    threads: int | None = None

    def deployments(self, entries: Sequence[Entry]) -> tuple[list[Deployment], list[str]]:
        """Deployments of these Flux Kustomizations, and notes about what could not be done."""
        cache = kustomize.Cache()
        made = [self._prepared(entry, cache) for entry in entries]
        return made, list(self._render([release for one in made for release in one.releases]))

    def _prepared(self, entry: Entry, cache: kustomize.Cache) -> Deployment:
        deployment = Deployment(entry, self.provided, self.known)
        found = resolve(entry, self.provided)
        if found is None:
            return deployment
        root, deployment.directory = found
        components = tuple(c for c in entry.spec.get("components") or () if isinstance(c, str))
        deployment.sources = reached(deployment.directory, self.folder, components)
        deployment.built = self._built(deployment, root, components, cache)
        self._define(deployment)
        for one in deployment.built:
            self._substitute(deployment, one)
        deployment.releases = [
            self._release(deployment, applied)
            for applied in deployment.of_kind("HelmRelease")
            if _is_ours(deployment, applied)
        ]
        return deployment

    def _built(
        self,
        deployment: Deployment,
        root: Path,
        components: tuple[str, ...],
        cache: kustomize.Cache,
    ) -> list[Applied]:
        assert deployment.directory is not None
        written = {
            _identity(entry.document): (entry.document, entry)
            for source in deployment.sources
            for entry in source.entries
            if not entry.group.startswith("kustomize.config.k8s.io")
        }
        overlay = kustomize.Overlay(
            str(deployment.entry.spec.get("targetNamespace") or ""), components
        )
        try:
            documents = kustomize.build(
                deployment.directory, boundary=root, overlay=overlay, cache=cache
            )
        except UserError as error:
            deployment.problems += _build_problem(error, deployment)
            documents = [
                _in_namespace(document, overlay.target_namespace)
                for document, _ in written.values()
            ]
        return [
            Applied(document, written[_identity(document)][1])
            if _identity(document) in written
            # What is generated stands in no file of its own.
            else Applied(document, Entry(deployment.sources[0]))
            for document in documents
        ]

    def _define(self, deployment: Deployment) -> None:
        post_build = mapping(deployment.entry.spec.get("postBuild"))
        named, listed = postbuild.sources(post_build), self.provided.variable_sources
        patched = self.known.patches_sources
        if patched or postbuild.has_cluster_variables(named, listed):
            deployment.variables = dict(self.provided.variables)
        for source in named:
            for name, value in self.known.variables.get(source, {}).items():
                deployment.variables.setdefault(name, value)
        inline = mapping(post_build.get("substitute"))
        deployment.variables |= {k: str(v) for k, v in inline.items() if not isinstance(v, dict)}
        unread = [source for source in named if source not in self.known.variables]
        # A parent may add substituteFrom to its children; without a catalogue nobody can tell.
        added = not named and (patched or self.provided.source is None)
        deployment.is_open = added or any(source not in listed for source in unread)
        deployment.is_substituted = (
            bool(deployment.variables)
            or postbuild.is_always(post_build)
            or not all(named[source] for source in unread)
        )

    def _substitute(self, deployment: Deployment, one: Applied) -> None:
        if not deployment.may_substitute:
            deployment.applied.append(one)
            return
        variables, examples = deployment.variables, self.provided.variables
        missing = {
            name: examples.get(name) or stand_in(name)
            for name in missing_variables(one.document, variables)
        }
        try:
            document = substitution.apply(
                one.document,
                {**missing, **variables},
                strict=True,
                always=deployment.is_substituted,
            )
        except UserError as error:
            mark = _refused_text(one.document)
            found = one.finding(error.what, mark[0] if mark else ())
            deployment.problems.append(found._replace(rule="refused-substitution"))
            return
        deployment.applied.append(Applied(document, one.entry))

    def _release(self, deployment: Deployment, applied: Applied) -> Release:
        values = mapping(applied.spec.get("values"))
        release = Release(applied, self._source(deployment, applied), values)
        if self.chart is not None:
            release.chart_version = self.chart.version
            merged = schema.coalesce(self.chart.values, values)
            release.violations = schema.validate(merged, self.chart.schema)
        return release

    def _source(self, deployment: Deployment, release: Applied) -> Applied | None:
        reference = mapping(release.spec.get("chartRef"))
        if reference.get("kind") != "OCIRepository":
            return None
        name = str(reference.get("name"))
        for one in deployment.of_kind("OCIRepository"):
            if one.name == name:
                return one
        elsewhere = self.known.chart(str(reference.get("namespace") or release.namespace), name)
        return Applied(elsewhere.document, elsewhere) if elsewhere else None

    def _render(self, releases: Sequence[Release]) -> Iterator[str]:
        """Fills in manifests and refusals; yields what kept it from rendering at all."""
        if self.chart is None:
            return
        # Helm would stop at the schema as well, and say the same; what the defaults make is not what was meant.
        chosen = [one for one in releases if not one.violations and not one.has_odd_values]
        jobs = [
            helm.Job(self.chart.path, helm.Release(r.name, r.namespace or "default"), r.values)
            for r in chosen
        ]
        try:
            found = helm.outcomes(jobs, validated=True, workers=self.threads)
            for release, outcome in zip(chosen, found, strict=True):
                if not isinstance(outcome, UserError):
                    release.manifests = tuple(manifest.document for manifest in outcome)
                elif outcome.exit_code == EXIT_FINDINGS:
                    errors = outcome.errors if isinstance(outcome, UserErrors) else (outcome,)
                    release.refusals = [error.what for error in errors]
                else:
                    yield f"releases were not rendered: {outcome}"
                    return
        except UserError as error:
            yield f"releases were not rendered: {error}"


def missing_variables(document: Mapping[str, Any], variables: Mapping[str, str]) -> set[str]:
    """Variables without value or default in the strings of an object."""
    missing: set[str] = set()
    for _, text in strings(document):
        if "${" in text:
            missing |= {name for name in undefined(text) if name not in variables}
    return missing


def undefined(text: str) -> list[str]:
    """Variables that `text` cannot do without; none for an expression that cannot be parsed."""
    try:
        found = envsubst.variables(envsubst.parse(text))
        return [name for name, may_be_undefined in found if not may_be_undefined]
    except envsubst.SubstitutionError:
        return []


def is_release(document: Document, known: Known, sources: Collection[str] = ()) -> bool:
    """Whether a HelmRelease installs the chart. sources: names of more OCIRepositories that hold it.

    When its source is nowhere to be found, its values tell: otherwise that mistake would hide all others.
    """
    spec = mapping(document.get("spec"))
    reference = mapping(spec.get("chartRef"))
    chart = mapping(mapping(spec.get("chart")).get("spec")).get("chart")
    is_named = isinstance(chart, str) and chart.rstrip("/").rpartition("/")[2] == CHART
    # One that has both is refused, whichever is the one too many.
    if is_named or (isinstance(chart, str) and not reference):
        return is_named
    name = str(reference.get("name"))
    if name in sources or name in known.charts:
        return True
    values = mapping(spec.get("values"))
    ours = "workspace" in values or "workspace" in mapping(values.get("controllers"))
    return ours and not known.has("OCIRepository", "", name)


def _is_ours(deployment: Deployment, applied: Applied) -> bool:
    own = {one.name for one in deployment.applied if is_source(one.document)}
    raw = applied.entry.document
    known = deployment.known
    return is_release(applied.document, known, own) or is_release(raw, known)


def _identity(document: Document) -> tuple[str, str, str]:
    metadata = mapping(document.get("metadata"))
    # A kustomization may rename a Namespace, and nothing else in the subset that is built.
    name = "" if document.get("kind") == "Namespace" else metadata.get("name")
    return str(document.get("apiVersion")), str(document.get("kind")), str(name)


def _in_namespace(document: Document, namespace: str) -> Document:
    metadata = mapping(document.get("metadata"))
    return {**document, "metadata": {**metadata, "namespace": namespace}} if namespace else document


def _build_problem(error: UserError, deployment: Deployment) -> Iterator[Finding]:
    assert deployment.directory is not None
    unsupported = isinstance(error, Unsupported)
    rule = "unsupported-kustomization" if unsupported else "failed-build"
    found = of_error(error, _kustomization_file(deployment))
    if isinstance(error, Unsupported) and error.field and not is_kustomization_field(error.field):
        # A misspelt field is told by another rule.
        return
    source = Source(found.path)
    if (source.unreadable and source.is_manifest) or source.ambiguous:
        # The file itself is told by another rule.
        return
    yield found._replace(rule=rule)


def _kustomization_file(deployment: Deployment) -> Path:
    return deployment.sources[0].path if deployment.sources else deployment.entry.source.path


def _refused_text(document: Document) -> tuple[tuple[str | int, ...], str] | None:
    for pointer, text in strings(document):
        if "${" in text:
            try:
                envsubst.parse(text)
            except envsubst.SubstitutionError:
                return pointer, text
    return None
