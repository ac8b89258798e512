"""How-to pages run as they stand: `sh` blocks in one shell, `yaml` blocks as changes of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .desk import Shell
from .fleet import REPOSITORY

PAGES = REPOSITORY / "docs" / "operations"
FENCE = re.compile(r"^ *```(.*)$")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line of the page that it begins at."""

    language: str
    text: str
    line: int


def sections(page: str) -> dict[str, list[Block]]:
    """Blocks of a page by the heading (##) that they stand under, "" before the first."""
    found: dict[str, list[Block]] = {"": []}
    heading, opened, lines = "", None, list[str]()
    for number, line in enumerate(page.splitlines(), start=1):
        fence = FENCE.match(line)
        if fence and opened is None:
            opened, lines = Block(fence[1].strip(), "", number), []
        elif fence and opened:
            found[heading].append(Block(opened.language, "\n".join(lines) + "\n", opened.line))
            opened = None
        elif opened:
            lines.append(line)
        elif line.startswith("## "):
            heading = line.removeprefix("## ")
            found[heading] = []
    assert opened is None, f"the block that line {opened.line} opens has no end"
    return found


def overlay(document: dict[str, Any], change: Mapping[str, Any]) -> None:
    """Puts every value of `change` at its place in `document`."""
    for key, value in change.items():
        if isinstance(value, Mapping) and isinstance(document.get(key), dict):
            overlay(document[key], value)
        else:
            document[key] = value


@dataclass
class HowTo:
    """A page at work; `open` are the headings whose blocks have not run yet."""

    name: str
    shell: Shell
    catalogue: Path
    parts: dict[str, list[Block]]
    open: list[str] = field(default_factory=list)

    def run(self, heading: str = "") -> str:
        """Runs the blocks under a heading; gives what they printed.

        AssertionError that names page and line when a block fails or nobody knows how to run it.
        """
        assert heading in self.parts, f"{self.name} has no section {heading!r}"
        printed = [self._run(block) for block in self.parts[heading]]
        if heading in self.open:
            self.open.remove(heading)
        return "".join(printed)

    def _run(self, block: Block) -> str:
        place = f"{self.name}, line {block.line}"
        if block.language == "sh":
            return self.shell.run(block.text, place)
        assert block.language == "yaml", (
            f"{place}: nobody knows how to run a block of {block.language!r}; write sh or yaml"
        )
        change = yaml.safe_load(block.text)
        document = yaml.safe_load(self.catalogue.read_text())
        assert isinstance(change, dict), f"{place}: this is no mapping"
        assert set(change) <= set(document), f"{place}: the catalogue has no {sorted(change)}"
        overlay(document, change)
        self.catalogue.write_text(yaml.safe_dump(document, sort_keys=False))
        return ""


@contextmanager
def following(page: Path, shell: Shell, catalogue: Path) -> Iterator[HowTo]:
    """The page, ready to run; AssertionError at the end unless every block has been run."""
    parts = sections(page.read_text())
    howto = HowTo(page.name, shell, catalogue, parts, [name for name, has in parts.items() if has])
    assert howto.open, f"{page.name} has no block to run"
    yield howto
    assert not howto.open, f"{page.name}: nothing ran the blocks under {', '.join(howto.open)}"
