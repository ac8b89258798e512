"""The chart on disk, as far as it can be known without Helm."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from opencode_workspace import yamlio
from opencode_workspace.errors import UserError


@dataclass(frozen=True)
class Chart:
    """A chart's folder. Each property raises UserError when its file cannot be read."""

    path: Path

    @cached_property
    def version(self) -> str:
        """`version` of Chart.yaml."""
        if not (self.path / "Chart.yaml").is_file():
            raise UserError(
                "there is no chart",
                str(self.path),
                "Set chart.path in the catalogue to the chart's folder",
            )
        return str(yamlio.load_one(self.path / "Chart.yaml")["version"])

    @cached_property
    def values(self) -> dict[str, Any]:
        """values.yaml: the defaults."""
        values: dict[str, Any] = yamlio.load_one(self.path / "values.yaml")
        return values

    @cached_property
    def schema(self) -> dict[str, Any]:
        """values.schema.json."""
        path = self.path / "values.schema.json"
        try:
            schema: dict[str, Any] = json.loads(yamlio.read_text(path))
        except json.JSONDecodeError as error:
            raise UserError(
                f"this is not JSON: {error.msg}", f"{path}:{error.lineno}", "Restore the file"
            ) from None
        return schema

    def check_version(self, deployed: str, catalogue: Path) -> None:
        """Raises UserError unless this is the version that the catalogue deploys."""
        if self.version != deployed:
            raise UserError(
                f"the chart on disk has version {self.version}, the catalogue deploys {deployed}",
                str(catalogue),
                "Set chart.version to it and run `opencode-workspace generate`, "
                "or check out the chart that is deployed",
            )
