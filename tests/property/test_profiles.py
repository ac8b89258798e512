"""Do the properties hold for many more examples than `make test` has time for?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.property import profiles

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]


@pytest.mark.slow
# In processes of their own: the number of examples is settled when the tests are read.
@pytest.mark.parametrize(
    "name", sorted(p.name for p in HERE.glob("test_*.py") if p != Path(__file__))
)
def test_each_property_holds_for_many_examples(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", str(HERE / name), "--quiet", "-m", "not slow"],
        cwd=REPOSITORY,
        env={**os.environ, profiles.VARIABLE: "thorough"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-10_000:]
