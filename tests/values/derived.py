"""derived.jsonl: documents that are kept because no document that a person wrote notices some damage.

A line is either a `base`, values over those of smallest.yaml where null deletes, or says what to
put into the base above it: `way` leads to the value that is replaced; each of `cases` is there
`for` one damage to the schema at `place`, `put`s another value there, and must be refused at the
pointers `at`: where it was put when that is not said, nowhere when the list is empty.

`python -m tests.values` writes the file anew, to be read before it is committed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from opencode_workspace import schema as validator
from opencode_workspace import yamlio
from opencode_workspace.violation import Violation
from tests.support.corpus import Pointers
from tests.support.schemas import Place

HERE = Path(__file__).parent
FILE = HERE / "derived.jsonl"


class Derived(NamedTuple):
    """A good document with another value at the end of `way`.

    place, damage: of the mutant that it notices. at: where it must be refused.
    """

    place: str
    damage: str
    base: Mapping[str, Any]
    way: Place
    value: Any
    at: Pointers

    @property
    def document(self) -> Any:
        """The values; shares what is not replaced with the base."""
        return replaced(self.base, self.way, self.value)

    @property
    def name(self) -> str:
        """What it is for: the name of the mutant."""
        return f"{self.place}: {self.damage}"


def load() -> list[Derived]:
    """Those of derived.jsonl, in its order."""
    return list(_parsed(FILE.read_text(encoding="utf-8")))


def _parsed(text: str) -> Iterator[Derived]:
    base: dict[str, Any] = {}
    for line in map(json.loads, text.splitlines()):
        if "base" in line:
            base = validator.coalesce(smallest(), line["base"])
            continue
        way = tuple(line["way"])
        for case in line["cases"]:
            at = frozenset(case.get("at", [pointer(way)]))
            yield Derived(line["place"], case["for"], base, way, case["put"], at)


def dump(documents: Iterable[Derived]) -> str:
    """What `load` reads; documents of one base and one place come together."""
    bases: dict[str, dict[str, dict[str, Any]]] = {}
    for one in documents:
        base = json.dumps({"base": _difference(smallest(), one.base)}, ensure_ascii=False)
        lines = bases.setdefault(base, {})
        line = lines.setdefault(one.place, {"place": one.place, "way": one.way, "cases": []})
        at = {} if one.at == {pointer(one.way)} else {"at": sorted(one.at)}
        line["cases"].append({"for": one.damage, "put": one.value, **at})
    return "".join(
        f"{text}\n"
        for base, lines in bases.items()
        for text in (base, *(json.dumps(line, ensure_ascii=False) for line in lines.values()))
    )


def smallest() -> dict[str, Any]:
    """The smallest values that the schema takes without the chart's defaults."""
    document: dict[str, Any] = yamlio.load_one(HERE / "smallest.yaml")
    return document


def pointer(way: Place) -> str:
    """The way as Helm prints it."""
    return Violation(way, "").json_pointer


def replaced(document: Any, way: Place, value: Any) -> Any:
    """A copy of `document` with `value` at the end of `way`; the rest is shared."""
    if not way:
        return value
    copy: Any = dict(document) if isinstance(document, Mapping) else list(document)
    copy[way[0]] = replaced(document[way[0]], way[1:], value)
    return copy


def _difference(base: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """What makes `document` when it is merged over `base`."""
    found: dict[str, Any] = {key: None for key in base if key not in document}
    for key, value in document.items():
        below = base.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            if inner := _difference(below, value):
                found[key] = inner
        elif key not in base or json.dumps(value) != json.dumps(below):
            found[key] = value
    return found
