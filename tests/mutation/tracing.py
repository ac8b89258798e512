"""What a test reaches: lines of the package's modules, or commands of the pod's scripts."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from tests.mutation import modules, shellcover, targets
from tests.mutation.messages import Trace

# Beside the copy of the project, where every uid can write.
FILES = {Path(name).name: Path(f"../reached/{Path(name).name}") for name in targets.SCRIPTS}


def instrumented() -> dict[str, str]:
    """Texts of the scripts that report what they reach, by path."""
    return {
        name: shellcover.instrumented(Path(name).read_text(), FILES[Path(name).name].resolve())
        for name in targets.SCRIPTS
    }


@contextlib.contextmanager
def recording(trace: Trace) -> Iterator[set[tuple[str, int]]]:
    """Fills the set with (file, line) or (file, offset) until the block ends."""
    reached: set[tuple[str, int]] = set()
    if trace == "python":
        with _lines(reached):
            yield reached
    elif trace == "shell":
        for file in FILES.values():
            file.parent.mkdir(exist_ok=True)
            file.parent.chmod(0o777)
            file.write_text("")
            file.chmod(0o666)
        yield reached
        for name in targets.SCRIPTS:
            said = FILES[Path(name).name].read_text().split()
            reached |= {(name, int(offset)) for offset in said if offset.isdigit()}
    else:
        yield reached


@contextlib.contextmanager
def _lines(reached: set[tuple[str, int]]) -> Iterator[None]:
    # What an earlier test has left in a cache would hide what this one reaches.
    modules.forget("opencode_workspace")
    root = Path.cwd()
    names = {str(root / name): name for name in targets.MODULES}

    def enter(frame: FrameType, event: str, _: Any) -> Any:
        name = names.get(frame.f_code.co_filename)
        if name is None:
            return None
        reached.add((name, frame.f_lineno))

        def line(frame: FrameType, event: str, _: Any) -> Any:
            reached.add((name, frame.f_lineno))
            return line

        return line

    before = sys.gettrace()
    threading.settrace(enter)
    sys.settrace(enter)
    try:
        yield
    finally:
        sys.settrace(before)
        threading.settrace(None)
