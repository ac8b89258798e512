"""A project on disk that a test damages and mends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Project:
    """A folder with `flux` and `charts` in it."""

    folder: Path

    @property
    def catalogue(self) -> Path:
        """The catalogue of its workspaces."""
        return self.folder / "flux/workspaces.yaml"

    @property
    def schema(self) -> Path:
        """The chart's values.schema.json."""
        return self.folder / "charts/opencode-workspace/values.schema.json"

    @contextmanager
    def holding(self, content: dict[Path, bytes]) -> Iterator[None]:
        """While it lasts the files, which exist, have this content."""
        before = {path: path.read_bytes() for path in content}
        try:
            for path, data in content.items():
                path.write_bytes(data)
            yield
        finally:
            for path, data in before.items():
                path.write_bytes(data)
