"""The chart on disk, as far as it can be known without Helm."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from opencode_workspace import schemarules, yamlio
from opencode_workspace.errors import UserError, UserErrors


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
        path = self.path / "Chart.yaml"
        metadata = yamlio.load_one(path)
        if not isinstance(metadata, dict) or not isinstance(metadata.get("version"), str):
            raise UserError("it has no version", str(path), "Restore the file")
        version: str = metadata["version"]
        return version

    @cached_property
    def values(self) -> dict[str, Any]:
        """values.yaml: the defaults."""
        path = self.path / "values.yaml"
        values = yamlio.load_one(path)
        if not isinstance(values, dict):
            raise UserError("the values are not a map", str(path), "Restore the file")
        return values

    @cached_property
    def schema(self) -> dict[str, Any]:
        """values.schema.json."""
        path = self.path / "values.schema.json"
        try:
            schema, errors = schemarules.read(yamlio.read_text(path))
        except json.JSONDecodeError as error:
            raise UserError(
                f"this is not JSON: {error.msg}", f"{path}:{error.lineno}", "Restore the file"
            ) from None
        if not isinstance(schema, dict) or "properties" not in schema:
            raise UserError("this is not a schema of values", str(path), "Restore the file")
        mistakes = [
            UserError(f"{mistake.json_pointer}: {mistake.message}", str(path), "Restore the file")
            for mistake in errors
        ]
        if mistakes:
            raise UserErrors(mistakes)
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
