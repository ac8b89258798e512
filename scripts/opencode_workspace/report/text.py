"""Rendered objects as YAML: one stream, or one file an object."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from opencode_workspace import yamlio
from opencode_workspace.flux import Document, Reconciliation


def stream(reconciliation: Reconciliation) -> str:
    """Every object of a workspace, each with its document marker."""
    return yamlio.dump_all(reconciliation.objects)


def files_of(reconciliation: Reconciliation) -> dict[PurePosixPath, bytes]:
    """Every object of a workspace, in a folder of its name."""
    return files(reconciliation.workspace.app, reconciliation.objects)


def files(folder: str, documents: Sequence[Document]) -> dict[PurePosixPath, bytes]:
    """One file an object, by kind and name."""
    return {
        PurePosixPath(folder, f"{d['kind'].lower()}-{d['metadata']['name']}.yaml"): yamlio.dump(
            d
        ).encode()
        for d in documents
    }
