"""What a program reads from the check's report in SARIF."""

from __future__ import annotations

import json
from pathlib import Path

from jsonschema import Draft202012Validator

from opencode_workspace import yamlio

CODE_SCANNING = Draft202012Validator(yamlio.load_one(Path(__file__).with_name("sarif.schema.yaml")))


def uris(log: str) -> list[str]:
    """Where the results of a report with one run are."""
    (run,) = json.loads(log)["runs"]
    locations = [place for result in run["results"] for place in result["locations"]]
    return [place["physicalLocation"]["artifactLocation"]["uri"] for place in locations]
