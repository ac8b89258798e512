"""Runs side by side: a cluster waits more than it computes, so some share a machine well."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import IO

from .sandbox import end, end_with_parent, wait


def side_by_side(commands: Sequence[Sequence[str]]) -> int:
    """Runs all at once; gives the first exit code that is not 0.

    The first prints as it goes; what each of the others prints follows as a whole. All get SIGTERM when
    this process ends before they do.
    """
    signal.signal(signal.SIGTERM, end)
    follow = partial(end_with_parent, signal.SIGTERM)
    with ExitStack() as stack:
        outputs: list[IO[bytes] | None] = [None]
        outputs += [stack.enter_context(tempfile.TemporaryFile()) for _ in commands[1:]]
        running = [
            subprocess.Popen(command, stdout=output, stderr=output, preexec_fn=follow)
            for command, output in zip(commands, outputs, strict=True)
        ]
        try:
            codes = [wait(process) for process in running]
        finally:
            for process in running:
                process.terminate()
            for process, output in zip(running, outputs, strict=True):
                process.wait()
                if output:
                    output.seek(0)
                    os.write(1, output.read())
    return next((code % 256 for code in codes if code), 0)
