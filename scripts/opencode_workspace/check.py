"""`opencode-workspace check`: every rule over a folder, as far as it can be known without a cluster."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path

from opencode_workspace.errors import EXIT_FINDINGS, EXIT_UNUSABLE, UserError
from opencode_workspace.rules import (
    allowing,
    catalogues,
    doubles,
    facts,
    registry,
    surroundings,
)
from opencode_workspace.rules.building import Workshop
from opencode_workspace.rules.deployment import Fact
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.folder import Folder
from opencode_workspace.rules.known import CHART, Known
from opencode_workspace.rules.provided import Provided, read
from opencode_workspace.rules.schemas import is_available
from opencode_workspace.rules.source import Entry
from opencode_workspace.rules.tree import Tree
from opencode_workspace.violation import Steps
from opencode_workspace.workers import Workers, leaving_garbage, processors, result

Progress = Callable[[str, int, int], None]
READING, CHECKING = "Reading files", "Checking workspaces"

# Below, starting processes costs more than they save.
_SERIAL = 100
_CHUNK = 125
# Each holds Helm and the schemas, some 150 MB.
_MOST_PROCESSES = 4
_NO_SCHEMAS = (
    "objects were not checked against the schemas of Kubernetes. "
    "Run `pip install kubernetes-validate`"
)


@dataclass(frozen=True)
class Report:
    """What a check found.

    findings: by place. workspaces: how many were built. unchecked: what could not be looked at for want of
    a tool, and what to install. notes: what lies outside of this folder, so that nobody could have looked at
    it here. failures: rules that did not run to their end.
    """

    findings: tuple[Finding, ...]
    workspaces: int
    files: int
    unchecked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(finding.is_error for finding in self.findings)

    @property
    def warnings(self) -> int:
        """How many findings are warnings."""
        return len(self.findings) - self.errors

    @property
    def is_complete(self) -> bool:
        """Whether everything was looked at: otherwise to find nothing means nothing."""
        return not (self.unchecked or self.failures)

    @property
    def exit_code(self) -> int:
        """2 when not everything was looked at, 1 with an error among the findings, otherwise 0."""
        if not self.is_complete:
            return EXIT_UNUSABLE
        return EXIT_FINDINGS if self.errors else 0


@dataclass
class _Part:
    """What one part of the work gives."""

    findings: list[Finding | str]
    facts: list[Fact]
    unchecked: list[str]


def run(path: Path, *, progress: Progress | None = None, processes: int | None = None) -> Report:
    """Checks the folder `path`.

    progress: called with READING or CHECKING, the number of files or workspaces that are done, and that of all.
    processes: by default one per processor for a large folder, otherwise none but this one.

    Raises UserError when there is no such folder.
    """
    if not path.is_dir():
        raise UserError(
            "is not a folder" if path.exists() else "no such folder",
            str(path),
            "Name the folder that holds the Flux tree, such as flux or kubernetes",
        )
    tree = Tree(Folder(Path(os.path.abspath(path))))  # noqa: PTH100 - Path.resolve follows links
    progress = progress or (lambda phase, done, total: None)
    found: list[Finding | str] = []
    with contextlib.closing(_parts(tree, processes, progress)) as working:
        # Other processes, if there are any, begin with the workspaces meanwhile.
        next(working)
        for done, source in enumerate(tree.manifests, 1):
            found += registry.run("source", source)
            progress(READING, done, len(tree.manifests))
        if tree.deploying:
            found += registry.run("surroundings", surroundings.of(tree))
        found += registry.run("tree", tree)
        parts = [part for part in working if part is not None]
    tree.facts = doubles.told_once([fact for part in parts for fact in part.facts])
    found += [finding for part in parts for finding in part.findings]
    found += registry.run("facts", tree)
    unchecked = [reason for part in parts for reason in part.unchecked]
    if tree.deploying and not is_available():
        unchecked.append(_NO_SCHEMAS)
    findings, allowed = allowing.separate(
        finding
        for finding in found
        if isinstance(finding, Finding)
        and catalogues.is_certain(tree, finding)
        and not tree.folder.is_closed(finding.path)
    )
    return Report(
        findings=tuple(sorted(findings, key=lambda finding: finding.order)),
        workspaces=len(tree.deploying),
        files=len(tree.manifests),
        unchecked=tuple(dict.fromkeys(unchecked)),
        notes=tuple(_notes(tree, allowed)),
        failures=tuple(
            dict.fromkeys([*tree.folder.closed, *(one for one in found if isinstance(one, str))])
        ),
    )


def _notes(tree: Tree, allowed: int) -> Iterator[str]:
    if allowed:
        yield f"findings that comments allow are left out: {allowed}"
    if not tree.deploying:
        # To find nothing wrong means nothing then.
        yield (
            f"no workspace was found in {tree}: among its {len(tree.manifests)} YAML files no Flux Kustomization "
            f"leads to a HelmRelease of the chart {CHART}; name the folder that holds the Flux tree"
        )
    elif tree.chart is None:
        yield (
            "the chart is not beside the tree: values and rendered objects were not checked. "
            f"Put it into charts/{CHART} of the repository to have them checked"
        )


def _parts(
    tree: Tree, processes: int | None, progress: Progress
) -> Generator[_Part | None, None, None]:
    """Nothing first, as soon as the work has begun; then what was found in each part of the workspaces."""
    entries = tree.deploying
    chunks = [entries[start : start + _CHUNK] for start in range(0, len(entries), _CHUNK)]
    if processes is None:
        processes = min(processors(), _MOST_PROCESSES) if len(entries) > _SERIAL else 1
    done = 0
    if processes == 1:
        yield None
        progress(CHECKING, done, len(entries))
        for chunk in chunks:
            yield _part(tree.workshop, chunk)
            done += len(chunk)
            progress(CHECKING, done, len(entries))
        return
    catalogue = tree.provided.source.path if tree.provided.source else None
    chart = tree.chart.path if tree.chart else None
    arguments = (tree.folder.root, catalogue, tree.known, chart)
    with Workers(processes, _start, *arguments) as pool:
        futures = {
            pool.submit(_work, [(e.source.path, e.place) for e in chunk]): len(chunk)
            for chunk in chunks
        }
        yield None
        progress(CHECKING, done, len(entries))
        for future in as_completed(futures):
            yield result(future)
            done += futures[future]
            progress(CHECKING, done, len(entries))


def _part(workshop: Workshop, entries: Sequence[Entry]) -> _Part:
    deployments, unchecked = workshop.deployments(entries)
    findings = [
        finding for deployment in deployments for finding in registry.run("deployment", deployment)
    ]
    return _Part(findings, [fact for one in deployments for fact in facts.of(one)], unchecked)


_workshop: Workshop | None = None


def _start(root: Path, catalogue: Path | None, known: Known, chart: Path | None) -> None:
    from opencode_workspace.chart import Chart

    global _workshop  # what a process is made with reaches its tasks in no other way
    folder = Folder(root)
    provided = read(folder.source(catalogue)) if catalogue else Provided()
    _workshop = Workshop(folder, provided, known, Chart(chart) if chart else None, threads=1)


def _work(entries: Sequence[tuple[Path, Steps]]) -> _Part:
    assert _workshop is not None
    folder = _workshop.folder
    with leaving_garbage():
        part = _part(_workshop, [Entry(folder.source(path), place) for path, place in entries])
    # Templates that every workspace uses are read again, which is cheaper than to hold everything.
    folder.forget()
    return part
