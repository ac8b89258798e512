"""One cluster for the whole session; a test leaves it as it found it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster.rig import sandbox
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.cluster import cluster as start_cluster
from tests.cluster.rig.fleet import bootstrap_documents
from tests.cluster.rig.versions import machine, versions
from tests.cluster.rig.workspace import Workspace

WORKSPACES = ("flux", "ha")
# Keeps a figure with the result of a test: its name, and the figure with its unit.
Record = Callable[[str, object], None]


@pytest.fixture(scope="session")
def times(record_testsuite_property: Callable[[str, object], None]) -> Iterator[dict[str, float]]:
    """Seconds by name, kept with the logs and the results of the run."""
    measured: dict[str, float] = {}
    yield measured
    for name, seconds in measured.items():
        record_testsuite_property(name, f"{seconds:.1f} s")
    if sandbox.RUN in os.environ:
        (sandbox.run_folder() / "times.json").write_text(json.dumps(measured, indent=2))


@pytest.fixture(scope="session")
def empty_cluster(
    times: dict[str, float], record_testsuite_property: Callable[[str, object], None]
) -> Iterator[Cluster]:
    """A cluster that has everything but our workspaces."""
    if sandbox.RUN not in os.environ:
        pytest.skip("not run: a cluster lives in a sandbox, which `make test-cluster` makes")
    started = time.monotonic()
    logs = sandbox.run_folder() / "logs"
    with start_cluster(sandbox.STATE, logs) as cluster:
        times["start of the cluster"] = time.monotonic() - started
        record_testsuite_property("machine", machine())
        record_testsuite_property("builds before it", f"{os.environ.get(sandbox.BUILD, '?')} s")
        for name, version in versions(cluster.api).items():
            record_testsuite_property(f"version of {name}", version)
        try:
            yield cluster
        finally:
            _keep_state(cluster, logs)


@pytest.fixture(scope="session")
def cluster(empty_cluster: Cluster, times: dict[str, float]) -> Cluster:
    """The cluster after Flux was told of this project's flux/ tree: both workspaces are ready."""
    started = time.monotonic()
    empty_cluster.api.apply(bootstrap_documents(empty_cluster.forge))
    empty_cluster.api.apply(empty_cluster.platform)
    empty_cluster.wait_applied(empty_cluster.fleet.revision)
    times["from the first look at Git to both workspaces ready"] = time.monotonic() - started
    return empty_cluster


@pytest.fixture(params=WORKSPACES)
def workspace(request: pytest.FixtureRequest, cluster: Cluster) -> Workspace:
    """Each of the workspaces of flux/workspaces.yaml."""
    return cluster.workspace(str(request.param))


@pytest.fixture
def kept(cluster: Cluster) -> Iterator[None]:
    """Claims of both workspaces are the same ones afterwards, and so is the pod of flux: only ha is changed."""

    def seen() -> list[str]:
        claims = [cluster.workspace(name).claim()["metadata"]["uid"] for name in WORKSPACES]
        return [*claims, cluster.workspace("flux").life]

    before = seen()
    yield
    cluster.workspace("ha").wait_pod()
    assert seen() == before


@pytest.fixture
def password(cluster: Cluster) -> str:
    """The password of every workspace, when the test begins."""
    return cluster.password


@pytest.fixture(scope="module")
def kube_config(cluster: Cluster) -> str:
    """The kubeconfig that pytest-helm-charts works with."""
    return str(cluster.api.kubeconfig)


def _keep_state(cluster: Cluster, logs: Path) -> None:
    """Objects and events beside the logs: what somebody wants who reads of a failure."""
    kinds = "kustomizations,helmreleases,externalsecrets,ocirepositories,pods,pvc,events"
    for form in ("wide", "yaml"):
        command = ("get", kinds, "--all-namespaces", f"--output={form}")
        try:
            text = cluster.api.kubectl(*command)
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            text = str(error)
        (logs / f"objects.{form}").write_text(text)
