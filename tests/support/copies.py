"""Copies of the chart that a test may change."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.support.charts import Chart


def copy_chart(chart: Chart, folder: Path, **metadata: str) -> Chart:
    """A copy of `chart` below `folder`, with other values in Chart.yaml."""
    path = folder / chart.directory.name
    shutil.copytree(chart.directory, path)
    for key, value in metadata.items():
        replace(path / "Chart.yaml", rf"(?m)^{key}: .*$", f'{key}: "{value}"')
    return Chart(path, path)


def replace(path: Path, pattern: str, replacement: str) -> None:
    """Replaces the one match of `pattern` in the file `path`; another number of matches is an error."""
    text, count = re.subn(pattern, lambda _: replacement, path.read_text())
    if count != 1:
        raise ValueError(f"{count} matches of {pattern!r} in {path}, not one")
    path.write_text(text)
