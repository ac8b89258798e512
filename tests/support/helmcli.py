"""The Helm command lines that the embedded engine is compared with."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import yamlio
from tests.support.manifests import Document, Manifests

REPOSITORY = Path(__file__).parents[2]
CLIS = ("helm3", "helm4")
# Helm as a library is Helm 4: of its command, no more is asked in a hurry than whether it works at all.
EACH_CLI = ("helm3", pytest.param("helm4", marks=pytest.mark.slow))

# Without a cluster Helm takes the version it was built for, or an ancient one.
_KUBE_VERSION = "1.37.0"


class HelmRefusedError(Exception):
    """Helm ended with an error; str() is what it said."""


def binary(cli: str) -> Path:
    """Path of `helm3` or `helm4`: from OPENCODE_WORKSPACE_HELM3 or _HELM4, or where `make tools` puts it.

    Raises FileNotFoundError, which fails the test: without it nothing is compared.
    """
    variable = f"OPENCODE_WORKSPACE_{cli.upper()}"
    path = Path(os.environ.get(variable) or REPOSITORY / ".cache/tools/bin" / cli)
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"{path} is not there: run `make tools`, or set {variable}")
    return path


def template(
    cli: str, chart: Path, values: Mapping[str, Any], *, name: str, namespace: str
) -> Manifests:
    """Objects, hooks among them, that `helm template` prints. Raises HelmRefusedError."""
    text = template_text(cli, chart, values, name=name, namespace=namespace)
    documents: list[Document] = yamlio.parse_rendered(text, f"{cli} template")
    return Manifests(documents)


def template_text(
    cli: str, chart: Path, values: Mapping[str, Any], *arguments: str, name: str, namespace: str
) -> str:
    """What `helm template`, with more `arguments`, prints. Raises HelmRefusedError."""
    release = (name, str(chart), "--namespace", namespace)
    return _run(cli, "template", *release, *arguments, values=values)


def _run(cli: str, *arguments: str, values: Mapping[str, Any]) -> str:
    with tempfile.TemporaryDirectory() as home:
        kept = {key: value for key, value in os.environ.items() if key in ("PATH", "TMPDIR")}
        homes = {f"HELM_{kind}_HOME": home for kind in ("CACHE", "CONFIG", "DATA")}
        done = subprocess.run(
            [binary(cli), *arguments, "--kube-version", _KUBE_VERSION, "--values", "-"],
            # Helm reads JSON as YAML, in which some of its texts mean something else.
            input=yamlio.dump(values),
            env={**kept, **homes, "HOME": home},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise HelmRefusedError(done.stderr.strip())
    return done.stdout


def package(cli: str, chart: Path, folder: Path) -> Path:
    """The archive of `chart` that `helm package` writes into `folder`."""
    command = [str(binary(cli)), "package", str(chart), "--destination", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    (archive,) = folder.glob("*.tgz")
    return archive
