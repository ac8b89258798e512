"""The API server of the tests learns of custom resources from the versions that are built."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


def required(go_mod: str) -> dict[str, str]:
    """Versions of modules that a go.mod asks for."""
    return dict(re.findall(r"^(?:require |\t)(\S+) (v\S+)", go_mod, re.MULTILINE))


def pinned(crds: str) -> dict[str, str]:
    """Versions of modules that crds.txt names itself, because the cluster's go.mod has no use for them."""
    return dict(re.findall(r"^(\S+)@(\S+)", crds, re.MULTILINE))


def differing(repository: Path, crds: str) -> dict[str, set[str]]:
    """Versions in the go.mods of tools/, of modules whose definitions are of another one."""
    built = [required(file.read_text()) for file in repository.glob("tools/*/go.mod")]
    return {
        module: others
        for module, version in pinned(crds).items()
        if (others := {each[module] for each in built if module in each} - {version})
    }


@pytest.fixture(scope="module")
def crds(repository: Path) -> str:
    """The list that the build reads."""
    return (repository / "tools/cluster/crds.txt").read_text()


def test_definitions_are_of_the_versions_that_are_built(repository: Path, crds: str) -> None:
    assert len(pinned(crds)) == 3
    assert differing(repository, crds) == {}


def test_a_definition_of_another_version_is_noticed(repository: Path, crds: str) -> None:
    damaged = re.sub(r"(volsync@v\d+)\.\d+\.\d+", r"\1.99.0", crds)
    assert list(differing(repository, damaged)) == ["github.com/backube/volsync"]
