"""The shipped tree, built and rendered once."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencode_workspace import catalogue, flux


@pytest.fixture(scope="session")
def shipped(repository: Path) -> catalogue.Catalogue:
    return catalogue.load(repository / "flux/workspaces.yaml")


@pytest.fixture(scope="session")
def cluster(shipped: catalogue.Catalogue) -> flux.Cluster:
    return flux.reconcile(shipped)


@pytest.fixture(params=["flux", "ha"])
def reconciliation(request: pytest.FixtureRequest, cluster: flux.Cluster) -> flux.Reconciliation:
    return next(r for r in cluster.reconciliations if r.workspace.name == request.param)
