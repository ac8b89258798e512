"""An OCI registry, and charts pushed to it the way a release does."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .controlplane import BOX, TOOLS
from .processes import Process, answers

PORT = 5000
ADDRESS = f"127.0.0.1:{PORT}"
HELM = TOOLS / "bin" / "helm4"


@dataclass(frozen=True)
class Registry:
    """`process` may be stopped: it forgets every tag then. `folder` holds its blobs."""

    process: Process
    folder: Path

    def lose_everything(self) -> None:
        """Starts it anew on an empty disk."""
        self.process.stop()
        shutil.rmtree(self.folder)
        self.folder.mkdir()
        self.process.start()

    def push_chart(self, chart: Path, version: str) -> None:
        """Packages a chart under a version and pushes it to charts/<its name>."""
        with tempfile.TemporaryDirectory() as folder:
            package = [
                str(HELM),
                "package",
                str(chart),
                "--version",
                version,
                "--destination",
                folder,
            ]
            subprocess.run(package, check=True, capture_output=True)
            (archive,) = Path(folder).iterdir()
            push = [str(HELM), "push", str(archive), f"oci://{ADDRESS}/charts", "--plain-http"]
            subprocess.run(push, check=True, capture_output=True)


@contextmanager
def registry(folder: Path, logs: Path) -> Iterator[Registry]:
    """An empty registry until the block ends."""
    folder.mkdir()
    command = [BOX, "registry", ADDRESS, folder]
    with Process("registry", command, logs, answers(f"http://{ADDRESS}/v2/")) as process:
        yield Registry(process, folder)
