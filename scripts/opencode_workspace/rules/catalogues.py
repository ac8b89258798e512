"""The catalogue itself."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_workspace import catalogue
from opencode_workspace.errors import UserError, UserErrors
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.source import of_error
from opencode_workspace.rules.tree import Tree


@check("invalid-catalogue", "tree")
def invalid_catalogue(tree: Tree) -> Iterator[Finding]:
    """Whatever `generate` would refuse about workspaces.yaml."""
    if tree.catalogue is None:
        return
    try:
        catalogue.parse(tree.catalogue.text, tree.catalogue.path)
    except UserErrors as errors:
        for error in errors.errors:
            yield of_error(error, tree.catalogue.path)
    except UserError as error:
        yield of_error(error, tree.catalogue.path)
