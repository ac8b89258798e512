"""The chart under test: a directory, or the archive that `helm package` makes."""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from opencode_workspace import yamlio


@dataclass(frozen=True)
class Chart:
    """A chart as it was given and, unpacked, as it can be read.

    path: what Helm renders, a directory or a `.tgz`.
    directory: the same chart as a directory.
    """

    path: Path
    directory: Path

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """Chart.yaml."""
        document: dict[str, Any] = yamlio.load_one(self.directory / "Chart.yaml")
        return document

    @cached_property
    def values(self) -> dict[str, Any]:
        """values.yaml: the defaults. Not to be changed by a test; copy first."""
        document: dict[str, Any] = yamlio.load_one(self.directory / "values.yaml")
        return document

    @cached_property
    def schema(self) -> dict[str, Any]:
        """values.schema.json. Not to be changed by a test; copy first."""
        document: dict[str, Any] = json.loads((self.directory / "values.schema.json").read_text())
        return document


def open_chart(path: Path, scratch: Path) -> Chart:
    """The chart at `path`; an archive is unpacked below `scratch`, an empty directory.

    Raises ValueError when there is no chart at `path`.
    """
    if path.is_file():
        with tarfile.open(path) as archive:
            archive.extractall(scratch, filter="data")
        found = sorted(scratch.glob("*/Chart.yaml"))
        if len(found) != 1:
            raise ValueError(f"{path} holds {len(found)} charts, not one")
        return Chart(path, found[0].parent)
    if not (path / "Chart.yaml").is_file():
        raise ValueError(f"{path} is neither a chart directory nor a packaged chart")
    return Chart(path, path)
