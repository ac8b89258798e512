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
    """One file an object: by kind and name, and by group and namespace where these are not enough."""
    content: dict[PurePosixPath, bytes] = {}
    for document in documents:
        kind, metadata = document["kind"].lower(), document["metadata"]
        path = PurePosixPath(folder, f"{kind}-{metadata['name']}.yaml")
        if path in content:
            group = document["apiVersion"].rpartition("/")[0]
            parts = (kind, group, metadata.get("namespace"), metadata["name"])
            path = path.with_name(f"{'-'.join(part for part in parts if part)}.yaml")
        content[path] = yamlio.dump(document).encode()
    return content
