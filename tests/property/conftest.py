"""Profiles of hypothesis, and projects that an example may damage."""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import helm
from opencode_workspace.errors import UserError
from tests.property import profiles
from tests.property.project import Project

profiles.register()

Outcome = tuple[helm.Manifest, ...] | UserError

_outcomes = helm.outcomes


@pytest.fixture(scope="session")
def project(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of flux/ and the chart; what an example changes, it puts back."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("flux", "charts"):
        shutil.copytree(repository / name, folder / name)
    return Project(folder)


@pytest.fixture
def _equal_releases_are_rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most examples leave the release as it is, and Helm takes longer than everything else."""

    def outcomes(jobs: Iterable[helm.Job], **options: Any) -> Iterator[Outcome]:
        for job in jobs:
            yield _outcome(job.chart, job.release, json.dumps(job.values, sort_keys=True))

    monkeypatch.setattr(helm, "outcomes", outcomes)


@functools.lru_cache(maxsize=256)
def _outcome(chart: Path, release: helm.Release, values: str) -> Outcome:
    (found,) = _outcomes([helm.Job(chart, release, json.loads(values))], engine="embedded")
    return found
