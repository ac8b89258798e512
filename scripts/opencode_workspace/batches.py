"""One function over many reconciled workspaces, on every processor."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from typing import TypeVar

from opencode_workspace import flux, helm
from opencode_workspace.catalogue import Catalogue
from opencode_workspace.naming import PREFIX
from opencode_workspace.workers import Workers, processors, result

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
    processes = processors()
    with ExitStack() as stack:
        pool = stack.enter_context(Workers(processes))
        # They load their modules while this one reads the tree.
        for _ in range(processes):
            pool.submit(_load)
        documents = flux.namespace_documents(catalogue)
        size = math.ceil(len(chosen) / (processes * _BATCHES_PER_PROCESS))
        batches = [chosen[start : start + size] for start in range(0, len(chosen), size)]
        pending = [
            pool.submit(_batch, catalogue, function, engine, batch, _about(documents, batch))
            for batch in batches
        ]
        return flux.shared(documents), _results(stack.pop_all(), pending)


def _load() -> None:
    """Importing this module is the work."""


def _about(documents: Sequence[flux.Document], names: Sequence[str]) -> list[flux.Document]:
    apps = {PREFIX + name for name in names}
    return [document for document in documents if document["metadata"]["name"] in apps]


def _results(pool: ExitStack, pending: list[Future[list[Result]]]) -> Iterator[Result]:
    with pool:
        while pending:
            # Not held any longer than it is looked at.
            yield from result(pending.pop(0))


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
