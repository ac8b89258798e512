"""The values that releases are made of here: those of the golden tests."""

from __future__ import annotations

from pathlib import Path

CASES = sorted((Path(__file__).parents[1] / "golden/cases").glob("*.yaml"))

# Between them they pass through every branch of the templates.
BROAD = [case for case in CASES if case.stem in ("everything", "flux", "shape")]
