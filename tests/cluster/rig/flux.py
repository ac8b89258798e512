"""Flux's source-, kustomize- and helm-controller."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType

from .api import Api
from .controlplane import PROGRAMS
from .processes import Process, answers

ARTIFACT_PORT = 9790
HEALTH_PORTS = {"source-controller": 9440, "kustomize-controller": 9441, "helm-controller": 9442}


def _controller(name: str, folder: Path, logs: Path, api: Api, options: Sequence[str]) -> Process:
    home = folder / name
    home.mkdir()
    port = HEALTH_PORTS[name]
    command: list[str | Path] = [
        *(PROGRAMS / name, "--metrics-addr=0", f"--health-addr=127.0.0.1:{port}"),
        *("--requeue-dependency=1s", "--watch-all-namespaces=true"),
    ]
    if name != "source-controller":
        # Without it a fix waits until the health check of the broken revision has timed out.
        command += ["--feature-gates=CancelHealthCheckOnNewRevision=true"]
    else:
        (home / "artifacts").mkdir()
        command += [
            f"--storage-path={home / 'artifacts'}",
            f"--storage-addr=127.0.0.1:{ARTIFACT_PORT}",
            f"--storage-adv-addr=127.0.0.1:{ARTIFACT_PORT}",
        ]
    environment = {
        "KUBECONFIG": str(api.kubeconfig),
        "RUNTIME_NAMESPACE": "flux-system",
        "TMPDIR": str(home),
        "HOME": str(home),
    }
    # The last of an option given twice counts.
    command += options
    return Process(name, command, logs, answers(f"http://127.0.0.1:{port}/readyz"), environment)


@contextmanager
def flux(
    folder: Path,
    logs: Path,
    api: Api,
    options: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Iterator[dict[str, Process]]:
    """The controllers by name, in namespace flux-system as far as they know.

    options: more arguments, by controller.
    """
    folder.mkdir()
    api.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "flux-system"}}])
    controllers = {
        name: _controller(name, folder, logs, api, options.get(name, ())) for name in HEALTH_PORTS
    }
    with ExitStack() as stack:
        for controller in controllers.values():
            controller.launch()
            stack.callback(controller.stop)
        for controller in controllers.values():
            controller.wait_ready()
        yield controllers
