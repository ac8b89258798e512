"""Renders with Helm as a library: the helm-python-sdk wheel, 80 MB that are loaded when needed."""

from __future__ import annotations

import ctypes
import importlib.util
import io
import json
import os
import tarfile
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from opencode_workspace import manifests, schema, schemarules
from opencode_workspace.errors import UserError
from opencode_workspace.job import Job, Manifest
from opencode_workspace.refusal import refusal

_INSTALL = "Run `pip install 'opencode-workspace[embedded]'`, or use the engine `cli`"


def is_installed() -> bool:
    """Whether the wheel is there; it is not loaded."""
    return importlib.util.find_spec("helm_python") is not None


class Embedded:
    """Renders in this process; each chart is read once, unless it has sub-charts.

    many: prepare for many releases of one chart. Helm compiles the schema anew for each release,
    which takes longer than everything else; so values are checked here, and by Helm only when
    they fail. validated: they have been checked before.
    """

    def __init__(
        self,
        kube_version: str,
        api_versions: Sequence[str],
        *,
        hooks: bool,
        many: bool,
        validated: bool = False,
    ) -> None:
        if many:
            # Go reads it when the library is loaded: a tenth of the time, for a few dozen megabytes.
            os.environ.setdefault("GOGC", "400")
        self._validated = validated
        self._library = _Library({"kube_version": kube_version, "api_versions": [*api_versions]})
        self._hooks = hooks
        self._many = many
        self._charts: dict[Path, _Chart] = {}
        self._checked: set[Path] = set()
        self._lock = threading.Lock()

    def render(self, job: Job) -> tuple[Manifest, ...]:
        """Manifests of the release; UserError with every mistake that Helm or the chart names."""
        try:
            rendered = self.templates(job)
        except self._library.error as error:
            raise refusal(str(error), job) from None
        return manifests.from_templates(rendered, hooks=self._hooks)

    def templates(self, job: Job) -> dict[str, str]:
        """What each template gives, by its path; helm_python.HelmError in Helm's own words."""
        values = json.dumps(job.values)
        self._library.check_name(job.release.name)
        return self._chart(job, values).render(job, values)

    def forget(self) -> None:
        """Has every chart read anew: its templates or default values have changed."""
        for chart in self._charts.values():
            chart.close()
        self._charts.clear()

    def close(self) -> None:
        """Frees what the library holds."""
        self.forget()
        self._library.close()

    def _chart(self, job: Job, values: str) -> _Chart:
        with self._lock:
            if job.chart not in self._charts:
                self._charts[job.chart] = _Chart(
                    self._library, job.chart, many=self._many, validated=self._validated
                )
            if job.chart not in self._checked:
                # An installation that stops short of the cluster checks what rendering does not:
                # kubeVersion, missing dependencies, library charts.
                self._library.install(job, values, validated=self._validated)
                self._checked.add(job.chart)
            return self._charts[job.chart]


class _Chart:
    """A chart in memory, and a copy without its schema if values are to be checked here."""

    def __init__(self, library: _Library, path: Path, *, many: bool, validated: bool) -> None:
        self._validated = validated
        self._library = library
        self._path = path
        self._handle = library.load(path)
        # Rendering drops disabled sub-charts from the loaded chart for good.
        self._reusable = not library.ask("helm_chart_dependencies", self._handle)
        self._bare: int | None = None
        if many and self._reusable:
            self._schema, errors = schemarules.read(library.text("helm_chart_schema", self._handle))
            self._defaults = library.ask("helm_chart_values", self._handle) or {}
            if isinstance(self._schema, dict) and not errors:
                self._bare = library.load_archive(_without_schema(library.archive(self._handle)))

    def render(self, job: Job, values: str) -> dict[str, str]:
        """Rendered templates by path."""
        if not self._reusable:
            handle = self._library.load(self._path)
            try:
                return self._library.render(handle, job, values)
            finally:
                self._library.free(handle)
        if self._bare is not None and (self._validated or self._fits(job.values)):
            return self._library.render(self._bare, job, values)
        return self._library.render(self._handle, job, values)

    def _fits(self, values: Mapping[str, Any]) -> bool:
        return not schema.validate(schema.coalesce(self._defaults, values), self._schema)

    def close(self) -> None:
        for handle in (self._handle, self._bare):
            if handle is not None:
                self._library.free(handle)


class _Library:
    """The few functions of the wheel that are needed, with options its public classes lack."""

    def __init__(self, capabilities: Mapping[str, Any]) -> None:
        try:
            from helm_python import HelmError, _native
        except ImportError as error:
            raise UserError(
                f"Helm as a library is not installed: {error}", remedy=_INSTALL
            ) from None
        except Exception as error:
            # The exception's class comes from the module whose import failed.
            raise UserError(
                f"Helm as a library cannot be loaded: {error}", remedy=_INSTALL
            ) from None
        self.error: type[Exception] = HelmError
        self._native = _native
        self._capabilities = capabilities
        self._config = _native.call_handle("helm_config_new", '{"storage_driver": "memory"}')

    def load(self, chart: Path) -> int:
        return int(self._native.call_handle("helm_chart_load", str(chart)))

    def load_archive(self, data: bytes) -> int:
        buffer = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
        return int(self._native.call_handle("helm_chart_load_archive", buffer, len(data)))

    def archive(self, chart: int) -> bytes:
        with tempfile.TemporaryDirectory() as directory:
            path = self._native.call_string("helm_chart_save", self._pointer(chart), directory)
            return Path(path).read_bytes()

    def ask(self, function: str, chart: int) -> Any:
        return json.loads(self.text(function, chart))

    def text(self, function: str, chart: int) -> str:
        return str(self._native.call_string(function, self._pointer(chart)))

    def check_name(self, name: str) -> None:
        self._native.call_status("helm_release_name_validate", name)

    def install(self, job: Job, values: str, *, validated: bool) -> None:
        options = {
            **self._capabilities,
            "dry_run": "client",
            "namespace": job.release.namespace,
            "skip_schema_validation": validated,
        }
        self._native.call_string(
            "helm_install",
            *(self._pointer(self._config), self._pointer(0), self._pointer(0)),
            *(str(job.chart), job.release.name, values, json.dumps(options)),
        )

    def render(self, chart: int, job: Job, values: str) -> dict[str, str]:
        options = {**self._capabilities, **job.release._asdict(), "is_install": True}
        text = self._native.call_string(
            "helm_render", self._pointer(chart), values, json.dumps(options)
        )
        rendered: dict[str, str] = json.loads(text)
        return rendered

    def free(self, chart: int) -> None:
        self._native.call_status("helm_chart_free", self._pointer(chart))

    def close(self) -> None:
        self._native.call_status("helm_config_free", self._pointer(self._config))

    def _pointer(self, handle: int) -> Any:
        return self._native.HANDLE(handle)


def _without_schema(archive: bytes) -> bytes:
    result = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(archive)) as source,
        tarfile.open(fileobj=result, mode="w:gz", compresslevel=1) as target,
    ):
        for member in source:
            if member.name.partition("/")[2] != "values.schema.json":
                target.addfile(member, source.extractfile(member))
    return result.getvalue()
