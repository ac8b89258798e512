"""The chart under test and the means to render it, for every folder of tests."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.support import kubernetes
from tests.support.charts import Chart, open_chart
from tests.support.rendering import Renderer

REPOSITORY = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what was rendered to tests/golden/manifests, to be read before it is committed",
    )


def pytest_configure(config: pytest.Config) -> None:
    # In the background a shell has Ctrl-C ignored, nohup hang-ups; every program under test would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # Before Helm's library is loaded: a fifth less time in it, for some tens of MB a process.
    os.environ.setdefault("GOGC", "400")
    if config.getoption("--update-golden") and os.environ.get("CI") == "true":
        raise pytest.UsageError("--update-golden is for people: what it writes is to be read")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of this project."""
    return REPOSITORY


@pytest.fixture(scope="session")
def charts(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Chart]:
    """Opens a chart by its path, each one once."""
    return cache(lambda path: open_chart(path, tmp_path_factory.mktemp("chart")))


@pytest.fixture(scope="module")
def chart(chart_path: str, charts: Callable[[Path], Chart]) -> Chart:
    """The chart under test: --chart-path, a directory or an archive, or the project's own."""
    return charts(Path(chart_path or REPOSITORY / "charts/opencode-workspace").absolute())


@pytest.fixture(scope="module")
def render_chart(chart: Chart) -> Renderer:
    """render_chart(values, name=…, namespace=…, hooks=…): the objects Helm would install."""
    return Renderer(chart)


@pytest.fixture(scope="module")
def supported_versions(chart: Chart) -> tuple[str, str]:
    """Oldest and newest Kubernetes version that the chart is for."""
    return kubernetes.supported(chart.metadata["kubeVersion"])


def pytest_collection_finish() -> None:
    # What was collected stays: without this, each search for garbage would go through all of it.
    gc.collect()
    gc.freeze()
    # Garbage in cycles is rare here: to look for it as often as Python does takes a twentieth of the time.
    gc.set_threshold(100_000)
