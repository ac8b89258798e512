"""What a Go module of tools builds, and in which version."""

from __future__ import annotations

import re
from collections.abc import Iterator


def programs(module: str) -> Iterator[tuple[str, str]]:
    """Names and versions of the programs that the `tool` lines of a go.mod, given as text, ask for.

    ValueError: a tool is of no module that is required.
    """
    required = dict(re.findall(r"(?m)^(?:require )?\s*(\S+) (v\S+)", module))
    block = "".join(re.findall(r"(?ms)^tool \((.*?)^\)", module)).split()
    for path in [*block, *re.findall(r"(?m)^tool ([^\s(]+)$", module)]:
        # A package is of the module with the longest path that begins its own.
        found = max((each for each in required if f"{path}/".startswith(f"{each}/")), key=len)
        yield path.removesuffix("/cmd").rpartition("/")[2], required[found]
