"""Is the list of equivalent mutants in order, and is an entry that names nothing noticed?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation import equivalents, targets, trial
from tests.mutation.mutant import Change, mutants

ENTRY = "- {file: f, operator: op, line: a, becomes: b, reason: Because.}\n"


@pytest.mark.slow
def test_no_entry_is_stale_and_every_reason_is_a_sentence(repository: Path) -> None:
    listed = equivalents.load()
    every = trial.every(targets.GROUPS, repository)
    assert equivalents.stale(listed, (mutant for _, mutant in every)) == []
    for key, reason in listed.items():
        assert reason.endswith("."), f"{key}: {reason}"


def test_an_entry_that_names_no_mutant_is_stale(tmp_path: Path) -> None:
    path = tmp_path / "equivalent.yaml"
    path.write_text(ENTRY)
    listed = equivalents.load(path)
    (named,) = mutants("f", "a\n", [Change("op", 0, 1, "b")])
    (other,) = mutants("f", "a\n", [Change("op", 0, 1, "c")])
    assert equivalents.stale(listed, [named]) == []
    assert equivalents.stale(listed, [other]) == [("f", "op", "a", "b")]


@pytest.mark.parametrize(
    "text", [ENTRY + ENTRY, ENTRY.replace("reason", "because"), "- {file: f}\n"]
)
def test_a_list_that_is_not_in_order_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "equivalent.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"equivalent\.yaml"):
        equivalents.load(path)
