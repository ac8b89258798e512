"""Did anything change? Whole releases against the manifests that were read and kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import yamlio
from tests.support import helmcli, kubernetes, references
from tests.support.charts import Chart
from tests.support.goldens import Folder, neutral
from tests.support.manifests import Document, Manifests
from tests.support.rendering import NAMESPACE, Renderer

HERE = Path(__file__).parent
CASES = sorted((HERE / "cases").glob("*.yaml"))
MANIFESTS = HERE / "manifests"

# What each case takes for granted in its namespace, beside what the chart makes.
EXTERNAL = {
    "flux": ["PersistentVolumeClaim/opencode-flux"],
    "ha": ["PersistentVolumeClaim/opencode-ha"],
    "architecture": ["PersistentVolumeClaim/opencode-architecture"],
    "sidecar": ["ConfigMap/opencode-ca"],
    "everything": ["ServiceAccount/opencode-reader", "Service/fallback"],
}

each_case = pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)


def values_of(case: Path) -> dict[str, Any]:
    values: dict[str, Any] = yamlio.load_one(case)
    return values


def release_of(case: Path) -> str:
    return f"opencode-{case.stem}"


@pytest.fixture
def rendered(render_chart: Renderer) -> Callable[[Path], Manifests]:
    return lambda case: render_chart(values_of(case), name=release_of(case), hooks=True)


@each_case
def test_the_release_is_the_one_that_was_kept(
    case: Path,
    rendered: Callable[[Path], Manifests],
    chart: Chart,
    pytestconfig: pytest.Config,
) -> None:
    documents = neutral(rendered(case), chart)
    folder = Folder(MANIFESTS / case.stem)
    if pytestconfig.getoption("--update-golden"):
        folder.write(documents)

    changes = folder.compare(documents)

    text = "\n\n".join(changes)
    assert not changes, (
        f"{text}\n\nIf this is meant: pytest tests/golden --update-golden, and read the difference."
    )


def test_no_golden_folder_is_without_its_case() -> None:
    orphans = {path.name for path in MANIFESTS.iterdir()} - {case.stem for case in CASES}
    assert not orphans, f"remove tests/golden/manifests/{', '.join(sorted(orphans))}"


@pytest.mark.parametrize("cli", helmcli.EACH_CLI)
@each_case
def test_each_helm_command_line_gives_the_same_documents(
    case: Path, cli: str, rendered: Callable[[Path], Manifests], chart: Chart
) -> None:
    printed = helmcli.template(
        cli, chart.path, values_of(case), name=release_of(case), namespace=NAMESPACE
    )

    assert by_name(printed) == by_name(rendered(case))


@each_case
def test_the_api_server_would_take_every_object(
    case: Path, rendered: Callable[[Path], Manifests], supported_versions: tuple[str, str]
) -> None:
    assert kubernetes.all_violations(rendered(case), supported_versions) == []


@each_case
def test_the_objects_fit_each_other(case: Path, rendered: Callable[[Path], Manifests]) -> None:
    assert references.mistakes(rendered(case), EXTERNAL.get(case.stem, ())) == []


@each_case
def test_no_template_left_anything_behind(
    case: Path, rendered: Callable[[Path], Manifests]
) -> None:
    assert references.leftovers(rendered(case)) == []


def by_name(documents: Manifests) -> dict[tuple[str, str], Document]:
    return {(d["kind"], d["metadata"]["name"]): d for d in documents}
