"""Flux Kustomizations: what they build, and how long they wait."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_workspace.rules.deployment import Applied, Deployment
from opencode_workspace.rules.durations import seconds
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.paths import resolve
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.source import Source, items, mapping, numbered, strings
from opencode_workspace.rules.tree import Tree

_RELEASE_DEFAULT = "5m"
# In seconds: what a Kustomization's timeout is shorter than its interval by default, and the least it is.
_MARGIN = 30
_SHORTEST = 30


@check("failed-build", "deployment")
def failed_build(deployment: Deployment) -> Iterator[Finding]:
    """Directories that kustomize refuses."""
    yield from (one for one in deployment.problems if one.rule == "failed-build")


@check("unsupported-kustomization", "deployment")
def unsupported_kustomization(deployment: Deployment) -> Iterator[Finding]:
    """Fields of kustomize, or of Flux, that change the objects in a way that is not followed here."""
    yield from (one for one in deployment.problems if one.rule == "unsupported-kustomization")
    for field in ("patches", "images", "namePrefix", "nameSuffix"):
        if deployment.entry.spec.get(field):
            message = f"spec.{field} is not applied here"
            yield deployment.entry.finding(message, ("spec", field))


@check("unlisted-file", "deployment")
def unlisted_file(deployment: Deployment) -> Iterator[Finding]:
    """Manifests beside a kustomization that does not name them."""
    # A kustomization that lists nothing at all has another mistake.
    if deployment.directory is None or len(deployment.sources) < 2:
        return
    reached = {source.path for source in deployment.sources}
    kustomization = deployment.sources[0]
    # A patch, say.
    named = {text.removeprefix("./") for _, text in strings(kustomization.documents)}
    for path in sorted(deployment.directory.glob("*.y*ml")):
        is_used = path in reached or path.name in named
        if not is_used and path.is_file() and Source(path).is_manifest:
            yield Finding(f"{kustomization.path.name} does not list this file", path)


@check("unresolved-path", "tree")
def unresolved_path(tree: Tree) -> Iterator[Finding]:
    """Paths that the repository does not have."""
    for entry in (*tree.deploying, *tree.parents):
        if resolve(entry, tree.provided) is None:
            message = f"there is no folder {entry.spec.get('path')} in this repository"
            yield entry.finding(message, ("spec", "path"))


@check("unknown-health-check", "deployment")
def unknown_health_check(deployment: Deployment) -> Iterator[Finding]:
    """Health checks of objects that are neither applied nor rendered, and expressions for no kind."""
    if not deployment.applied:
        return
    spec, entry = deployment.entry.spec, deployment.entry
    # Before substitution too: what could not be substituted is told by another rule.
    made = [*deployment.applied, *deployment.built]
    objects = [(a.api_version, a.kind, a.namespace, a.name) for a in made]
    for release in deployment.releases:
        objects += [
            (m["apiVersion"], m["kind"], m["metadata"].get("namespace", ""), m["metadata"]["name"])
            for m in release.manifests
        ]
    for index, target in numbered(spec.get("healthChecks")):
        kind, name = str(target.get("kind")), str(target.get("name"))
        version = target.get("apiVersion")
        namespace = str(target.get("namespace") or entry.namespace)
        same = [o for o in objects if o[1] == kind and o[3] == name]
        if (version, kind, namespace, name) in objects:
            continue
        if not same and deployment.exists(kind, namespace, name):
            continue
        yield entry.finding(
            f"nothing makes {version} {kind} {name} in namespace {namespace}",
            ("spec", "healthChecks", index, "name"),
        )
    # Also of objects that are applied elsewhere, if it waits for one.
    kinds = {(o[0], o[1]) for o in objects}
    kinds |= {
        (str(t.get("apiVersion")), str(t.get("kind"))) for t in items(spec.get("healthChecks"))
    }
    for index, expression in numbered(spec.get("healthCheckExprs")):
        wanted = str(expression.get("apiVersion")), str(expression.get("kind"))
        if wanted not in kinds:
            yield entry.finding(
                f"nothing here is a {wanted[0]} {wanted[1]}",
                ("spec", "healthCheckExprs", index, "kind"),
            )


@check("ignored-health-check", "deployment")
def ignored_health_check(deployment: Deployment) -> Iterator[Finding]:
    """healthChecks beside wait, and healthCheckExprs without either."""
    spec, entry = deployment.entry.spec, deployment.entry
    if spec.get("wait") and spec.get("healthChecks"):
        yield entry.finding("wait makes Flux ignore healthChecks", ("spec", "healthChecks"))
    elif spec.get("healthCheckExprs") and not spec.get("wait") and not spec.get("healthChecks"):
        message = "without wait or healthChecks, healthCheckExprs do nothing"
        yield entry.finding(message, ("spec", "healthCheckExprs"))


@check("short-timeout", "deployment")
def short_timeout(deployment: Deployment) -> Iterator[Finding]:
    """Kustomizations that do not wait longer than a HelmRelease that they wait for."""
    spec, entry = deployment.entry.spec, deployment.entry
    field = "timeout" if spec.get("timeout") else "interval"
    written = spec.get(field)
    length = seconds(written)
    if not spec.get("wait") and not spec.get("healthChecks"):
        return
    for release in deployment.releases:
        # What is no duration is told by another rule.
        inner = [
            (taken, str(action))
            for action in _timeouts(release.applied)
            if (taken := seconds(action)) is not None
        ]
        longest, action = max(inner, default=(0.0, ""))
        if length is not None and _waits(length, field) <= longest:
            outer = (
                f"the timeout {written}"
                if field == "timeout"
                else f"the timeout, {_MARGIN} s less than the interval {written},"
            )
            yield entry.finding(
                f"{outer} is not longer than the {action} of HelmRelease {release.applied.name}",
                ("spec", field),
            )


def _waits(length: float, field: str) -> float:
    """How many seconds a Kustomization waits (GetTimeout of kustomize-controller's API)."""
    return max(length - _MARGIN if field == "interval" else length, _SHORTEST)


def _timeouts(release: Applied) -> list[object]:
    """How long install and upgrade may take: their own timeout or the release's."""
    whole = release.spec.get("timeout") or _RELEASE_DEFAULT
    actions = (mapping(release.spec.get(action)) for action in ("install", "upgrade"))
    return [action.get("timeout") or whole for action in actions]


@check("forced-recreation", "deployment")
def forced_recreation(deployment: Deployment) -> Iterator[Finding]:
    """Settings that delete an object in order to change it."""
    entry = deployment.entry
    if entry.spec.get("force"):
        yield entry.finding("force deletes and makes again what is immutable", ("spec", "force"))
    for applied in deployment.of_kind("PersistentVolumeClaim"):
        for part in ("labels", "annotations"):
            marks = mapping(applied.document["metadata"].get(part))
            key = "kustomize.toolkit.fluxcd.io/force"
            if str(marks.get(key, "")).lower() in ("enabled", "true"):
                message = "force deletes the claim and its volume"
                yield applied.finding(message, ("metadata", part, key))
    for release in deployment.releases:
        for action, field in (
            ("upgrade", "force"),
            ("rollback", "force"),
            ("rollback", "recreate"),
        ):
            if mapping(release.applied.spec.get(action)).get(field):
                message = f"{action}.{field} deletes and makes again what is there"
                yield release.applied.finding(message, ("spec", action, field))
