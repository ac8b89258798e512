"""Addresses of the sources that Kustomizations are built from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.source import mapping
from opencode_workspace.rules.tree import Tree

_GROUP = "source.toolkit.fluxcd.io"
# The patterns of Flux's CRDs.
_ADDRESSES = {
    "GitRepository": re.compile(r"(https?|ssh)://"),
    "OCIRepository": re.compile(r"oci://"),
}


@check("source-address", "tree")
def source_address(tree: Tree) -> Iterator[Finding]:
    """Sources of workspaces, and of what leads to them, with an address that their CRD refuses."""
    references = [mapping(one.spec.get("sourceRef")) for one in (*tree.deploying, *tree.parents)]
    used = {(str(one.get("kind")), str(one.get("name"))) for one in references}
    for entry in tree.entries:
        address, pattern = entry.spec.get("url"), _ADDRESSES.get(entry.kind)
        if not pattern or entry.group != _GROUP or (entry.kind, entry.name) not in used:
            continue
        if isinstance(address, str) and "${" not in address and not pattern.match(address):
            message = (
                f"{entry.kind} {entry.name}: {address} does not begin with {_begin(entry.kind)}"
            )
            yield entry.finding(message, ("spec", "url"))


def _begin(kind: str) -> str:
    return "oci://" if kind == "OCIRepository" else "ssh://, https:// or http://"
