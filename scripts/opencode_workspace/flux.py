"""What Flux makes of the tree: build, substitute, release."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opencode_workspace import helm, kustomize, postbuild, schema, shapes, substitution
from opencode_workspace.catalogue import Catalogue, Workspace
from opencode_workspace.chart import Chart
from opencode_workspace.errors import UserError

Document = dict[str, Any]


@dataclass(frozen=True)
class Reconciliation:
    """One workspace as the cluster would hold it.

    kustomization: the Flux Kustomization. applied: what kustomize-controller applies.
    release: the HelmRelease among them. manifests: what helm-controller makes of it.
    """

    workspace: Workspace
    kustomization: Document
    applied: tuple[Document, ...]
    release: Document
    manifests: tuple[Document, ...]

    @property
    def objects(self) -> tuple[Document, ...]:
        """Every object in the order of its creation."""
        return (self.kustomization, *self.applied, *self.manifests)


@dataclass(frozen=True)
class Cluster:
    """The namespace's own objects, and each workspace."""

    shared: tuple[Document, ...]
    reconciliations: tuple[Reconciliation, ...]


def reconcile(
    catalogue: Catalogue,
    names: Sequence[str] = (),
    *,
    engine: helm.Engine = "auto",
    kube_version: str | None = None,
) -> Cluster:
    """Builds the generated tree as kustomize-controller and helm-controller would.

    names: workspaces to build; empty: all. Raises UserError for whatever the controllers would refuse.
    """
    shared, reconciliations = stream(catalogue, names, engine=engine, kube_version=kube_version)
    return Cluster(shared, tuple(reconciliations))


def stream(
    catalogue: Catalogue,
    names: Sequence[str] = (),
    *,
    engine: helm.Engine = "auto",
    kube_version: str | None = None,
    threads: int | None = None,
    documents: Sequence[Document] | None = None,
) -> tuple[tuple[Document, ...], Iterator[Reconciliation]]:
    """As `reconcile`, but each workspace is built when it is asked for and may be forgotten then.

    threads: for Helm; by default one a processor.
    documents: what `namespace_documents` gives, or the part of it that is about these workspaces.
    """
    if documents is None:
        documents = namespace_documents(catalogue)
    chosen = catalogue.select(names)
    kustomizations = _kustomizations(documents, catalogue, chosen)
    chart = _chart(catalogue)
    cache = kustomize.Cache()
    built: deque[tuple[Workspace, tuple[Document, ...], Document]] = deque()

    def jobs() -> Iterator[helm.Job]:
        for workspace in chosen:
            applied = apply(catalogue, kustomizations[workspace.app], cache)
            release = _release(applied, workspace)
            built.append((workspace, applied, release))
            yield helm.Job(chart.path, _identity(release), release_values(release))

    def reconciliations() -> Iterator[Reconciliation]:
        for manifests in helm.render_many(
            jobs(), engine=engine, kube_version=kube_version, workers=threads
        ):
            workspace, applied, release = built.popleft()
            kustomization = kustomizations[workspace.app]
            yield Reconciliation(
                workspace, kustomization, applied, release, _own(manifests, release)
            )

    return shared(documents), reconciliations()


def shared(documents: Iterable[Document]) -> tuple[Document, ...]:
    """The namespace's own objects among `namespace_documents`."""
    return tuple(d for d in documents if not _is_kustomization(d))


def merged_values(catalogue: Catalogue, name: str) -> Document:
    """The values that the chart's templates see for one workspace: its HelmRelease's over the chart's own."""
    (workspace,) = catalogue.select([name])
    kustomization = _kustomizations(namespace_documents(catalogue), catalogue, (workspace,))[
        workspace.app
    ]
    release = _release(apply(catalogue, kustomization), workspace)
    return schema.coalesce(_chart(catalogue).values, release_values(release))


