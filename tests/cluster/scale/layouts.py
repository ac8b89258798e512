"""The two ways to say where the chart comes from, made of one generated tree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.rig.workspace import NAMESPACE

SHARED = "opencode-workspace"
Document = dict[str, Any]


def _change(file: Path, change: Callable[[Document], object]) -> None:
    # The generator takes a file for its own by the comments at the head.
    head, mark, text = file.read_text().partition("---\n")
    document = yaml.safe_load(text)
    change(document)
    file.write_text(head + mark + yaml.safe_dump(document, sort_keys=False))


def without_restore(tree: Path) -> None:
    """Claims that are made empty: no VolSync runs that would fill them from a backup first."""
    claim = tree / "flux" / "templates" / "volsync" / "claim.yaml"
    _change(claim, lambda found: found["spec"].pop("dataSourceRef"))


def each(tree: Path) -> None:
    """One OCIRepository for each workspace: what the generator writes."""


def shared(tree: Path) -> None:
    """One OCIRepository for the namespace, which the root Kustomization applies."""
    apps = tree / "flux" / "apps" / NAMESPACE
    for source in sorted(apps.glob("*/app/ocirepository.yaml")):
        folder = source.parent
        document = yaml.safe_load(source.read_text())
        source.unlink()
        document["metadata"] = {"name": SHARED, "namespace": NAMESPACE}
        (apps / "ocirepository.yaml").write_text(yaml.safe_dump(document))
        _change(
            folder / "kustomization.yaml",
            lambda found: found["resources"].remove("./ocirepository.yaml"),
        )
        _change(
            folder / "helmrelease.yaml",
            lambda found: found["spec"]["chartRef"].update(name=SHARED),
        )
        _change(folder.parent / "ks.yaml", _watch_shared)
    if (apps / "ocirepository.yaml").exists():
        _change(
            apps / "kustomization.yaml",
            lambda found: found["resources"].insert(1, "./ocirepository.yaml"),
        )


def _watch_shared(kustomization: Document) -> None:
    for check in kustomization["spec"]["healthChecks"]:
        if check["kind"] == "OCIRepository":
            check["name"] = SHARED


LAYOUTS: dict[str, Callable[[Path], None]] = {"each": each, "shared": shared}
