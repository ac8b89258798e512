"""Versions of built programs are read from the modules that build them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.gomodules import programs

BLOCK = """
tool (
	example.com/one
	example.com/two/cmd
	example.com/two/sub/cmd/three
)

require (
	example.com/one v1.0.0
	example.com/two v2.0.0
	example.com/two/sub v3.0.0-rc.1 // indirect
)
"""
LINE = "tool example.com/a/v4/cmd/a\nrequire example.com/a/v4 v4.1.0\n"


def test_each_program_has_the_version_of_its_module() -> None:
    assert dict(programs(BLOCK)) == {"one": "v1.0.0", "two": "v2.0.0", "three": "v3.0.0-rc.1"}
    assert dict(programs(LINE)) == {"a": "v4.1.0"}


def test_program_of_no_module_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        dict(programs(BLOCK.replace("example.com/one v1.0.0", "")))


def test_controllers_of_the_cluster_are_found(repository: Path) -> None:
    found = dict(programs((repository / "tools/cluster/go.mod").read_text()))
    assert set(found) == {"helm-controller", "kustomize-controller", "source-controller"}
