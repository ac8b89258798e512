"""One function over many reconciled workspaces, on every processor."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TypeVar

from opencode_workspace import flux, helm
from opencode_workspace.catalogue import Catalogue
from opencode_workspace.naming import PREFIX

Result = TypeVar("Result")

# A process costs a third of a second and 100 MB before its first result: a few workspaces are
# done sooner without.
_WORTH_A_PROCESS = 50
# Each batch reads the chart anew; with a few for each process the processors end together.
_BATCHES_PER_PROCESS = 2


def over(
    catalogue: Catalogue,
    names: Sequence[str],
    function: Callable[[flux.Reconciliation], Result],
    *,
    engine: helm.Engine = "auto",
) -> tuple[tuple[flux.Document, ...], Iterator[Result]]:
    """The namespace's own objects, and `function` of each named workspace, or of all, in order.

    function: importable by name, with a result that can be pickled; what it returns is all that
        is kept. Raises UserError as `flux.reconcile` does, at the first workspace that fails.
    """
    chosen = [workspace.name for workspace in catalogue.select(names)]
    if len(chosen) < _WORTH_A_PROCESS:
        shared, reconciliations = flux.stream(catalogue, chosen, engine=engine)
        return shared, map(function, reconciliations)
    processes = os.cpu_count() or 1
    pool = _started(processes)
    documents = flux.namespace_documents(catalogue)
    size = math.ceil(len(chosen) / (processes * _BATCHES_PER_PROCESS))
    batches = [chosen[start : start + size] for start in range(0, len(chosen), size)]
    parts = [_about(documents, batch) for batch in batches]
    pending = pool.map(partial(_batch, catalogue, function, engine), batches, parts)
    return flux.shared(documents), _results(pool, pending)


def _started(processes: int) -> ProcessPoolExecutor:
    """Processes that load their modules while this one reads the tree."""
    # Helm's library reads it when its process begins. Each release makes a megabyte of garbage and
    # keeps none: collecting it six times as rarely saves a tenth of the time.
    os.environ.setdefault("GOGC", "600")
    # Spawned, because Helm's library brings threads that do not survive a fork.
    pool = ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"))
    # Ctrl-C belongs to this process; the workers inherit the mask before they run a line.
    unblocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        for _ in range(processes):
            pool.submit(_load)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, unblocked)
    return pool


def _load() -> None:
    """Importing this module is the work."""


def _about(documents: Sequence[flux.Document], names: Sequence[str]) -> list[flux.Document]:
    apps = {PREFIX + name for name in names}
    return [document for document in documents if document["metadata"]["name"] in apps]


def _results(pool: ProcessPoolExecutor, pending: Iterator[list[Result]]) -> Iterator[Result]:
    try:
        for results in pending:
            yield from results
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _batch(
    catalogue: Catalogue,
    function: Callable[[flux.Reconciliation], Result],
    engine: helm.Engine,
    names: Sequence[str],
    documents: Sequence[flux.Document],
) -> list[Result]:
    _, reconciliations = flux.stream(
        catalogue, names, engine=engine, threads=1, documents=documents
    )
    return [function(reconciliation) for reconciliation in reconciliations]
