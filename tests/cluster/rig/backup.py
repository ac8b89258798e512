"""Backups: VolSync with its restic mover, and the S3 server that keeps what it saves."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .api import Api
from .controlplane import TOOLS
from .processes import Process, answers, listens
from .runtime import make_image, make_layer
from .sandbox import ADDRESS

REPOSITORY = Path(__file__).parents[3]
PROGRAMS = TOOLS / "backup"
HEALTH_PORT, STORE_PORT = 9470, 9000
MOVER = "localhost/volsync-mover:1"
BUCKET = f"s3:http://{ADDRESS}:{STORE_PORT}/backups"


def make_mover(folder: Path) -> Path:
    """An archive of the image that VolSync runs for each backup: restic and VolSync's own script."""
    base = subprocess.run(
        [REPOSITORY / "tools/image.sh", "base"], check=True, capture_output=True, text=True
    ).stdout.strip()
    files = {
        PROGRAMS / "restic": "usr/local/bin/restic",
        PROGRAMS / "mover.sh": "mover-restic/entry.sh",
    }
    folder.mkdir()
    layer = make_layer(folder / "mover-layer.tar", files)
    settings = {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin"]}
    return make_image(folder / "mover.tar", MOVER, [Path(base), layer], settings)


def _store(logs: Path) -> Process:
    command = [
        *(PROGRAMS / "gofakes3", "-backend", "memory", "-initialbucket", "backups", "-quiet"),
        *("-host", f"{ADDRESS}:{STORE_PORT}"),
    ]
    return Process("s3", command, logs, listens(STORE_PORT, ADDRESS))


def _volsync(logs: Path, api: Api) -> Process:
    command = [
        *(PROGRAMS / "volsync", "--metrics-bind-address=0", "--metrics-secure=false"),
        f"--health-probe-bind-address=127.0.0.1:{HEALTH_PORT}",
    ]
    environment = {
        "KUBECONFIG": str(api.kubeconfig),
        "VOLSYNC_NAMESPACE": "volsync-system",
        "RELATED_IMAGE_RESTIC_CONTAINER": MOVER,
    }
    healthy = answers(f"http://127.0.0.1:{HEALTH_PORT}/readyz")
    return Process("volsync", command, logs, healthy, environment)


@contextmanager
def backups(logs: Path, api: Api) -> Iterator[Process]:
    """VolSync at work until the block ends; the image `make_mover` makes must be loaded."""
    with _store(logs), _volsync(logs, api) as process:
        yield process
