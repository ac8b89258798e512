"""The preview as one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence

import jinja2

from opencode_workspace import yamlio
from opencode_workspace.flux import Cluster, Document
from opencode_workspace.report.summary import Row


def preview_page(rows: Sequence[Row], cluster: Cluster) -> str:
    """HTML with the table and every manifest; needs nothing from the network. Rows are in the cluster's order."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("opencode_workspace", "report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    sections = [
        (row, [_entry(d) for d in r.objects])
        for row, r in zip(rows, cluster.reconciliations, strict=True)
    ]
    return environment.get_template("preview.html.j2").render(
        sections=sections, shared=[_entry(document) for document in cluster.shared]
    )


def _entry(document: Document) -> tuple[str, str, str]:
    return document["kind"], document["metadata"]["name"], yamlio.dump(document)
