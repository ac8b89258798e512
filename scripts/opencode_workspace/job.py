"""What a Helm engine is asked for, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from opencode_workspace.manifests import Manifest

__all__ = ["Backend", "Job", "Manifest", "Release"]


class Release(NamedTuple):
    """Name of a Helm release, and the namespace it is installed in."""

    name: str
    namespace: str


class Job(NamedTuple):
    """A release to render. chart: a chart's directory or .tgz archive. values: JSON-like."""

    chart: Path
    release: Release
    values: Mapping[str, Any]

    @property
    def place(self) -> str:
        """The release, for messages."""
        return f"release {self.release.namespace}/{self.release.name}"


class Backend(Protocol):
    """A way to run Helm."""

    def render(self, job: Job) -> tuple[Manifest, ...]:
        """Manifests of a release; UserError with every mistake. Called from several threads."""
        ...

    def close(self) -> None:
        """Frees what the backend holds."""
        ...
