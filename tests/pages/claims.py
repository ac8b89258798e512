"""What the tests claim, read from their source: no test is imported or run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
# Words that are written otherwise in a sentence than in the name of a test.
SPELLINGS: dict[str, str] = yaml.safe_load((Path(__file__).parent / "spellings.yaml").read_text())


@dataclass(frozen=True)
class Claim:
    """One test function. group: the first sentence of its module. faults: the rows it belongs to."""

    test: str
    group: str
    sentence: str
    faults: tuple[str, ...]


def claims(folder: Path, root: Path = ROOT) -> list[Claim]:
    """The tests of every test_*.py below a folder, as they stand there; `root` is where names begin.

    ValueError: a module has no docstring.
    """
    return [
        claim
        for file in sorted(folder.rglob("test_*.py"))
        for claim in _of_module(file, ".".join(file.relative_to(root).with_suffix("").parts))
    ]


def sentence(name: str) -> str:
    """The sentence that a test's name is: test_git_is_kept gives `Git is kept`."""
    words = [SPELLINGS.get(word, word) for word in name.removeprefix("test_").strip("_").split("_")]
    text = " ".join(words).replace(" s ", "'s ")
    return text[:1].upper() + text[1:]


def _of_module(file: Path, module: str) -> Iterator[Claim]:
    tree = ast.parse(file.read_text())
    described = ast.get_docstring(tree)
    if not described:
        raise ValueError(f"{file} has no docstring: its first sentence is a heading of a page")
    group = re.split(r"(?<=[.?])\s", described)[0].rstrip(".")
    everywhere = [fault for node in tree.body if _is_pytestmark(node) for fault in _faults(node)]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            own = [fault for decorator in node.decorator_list for fault in _faults(decorator)]
            faults = tuple(dict.fromkeys([*everywhere, *own]))
            yield Claim(f"{module}.{node.name}", group, sentence(node.name), faults)


def _is_pytestmark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"


def _faults(node: ast.AST) -> Iterator[str]:
    """Arguments of every `pytest.mark.fault(…)` in the node."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.fault":
            yield from (ast.literal_eval(argument) for argument in call.args)
