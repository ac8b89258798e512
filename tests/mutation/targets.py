"""What is mutated, how, and which tests may notice: one group for each kind of file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.mutation import documents, modules, shell, templates
from tests.mutation.messages import Trace
from tests.mutation.mutant import Change, Mutant, mutants

CHART = "charts/opencode-workspace"
SCRIPTS = tuple(f"{CHART}/files/{name}.sh" for name in ("bootstrap", "serve", "door"))
# Those that write the tree, or the catalogue it comes from, and decide what stands in them.
MODULES = tuple(
    f"scripts/opencode_workspace/{name}.py"
    for name in (
        "tree",
        "values",
        "catalogue",
        "mistakes",
        "generate",
        "yamldump",
        "plain",
        "files",
        "edit",
        "editor",
        "scalars",
        "repository",
    )
)


@dataclass(frozen=True)
class Group:
    """Files with operators of their own.

    files: paths, with wild cards, relative to the project's root. tests: folders or files of the
    tests that may notice a mutant. first: how the names of those begin that notice most. trace: how to
    know which tests reach a mutant; without it all are tried. lasting: whether one process may try
    many, because the tests keep nothing of a file but rendered charts, which can be dropped.
    """

    name: str
    files: tuple[str, ...]
    changes: Callable[[str], Iterator[Change]]
    tests: tuple[str, ...]
    first: str = ""
    trace: Trace = ""
    lasting: bool = False

    def mutants(self, root: Path) -> Iterator[Mutant]:
        """Every mutant of the group's files below `root`."""
        for pattern in self.files:
            for path in sorted(root.glob(pattern)):
                if path.is_file():
                    name = path.relative_to(root).as_posix()
                    yield from mutants(name, path.read_text(), self.changes(path.read_text()))


_TEMPLATES = (f"{CHART}/templates/**/*.yaml", f"{CHART}/templates/**/*.tpl")
_GOLDEN = "tests/golden/test_goldens.py::test_the_release_is_the_one_that_was_kept"
_TREE = "tests/package/test_kept_trees.py"
_NOTES = ("tests/chart/test_notes.py", "tests/chart/test_first_of_many.py")
_VOLSYNC = "tests/flux/test_volsync.py"
_CHART_TESTS = ("tests/golden", "tests/chart", "tests/stability")
# Those that reach the modules in question.
_PACKAGE_TESTS = (
    "tests/flux",
    "tests/editor",
    "tests/package/test_bad_input.py",
    "tests/package/test_catalogue.py",
    "tests/package/test_cli.py",
    "tests/package/test_comparison.py",
    "tests/package/test_edit.py",
    "tests/package/test_files.py",
    "tests/package/test_files_faults.py",
    "tests/package/test_files_undone.py",
    "tests/package/test_generate.py",
    "tests/package/test_interrupts.py",
    "tests/package/test_kept_trees.py",
    "tests/package/test_plain.py",
    "tests/package/test_repository.py",
    "tests/package/test_scalars.py",
    "tests/package/test_tree.py",
    "tests/package/test_yamlio.py",
    "tests/package/test_yamlio_dump.py",
)
GROUPS = (
    Group("chart", _TEMPLATES, templates.changes, _CHART_TESTS, _GOLDEN, lasting=True),
    Group("notes", (f"{CHART}/templates/NOTES.txt",), templates.changes, _NOTES, lasting=True),
    Group(
        "values", (f"{CHART}/values.yaml",), documents.changes, _CHART_TESTS, _GOLDEN, lasting=True
    ),
    Group("flux", ("flux/templates/**/*.yaml",), documents.changes, ("tests/flux",), _VOLSYNC),
    Group("scripts", SCRIPTS, shell.changes, ("tests/scripts",), trace="shell"),
    Group("python", MODULES, modules.changes, _PACKAGE_TESTS, _TREE, trace="python"),
)
