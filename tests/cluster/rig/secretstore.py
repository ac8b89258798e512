"""external-secrets with its real Doppler provider."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .api import Api
from .controlplane import TOOLS
from .doppler import Doppler
from .processes import Process, answers

METRICS_PORT, LIVE_PORT = 9460, 9461


@contextmanager
def external_secrets(logs: Path, api: Api, store: Doppler) -> Iterator[Process]:
    """The controller, which takes `store` for Doppler."""
    command = [
        *(TOOLS / "bin" / "external-secrets", f"--metrics-addr=127.0.0.1:{METRICS_PORT}"),
        *(f"--live-addr=127.0.0.1:{LIVE_PORT}", "--enable-leader-election=false"),
    ]
    environment = {
        "KUBECONFIG": str(api.kubeconfig),
        "DOPPLER_BASE_URL": store.url,
        "DOPPLER_VERIFY_TLS": "false",
    }
    healthy = answers(f"http://127.0.0.1:{LIVE_PORT}/healthz")
    with Process("external-secrets", command, logs, healthy, environment) as process:
        yield process
