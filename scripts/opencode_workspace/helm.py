"""Renders Helm releases, with Helm as a library or as a command; both give the same objects."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

from opencode_workspace import helmcli, helmembedded
from opencode_workspace.errors import UserError
from opencode_workspace.job import Backend, Job, Manifest, Release
from opencode_workspace.workers import processors

__all__ = ["DEFAULT_KUBE_VERSION", "Engine", "Job", "Manifest", "Release"]
__all__ += ["outcomes", "render", "render_many"]

Engine = Literal["auto", "embedded", "cli"]

# Each Helm would otherwise take the version it happens to be built for.
DEFAULT_KUBE_VERSION = "1.36.0"

_ARCHIVES = (".tgz", ".tar.gz")
# From here on it pays to prepare the chart for many releases.
_MANY = 8
# Releases ahead of the one that is consumed: enough to keep the threads busy, few to hold.
_AHEAD_PER_WORKER = 4


def render(
    chart: Path,
    release: Release,
    values: Mapping[str, Any],
    *,
    engine: Engine = "auto",
    kube_version: str | None = None,
    api_versions: Sequence[str] = (),
    hooks: bool = False,
) -> tuple[Manifest, ...]:
    """Objects that Helm would install for one release, in its install order.

    chart: a chart's directory or .tgz archive. values: what the release sets, JSON-like.
    engine: `embedded` is Helm as a library, `cli` the `helm` command; `auto` takes the library if
        it is installed. kube_version: Kubernetes version that the chart sees, by default
        DEFAULT_KUBE_VERSION. api_versions: more entries for `.Capabilities.APIVersions`.
    hooks: also the hooks, `helm test` pods for instance, after everything else.

    Raises UserError: exit code 1 with every mistake in the values that Helm or the chart names,
    exit code 2 when there is no chart or no usable Helm.
    """
    (manifests,) = render_many(
        [Job(chart, release, values)],
        engine=engine,
        kube_version=kube_version,
        api_versions=api_versions,
        hooks=hooks,
    )
    return manifests


def render_many(
    jobs: Iterable[Job],
    *,
    engine: Engine = "auto",
    kube_version: str | None = None,
    api_versions: Sequence[str] = (),
    hooks: bool = False,
    workers: int | None = None,
) -> Iterator[tuple[Manifest, ...]]:
    """`render` for each job, in their order, as they are consumed.

    workers: threads; by default one per processor. Few results are held at a time, so memory does
    not grow with the number of jobs. Raises at the first job that fails; see `outcomes`.
    """
    found = outcomes(
        jobs,
        engine=engine,
        kube_version=kube_version,
        api_versions=api_versions,
        hooks=hooks,
        workers=workers,
    )
    # Left to the garbage collector, a generator that an error leaves behind would close late.
    with closing(found):
        for outcome in found:
            if isinstance(outcome, UserError):
                raise outcome
            yield outcome


def outcomes(
    jobs: Iterable[Job],
    *,
    engine: Engine = "auto",
    kube_version: str | None = None,
    api_versions: Sequence[str] = (),
    hooks: bool = False,
    workers: int | None = None,
    validated: bool = False,
) -> Generator[tuple[Manifest, ...] | UserError, None, None]:
    """As `render_many`, but gives the UserError of a job that fails in its place.

    validated: whether the values are known to fit the charts' schemas.

    Raises UserError when there is no usable Helm.
    """
    remaining = iter(jobs)
    first = list(islice(remaining, _MANY))
    if not first:
        return
    many = len(first) == _MANY
    version = kube_version or DEFAULT_KUBE_VERSION
    backend = _backend(engine, version, api_versions, hooks=hooks, many=many, validated=validated)
    count = min(workers or processors(), len(first))
    try:
        if count == 1:
            yield from (_outcome(backend, job) for job in chain(first, remaining))
        else:
            yield from _in_threads(backend, chain(first, remaining), count)
    finally:
        backend.close()


def _in_threads(
    backend: Backend, jobs: Iterator[Job], count: int
) -> Iterator[tuple[Manifest, ...] | UserError]:
    # Threads, not processes: Helm runs outside the interpreter's lock, in the library as well as
    # in the command, and a process more would be 100 MB more.
    pool = ThreadPoolExecutor(count, thread_name_prefix="helm")
    waiting: deque[Future[tuple[Manifest, ...] | UserError]] = deque()
    try:
        for job in jobs:
            waiting.append(pool.submit(_outcome, backend, job))
            if len(waiting) > count * _AHEAD_PER_WORKER:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _outcome(backend: Backend, job: Job) -> tuple[Manifest, ...] | UserError:
    try:
        _check_chart(job.chart)
        return backend.render(job)
    except UserError as error:
        return error


def _backend(
    engine: Engine,
    kube_version: str,
    api_versions: Sequence[str],
    *,
    hooks: bool,
    many: bool,
    validated: bool,
) -> Backend:
    if engine == "embedded" or (engine == "auto" and helmembedded.is_installed()):
        try:
            return helmembedded.Embedded(
                kube_version, api_versions, hooks=hooks, many=many, validated=validated
            )
        except UserError:
            if engine == "embedded":
                raise
    return helmcli.CommandLine(kube_version, api_versions, hooks=hooks)


def _check_chart(chart: Path) -> None:
    remedy = "Name the chart's directory or its .tgz archive"
    if not chart.exists():
        raise UserError("no such chart", str(chart), remedy)
    if chart.is_dir() and not (chart / "Chart.yaml").is_file():
        raise UserError("is not a chart: it has no Chart.yaml", str(chart), remedy)
    if chart.is_file() and not chart.name.endswith(_ARCHIVES):
        raise UserError("is not a packaged chart", str(chart), remedy)
