"""The shipped tree with the edits of a fixture, and the check run over it."""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import check, editor, generate, helm
from opencode_workspace.chart import Chart
from opencode_workspace.errors import UserError
from opencode_workspace.rules import material, texts, tree
from opencode_workspace.rules.finding import Finding
from tests.rules.fixture import Fixture

Outcome = tuple[helm.Manifest, ...] | UserError


@functools.cache
def _outcome(chart: str, stamp: int, release: helm.Release, values: str) -> Outcome:
    (found,) = _outcomes([helm.Job(Path(chart), release, json.loads(values))])
    return found


_outcomes = helm.outcomes


@pytest.fixture(autouse=True)
def _equal_releases_are_rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most fixtures leave both releases as they are, and Helm takes longer than everything else."""

    def outcomes(
        jobs: Iterable[helm.Job], *, validated: bool, workers: int | None
    ) -> Iterator[Outcome]:
        for job in jobs:
            chart = job.chart.resolve()
            stamp = (chart / "Chart.yaml").stat().st_mtime_ns
            yield _outcome(str(chart), stamp, job.release, json.dumps(job.values, sort_keys=True))

    monkeypatch.setattr(helm, "outcomes", outcomes)


_clean: set[tuple[str, int]] = set()
_search = material._in_text


@pytest.fixture(autouse=True)
def _texts_without_a_key_are_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the files of a tree, a fixture changes one or two."""

    def search(piece: texts.Piece, path: Path) -> list[Finding]:
        if (piece.text, piece.end) in _clean:
            return []
        found = list(_search(piece, path))
        if not found:
            _clean.add((piece.text, piece.end))
        return found

    monkeypatch.setattr(material, "_in_text", search)


_chart = functools.cache(Chart)


@pytest.fixture(autouse=True)
def _the_chart_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its schema is large, and takes as long to prepare as all rules."""
    for module in (tree, generate):
        monkeypatch.setattr(module, "Chart", lambda path: _chart(path.resolve()))
    monkeypatch.setattr(editor, "text", _editor_text)


_editor_texts: dict[tuple[int, int, str], str] = {}
_write_editor_text = editor.text


def _editor_text(schema: Mapping[str, Any], values: Mapping[str, Any], header: str) -> str:
    """As editor.text, once for each chart, which `_chart` keeps: it is the largest file by far."""
    key = (id(schema), id(values), header)
    if key not in _editor_texts:
        _editor_texts[key] = _write_editor_text(schema, values, header)
    return _editor_texts[key]


@pytest.fixture
def project(repository: Path, tmp_path: Path) -> Path:
    """A copy of flux/ beside the chart."""
    shutil.copytree(repository / "flux", tmp_path / "flux")
    (tmp_path / "charts").symlink_to(repository / "charts")
    return tmp_path


@pytest.fixture
def checked(project: Path) -> Callable[[Fixture], check.Report]:
    """Applies a fixture's edits and checks the tree."""

    def run(fixture: Fixture) -> check.Report:
        fixture.apply(project)
        return check.run(project / "flux")

    return run


@pytest.fixture
def home(project: Path) -> Path:
    """A home-ops repository: the tree moved to ./kubernetes, beside other apps, without a catalogue."""
    root = project / "kubernetes"
    shutil.copytree(project / "flux/apps", root / "apps")
    shutil.copytree(project / "flux/templates", root / "templates")
    shutil.rmtree(project / "flux")
    for path in root.rglob("ks.yaml"):
        path.write_text(path.read_text().replace("./flux/apps", "./kubernetes/apps"))
    others = {
        "apps/media/plex/ks.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        "metadata: {name: plex}\nspec:\n  path: ./kubernetes/apps/media/plex/app\n  dependsOn: [{name: x}]\n",
        "apps/media/plex/app/kustomization.yaml": "resources: [./helmrelease.yaml]\n"
        "configMapGenerator: [{name: a, files: [./resources/a.yaml]}]\n",
        "apps/media/plex/app/helmrelease.yaml": "apiVersion: helm.toolkit.fluxcd.io/v2\n"
        "kind: HelmRelease\nmetadata: {name: plex}\nspec: {chartRef: {kind: OCIRepository, name: app-template}}\n",
        "apps/media/plex/app/secret.sops.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: plex}\n"
        "stringData: {TOKEN: 'ENC[AES256_GCM,data:abc]'}\nsops: {version: 3.9.0}\n",
        "apps/home/configuration.yaml": "token: !secret token\n",
        "charts/own/Chart.yaml": "apiVersion: v2\nname: own\nversion: 0.1.0\n",
        "charts/own/templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\n{{- if .Values.a }}\n{{- end }}\n",
    }
    for name, text in others.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return project