def apply(
    catalogue: Catalogue, kustomization: Document, cache: kustomize.Cache | None = None
) -> tuple[Document, ...]:
    """What kustomize-controller applies for one Kustomization: built, substituted strictly, and labelled.

    cache: shared by the calls for one tree, whose workspaces share a template.
    """
    shapes.check(kustomization)
    spec, metadata = kustomization["spec"], kustomization["metadata"]
    built = kustomize.build(
        catalogue.resolve(spec["path"]),
        boundary=catalogue.directory,
        overlay=kustomize.Overlay(spec.get("targetNamespace") or ""),
        cache=cache,
    )
    post_build = spec.get("postBuild") or {}
    variables = _variables(catalogue, post_build)
    always = postbuild.is_always(post_build)
    substituted = [
        substitution.apply(document, variables, strict=True, always=always) for document in built
    ]
    common = spec.get("commonMetadata") or {}
    owner = {
        "kustomize.toolkit.fluxcd.io/name": metadata["name"],
        "kustomize.toolkit.fluxcd.io/namespace": metadata["namespace"],
    }
    return tuple(
        kustomize.add_common_metadata(
            substituted,
            labels={**(common.get("labels") or {}), **owner},
            annotations=common.get("annotations"),
        )
    )


def _variables(catalogue: Catalogue, post_build: Mapping[str, Any]) -> Mapping[str, str]:
    """The inline variables, over the examples for those of substituteFrom, which only the cluster knows."""
    named = postbuild.sources(post_build)
    of_the_cluster = postbuild.sources(catalogue.cluster)
    shared = postbuild.has_cluster_variables(named, of_the_cluster)
    return {**(catalogue.variables if shared else {}), **(post_build.get("substitute") or {})}


def release_values(release: Document) -> Mapping[str, Any]:
    """The values of a HelmRelease. Raises UserError for values that only the cluster knows."""
    spec = release["spec"]
    if spec.get("valuesFrom"):
        raise UserError(
            f"HelmRelease {release['metadata']['name']!r} has valuesFrom, which cannot be known without the cluster",
            remedy="Write the values under spec.values",
        )
    values: Mapping[str, Any] = spec.get("values") or {}
    return values


def namespace_documents(catalogue: Catalogue) -> list[Document]:
    """What the root Kustomization applies: the namespace, and a Kustomization for each workspace."""
    folder = catalogue.directory / "apps" / catalogue.cluster["namespace"]
    if not folder.is_dir():
        raise UserError("the tree is not there", str(folder), "Run `opencode-workspace generate`")
    return kustomize.build(folder, boundary=catalogue.directory)


def _kustomizations(
    documents: Iterable[Document], catalogue: Catalogue, chosen: Iterable[Workspace]
) -> dict[str, Document]:
    found = {d["metadata"]["name"]: d for d in documents if _is_kustomization(d)}
    for workspace in chosen:
        if workspace.app not in found:
            raise UserError(
                f"the tree has no Kustomization {workspace.app!r}",
                str(catalogue.directory / "apps"),
                "Run `opencode-workspace generate`",
            )
    return found


def _is_kustomization(document: Document) -> bool:
    version: str = document["apiVersion"]
    return document["kind"] == "Kustomization" and version.startswith(
        "kustomize.toolkit.fluxcd.io/"
    )


def _release(objects: Iterable[Document], workspace: Workspace) -> Document:
    releases = [d for d in objects if d["kind"] == "HelmRelease"]
    if len(releases) != 1:
        raise UserError(
            f"workspace {workspace.name!r} has {len(releases)} HelmReleases, not one",
            remedy="Run `opencode-workspace generate`",
        )
    shapes.check(releases[0])
    return releases[0]


def _identity(release: Document) -> helm.Release:
    metadata = release["metadata"]
    return helm.Release(
        release["spec"].get("releaseName") or metadata["name"], metadata["namespace"]
    )


def _chart(catalogue: Catalogue) -> Chart:
    chart = Chart(catalogue.chart_path)
    chart.check_version(catalogue.chart["version"], catalogue.path)
    return chart


def _own(manifests: Iterable[helm.Manifest], release: Document) -> tuple[Document, ...]:
    metadata = release["metadata"]
    origin = {
        "helm.toolkit.fluxcd.io/name": metadata["name"],
        "helm.toolkit.fluxcd.io/namespace": metadata["namespace"],
    }
    return tuple(_label(manifest.document, origin) for manifest in manifests)


def _label(document: Document, labels: Mapping[str, str]) -> Document:
    metadata = document["metadata"]
    return {
        **document,
        "metadata": {**metadata, "labels": {**metadata.get("labels", {}), **labels}},
    }
