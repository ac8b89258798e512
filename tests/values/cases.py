"""The corpus: values by name, with the pointers at which they must be refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from opencode_workspace import yamlio
from tests.support.corpus import Pointers

HERE = Path(__file__).parent
GOOD = sorted((HERE / "corpus/good").glob("*.yaml"))
BAD = sorted((HERE / "corpus/bad").glob("*.yaml"))
REFUSALS = sorted((HERE.parent / "chart/refusals").glob("*.yaml"))

_AT = re.compile(r"- at '(?P<pointer>.*?)': ")

Documents = dict[str, tuple[Any, Pointers]]


def corpus_documents() -> Documents:
    """Each document of corpus/good, with no pointer, and of corpus/bad, with those it names."""
    found: Documents = {}
    for path in GOOD:
        found[f"good-{path.stem}"] = (yamlio.load_one(path), frozenset())
    for path in BAD:
        case = yamlio.load_one(path)
        found[f"bad-{path.stem}"] = (case["values"], frozenset(case["at"]))
    return found


def refusal_documents() -> Documents:
    """The same of the chart's refusals; what only a template can see is no mistake for the schema."""
    found: Documents = {}
    for path in REFUSALS:
        case = yamlio.load_one(path)
        pointers = [match["pointer"] for line in case["says"] if (match := _AT.match(line))]
        found[f"refusal-{path.stem}"] = (case["values"], frozenset(pointers))
    return found
