"""Do the image, the chart and the catalogue name one OpenCode, with a checksum for each architecture?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from opencode_workspace import yamlio


@pytest.fixture
def image(repository: Path) -> Path:
    return repository / "images/workspace"


@pytest.fixture
def opencode(image: Path) -> str:
    """The version of OpenCode in the image."""
    found = re.findall(r"(?m)^ARG OPENCODE_VERSION=(.+)$", (image / "Dockerfile").read_text())
    assert len(found) == 1, "the Dockerfile gives OPENCODE_VERSION one default"
    return str(found[0])


def test_chart_runs_the_version_in_the_image(repository: Path, opencode: str) -> None:
    chart = repository / "charts/opencode-workspace"
    values = yamlio.load_one(chart / "values.yaml")
    app = values["controllers"]["workspace"]["containers"]["app"]
    assert app["image"]["tag"] == opencode
    assert yamlio.load_one(chart / "Chart.yaml")["appVersion"] == opencode


def test_catalogue_names_the_version_in_the_image(repository: Path, opencode: str) -> None:
    catalogue = yamlio.load_one(repository / "flux/workspaces.yaml")
    assert catalogue["defaults"]["image"]["tag"] == opencode


@pytest.mark.parametrize(
    ("architecture", "package"),
    [("amd64", "opencode-linux-x64"), ("arm64", "opencode-linux-arm64")],
)
def test_each_architecture_has_the_checksum_of_that_version(
    image: Path, opencode: str, architecture: str, package: str
) -> None:
    line = rf"(?m)^[0-9a-f]{{64}}  {architecture}/{package}-{re.escape(opencode)}\.tgz$"
    found = re.findall(line, (image / "opencode.sha256").read_text())
    assert len(found) == 1, f"opencode.sha256 needs one line for {package} {opencode}"


def test_no_checksum_is_left_from_another_version(image: Path) -> None:
    assert len((image / "opencode.sha256").read_text().splitlines()) == 2
