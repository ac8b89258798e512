"""Brings the generated files on disk in line with the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from opencode_workspace import files, kustomization, schema, tree, yamlio
from opencode_workspace.catalogue import SCHEMA_NAME, Catalogue
from opencode_workspace.chart import Chart
from opencode_workspace.errors import EXIT_FINDINGS, UserError, UserErrors
from opencode_workspace.values import workspace_values


@dataclass(frozen=True)
class Plan:
    """What generating would change; paths are relative to the catalogue's folder.

    content: every generated file. missing, stale: files to write. orphaned: generated files that nothing asks for.
    """

    content: Mapping[PurePosixPath, bytes]
    missing: tuple[PurePosixPath, ...]
    stale: tuple[PurePosixPath, ...]
    orphaned: tuple[PurePosixPath, ...]

    @property
    def is_clean(self) -> bool:
        """Whether the files on disk are what the catalogue asks for."""
        return not (self.missing or self.stale or self.orphaned)


def plan(catalogue: Catalogue) -> Plan:
    """Compares the files on disk with those the catalogue asks for.

    Raises UserErrors when a workspace's values fail the chart's schema, and UserError when there is no volume
    template, or a file that was not generated stands in the way.
    """
    chart = Chart(catalogue.chart_path)
    chart.check_version(catalogue.chart["version"], catalogue.path)
    _check_values(catalogue, chart)
    content = tree.files(catalogue, chart.values, chart.schema, _template_kind(catalogue))
    existing = _existing(catalogue)
    for path in content:
        held = existing.get(path)
        if held is not None and path.name != SCHEMA_NAME and not tree.is_generated(catalogue, held):
            raise UserError(
                "the file was not generated, and would be overwritten",
                str(catalogue.directory / path),
                "Move it away, or rename the workspace",
            )
    return Plan(
        content=content,
        missing=tuple(sorted(path for path in content if path not in existing)),
        stale=tuple(
            sorted(path for path, data in content.items() if existing.get(path, data) != data)
        ),
        orphaned=tuple(
            sorted(
                path
                for path, held in existing.items()
                if path not in content and tree.is_generated(catalogue, held)
            )
        ),
    )


def write(catalogue: Catalogue, planned: Plan, text: str | None = None) -> None:
    """Writes the plan, and the catalogue's new text if there is one; on any failure all is as it was."""
    content = dict(planned.content)
    if text is not None:
        content[PurePosixPath(catalogue.path.name)] = text.encode()
    files.replace(catalogue.directory, content, remove=planned.orphaned)


def _template_kind(catalogue: Catalogue) -> str:
    place = catalogue.directory / catalogue.cluster["volumeTemplate"]
    template = kustomization.read(place)
    if template is None:
        raise UserError(
            "the volume template is not there: the folder has no kustomization",
            str(place),
            "Set cluster.volumeTemplate to the folder that makes claim, backup and restore",
        )
    return template.kind


def _existing(catalogue: Catalogue) -> dict[PurePosixPath, bytes]:
    apps = catalogue.directory / "apps"
    found = [path for kind in ("*.yaml", "*.json") for path in apps.rglob(kind) if path.is_file()]
    found += [path for path in [catalogue.directory / SCHEMA_NAME] if path.is_file()]
    relative = {PurePosixPath(path.relative_to(catalogue.directory)): path for path in found}
    return {
        path: place.read_bytes()
        for path, place in relative.items()
        if path.name == SCHEMA_NAME or tree.is_ours(path)
    }


def _check_values(catalogue: Catalogue, chart: Chart) -> None:
    text = yamlio.read_text(catalogue.path)
    mistakes = [
        UserError(
            f"{violation.json_pointer}: {violation.message}",
            f"{catalogue.path}:{yamlio.line_of(text, ('workspaces', workspace.name))}",
            f"The values of {workspace.app} fail the chart's schema",
            exit_code=EXIT_FINDINGS,
        )
        for workspace in catalogue.workspaces
        for violation in schema.validate(
            schema.coalesce(chart.values, workspace_values(catalogue, workspace, chart.values)),
            chart.schema,
        )
    ]
    if mistakes:
        raise UserErrors(mistakes)
