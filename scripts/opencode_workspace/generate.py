"""Brings the generated files on disk in line with the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from opencode_workspace import files, kustomization, schema, substitution, tree, yamlio
from opencode_workspace.catalogue import SCHEMA_NAME, Catalogue, Workspace
from opencode_workspace.chart import Chart
from opencode_workspace.errors import EXIT_FINDINGS, UserError, UserErrors
from opencode_workspace.mistakes import Mistake
from opencode_workspace.values import workspace_values
from opencode_workspace.violation import Steps, Violation

_QUOTED = re.compile(r"'([^']+)'")


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
    _check_values(catalogue, _chart(catalogue))
    return compare(catalogue)


def compare(catalogue: Catalogue) -> Plan:
    """As `plan`, whatever the chart's schema says of the values."""
    chart = _chart(catalogue)
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


def _chart(catalogue: Catalogue) -> Chart:
    chart = Chart(catalogue.chart_path)
    chart.check_version(catalogue.chart["version"], catalogue.path)
    return chart


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
    (data,) = yamlio.parse(text, str(catalogue.path))
    mistakes = [
        UserError(
            problem,
            f"{catalogue.path}:{yamlio.line_of(text, place)}",
            remedy,
            exit_code=EXIT_FINDINGS,
        )
        for workspace in catalogue.workspaces
        for place, problem, remedy in _mistakes(catalogue, chart, workspace, data)
    ]
    if mistakes:
        raise UserErrors(mistakes)


def _mistakes(
    catalogue: Catalogue, chart: Chart, workspace: Workspace, data: Mapping[str, Any]
) -> Iterator[Mistake]:
    """What is wrong with one workspace's values. data: the catalogue as it is written."""
    try:
        values = _substituted_values(catalogue, workspace, chart)
    except UserError as error:
        yield Mistake(("workspaces", workspace.name), error.what, error.remedy)
        return
    for violation in schema.validate(schema.coalesce(chart.values, values), chart.schema):
        yield Mistake(
            _place(data, workspace, violation),
            f"{violation.json_pointer or 'the values'}: {violation.message}",
            f"The values of {workspace.app} fail the chart's schema",
        )


def _substituted_values(
    catalogue: Catalogue, workspace: Workspace, chart: Chart
) -> Mapping[str, Any]:
    """The values as Helm gets them: a variable may stand for a number."""
    post_build = tree.kustomization(catalogue, workspace)["spec"]["postBuild"]
    variables = {**catalogue.variables, **post_build["substitute"]}
    values = workspace_values(catalogue, workspace, chart.values)
    applied = substitution.apply({"spec": {"values": values}}, variables, strict=True)
    found: Mapping[str, Any] = applied["spec"]["values"]
    return found


def _place(data: Mapping[str, Any], workspace: Workspace, violation: Violation) -> Steps:
    """Where the catalogue says what the schema refuses: in a workspace's values, the defaults', or its other fields."""
    entry: Steps = ("workspaces", workspace.name)
    # The schema names a field that it does not know, at the object that holds it.
    named = [(*violation.pointer, name) for name in _QUOTED.findall(violation.message)]
    for pointer in (*named, violation.pointer):
        for above in (entry, ("defaults",)):
            place = (*above, "values", *pointer)
            if pointer and _holds(data, place):
                return place
    return entry


def _holds(value: Any, pointer: Steps) -> bool:
    for step in pointer:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return False
    return True
