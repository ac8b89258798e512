"""What tests claim is read from their source."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pages.claims import claims, sentence


def test_names_are_sentences_below_the_first_one_of_their_module(area: Path) -> None:
    found = [(claim.group, claim.sentence) for claim in claims(area, area.parent)]
    assert found == [
        ("Pods come and go", "Git is kept when a pod's killed"),
        ("Pods come and go", "Not run yet"),
    ]


def test_marks_are_found_at_tests_and_at_modules(area: Path) -> None:
    file = area / "test_pods.py"
    marked = [claim.faults for claim in claims(area, area.parent)]
    assert marked == [("killed",), ("killed",)]
    file.write_text(file.read_text() + '\npytestmark = [pytest.mark.fault("all")]\n')
    marked = [claim.faults for claim in claims(area, area.parent)]
    assert marked == [("all", "killed"), ("all", "killed")]


def test_module_without_a_sentence_is_named(area: Path) -> None:
    (area / "test_mute.py").write_text("def test_x(): ...\n")
    with pytest.raises(ValueError, match=r"test_mute\.py has no docstring"):
        claims(area, area.parent)


def test_names_of_programs_are_spelt_as_people_spell_them() -> None:
    assert sentence("test_opencode_over_https_from_git") == "OpenCode over HTTPS from Git"
