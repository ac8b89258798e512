"""What changes in the cluster between a Git revision and the work tree."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deepdiff import DeepDiff

from opencode_workspace import catalogue as catalogues
from opencode_workspace import flux, helm
from opencode_workspace.catalogue import Catalogue
from opencode_workspace.errors import UserError

Key = tuple[str, str, str]
Objects = Mapping[Key, Mapping[str, Any]]


@dataclass(frozen=True)
class Change:
    """One object that differs.

    key: kind, namespace and name. verb: added, removed or changed. details: one line a changed field.
    """

    key: Key
    verb: str
    details: tuple[str, ...] = ()


def since(revision: str, catalogue_path: Path, *, engine: helm.Engine = "auto") -> list[Change]:
    """Changes from the tree and chart at a Git revision to those in the work tree, sorted by object.

    Raises UserError when the revision does not exist, or either side cannot be rendered.
    """
    repository = _repository(catalogue_path)
    relative = catalogue_path.resolve().relative_to(repository)
    with tempfile.TemporaryDirectory() as folder:
        _export(repository, revision, Path(folder))
        old_path = Path(folder, relative)
        before = {}
        if old_path.exists():
            before = _objects(_with_chart(old_path, repository, catalogue_path), engine)
    return compare(before, _objects(catalogues.load(catalogue_path), engine))


def compare(before: Objects, after: Objects) -> list[Change]:
    """Compares two sets of objects."""
    changes = []
    for key in sorted(before.keys() | after.keys()):
        if key not in before:
            changes.append(Change(key, "added"))
        elif key not in after:
            changes.append(Change(key, "removed"))
        elif difference := DeepDiff(before[key], after[key], verbose_level=2, view="tree"):
            changes.append(Change(key, "changed", tuple(sorted(_lines(difference)))))
    return changes


def _lines(difference: Any) -> list[str]:
    absent = "nothing"
    lines = []
    for group in difference.values():
        for item in group:
            path = ".".join(str(part) for part in item.path(output_format="list"))
            old = absent if "added" in item.report_type else _short(item.t1)
            new = absent if "removed" in item.report_type else _short(item.t2)
            lines.append(f"{path}: {old} -> {new}")
    return lines


def _short(value: object) -> str:
    text = str(value)
    return repr(text if len(text) <= 60 else f"{text[:57]}...") if isinstance(value, str) else text


def _with_chart(old_path: Path, repository: Path, new_path: Path) -> Catalogue:
    """The old catalogue; a chart outside the repository is not in its history, and taken as it is."""
    old = catalogues.load(old_path)
    chart = (new_path.resolve().parent / old.chart["path"]).resolve()
    if chart.is_relative_to(repository):
        return old
    return replace(old, chart={**old.chart, "path": str(chart)})


def _objects(catalogue: Catalogue, engine: helm.Engine) -> dict[Key, Mapping[str, Any]]:
    cluster = flux.reconcile(catalogue, engine=engine)
    documents = [*cluster.shared, *(d for r in cluster.reconciliations for d in r.objects)]
    return {
        (d["kind"], d["metadata"].get("namespace", ""), d["metadata"]["name"]): d for d in documents
    }


def _repository(path: Path) -> Path:
    top = _git(path.resolve().parent, "rev-parse", "--show-toplevel")
    return Path(top.decode().strip())


def _export(repository: Path, revision: str, folder: Path) -> None:
    archive = _git(repository, "archive", "--format=tar", "--end-of-options", revision)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            # A link may lead out of the folder; Flux drops links as well.
            content = tar.extractfile(member) if member.isfile() else None
            if content is not None:
                target = folder / member.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read())


def _git(folder: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, check=False
        )
    except FileNotFoundError:
        raise UserError("git is not installed", remedy="Install git") from None
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace").strip().splitlines()
        raise UserError(
            f"git {arguments[0]} failed: {reason[0] if reason else done.returncode}",
            str(folder),
            "Give a revision of the repository that holds the catalogue",
        )
    return done.stdout
