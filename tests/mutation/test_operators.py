"""What do the operators make of a text, and where does a mutant lie?"""

from __future__ import annotations

import importlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import yamlio
from tests.mutation import documents, modules, shell, shellcover, targets, templates
from tests.mutation.mutant import Change, mutants

CASES: dict[str, Any] = yamlio.load_one(Path(__file__).with_name("operators.yaml"))
OPERATORS: dict[str, Callable[[str], Iterator[Change]]] = {
    "templates": templates.changes,
    "documents": documents.changes,
    "shell": shell.changes,
    "modules": modules.changes,
}


@pytest.mark.parametrize("kind", OPERATORS)
def test_operators_make_these_mutants_and_no_other(kind: str) -> None:
    for case in CASES[kind]:
        made = [
            case["text"][: change.start] + change.new + case["text"][change.end :]
            for change in OPERATORS[kind](case["text"])
        ]
        assert sorted(made) == sorted(case["makes"]), case["text"]


def test_every_file_of_every_group_has_mutants(repository: Path) -> None:
    for group in targets.GROUPS:
        files = {mutant.file for mutant in group.mutants(repository)}
        assert files, group.name
        for pattern in group.files:
            for path in repository.glob(pattern):
                name = path.relative_to(repository).as_posix()
                assert name in files or path.is_dir(), f"nothing in {name} is mutated"


@pytest.mark.slow
def test_a_mutant_of_a_module_can_be_compiled(repository: Path) -> None:
    (group,) = (group for group in targets.GROUPS if group.name == "python")
    for mutant in group.mutants(repository):
        compile(mutant.mutated, mutant.file, "exec")


def test_a_mutant_is_named_by_its_lines_wherever_they_are() -> None:
    (first,) = mutants("f", "a\nb\n", [Change("op", 2, 3, "c")])
    (later,) = mutants("f", "new\na\nb\n", [Change("op", 6, 7, "c")])
    assert (first.number, later.number) == (2, 3)
    assert first.key == later.key == ("f", "op", "b", "c")


def test_what_changes_nothing_is_no_mutant() -> None:
    assert list(mutants("f", "a\n", [Change("op", 0, 1, "a")])) == []


def test_a_script_that_tells_what_it_reaches_does_what_it_did(tmp_path: Path) -> None:
    script = "#!/bin/sh\nset -eu\nf() {\n  false || echo said\n  [ -z x ] || return 3\n}\nf\n"
    file = tmp_path / "reached"
    (tmp_path / "script").write_text(shellcover.instrumented(script, file))
    done = subprocess.run(["sh", tmp_path / "script"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (3, "said\n", "")
    starts = [script.index(text) for text in ("false", "echo", "[ -z", "return")]
    assert [int(line) for line in file.read_text().split()] == starts


def test_a_mutant_lies_in_the_innermost_command_around_it() -> None:
    script = "#!/bin/sh\na=1\nf() {\n  if b; then\n    c d\n  fi\n}\n"
    assert shellcover.offsets_of(script, script.index("d\n")) == {script.index("c d")}
    assert shellcover.offsets_of(script, script.index("b;")) == {script.index("if b")}
    assert shellcover.offsets_of(script, script.index("a=1")) is None


def test_half_of_a_command_is_a_place_of_its_own() -> None:
    script = "#!/bin/sh\nf() {\n  a || b c && d\n  e || f $?\n}\n"
    both = {script.index(text) for text in ("a ||", "b c", "d\n")}
    assert shellcover.offsets_of(script, script.index("c &&")) == {script.index("b c")}
    assert shellcover.offsets_of(script, script.index("||")) == {script.index("a ||")}
    assert shellcover.inside(script, script.index("||")) == both
    assert shellcover.offsets_of(script, script.index("$?")) == {script.index("e ||")}


LOADED = """\
import functools
from dataclasses import dataclass
import re
LIMIT = 1
WORD = re.compile("a")
def word(): return WORD.pattern
def limit(step=1): return LIMIT + step
@functools.cache
def kept(): return 1
@dataclass(frozen=True)
class Thing:
    size: int
    @property
    def double(self): return self.size * 2
"""


def test_a_loaded_module_behaves_as_its_mutant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mutated_package"
    folder.mkdir()
    (folder / "one.py").write_text(LOADED)
    (folder / "two.py").write_text(
        "from mutated_package.one import LIMIT, Thing, kept, limit, word\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    two = importlib.import_module("mutated_package.two")
    thing = two.Thing(3)

    for old, new in {
        "LIMIT = 1": "LIMIT = 5",
        '"a"': '"b"',
        "step=1": "step=7",
        "return 1": "return 2",
        "* 2": "* 3",
    }.items():
        modules.patch("mutated_package.one", LOADED.replace(old, new))
        assert {
            "LIMIT = 1": two.LIMIT == 5 and two.limit() == 6,
            '"a"': two.word() == "b",
            "step=1": two.limit() == 8,
            "return 1": two.kept() == 2,
            "* 2": thing.double == 9 and thing == two.Thing(3),
        }[old], new
        modules.patch("mutated_package.one", LOADED)
        assert two.kept() == 1
