"""Documents that tell a damaged values.schema.json from the whole one.

They are complete values, to be checked without the chart's defaults: small, because the smallest
workspace there can be stands in for them, and exact, because nothing is merged into them.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from opencode_workspace import schema as validator
from opencode_workspace import yamlio
from opencode_workspace.violation import Violation
from tests.support import schemas
from tests.support.corpus import Pointers
from tests.support.schemas import Place, Schema
from tests.values import mistakes
from tests.values.mutants import Mutant

HERE = Path(__file__).parent


class Site(NamedTuple):
    """Where a good document has something for a subschema: the document, the way, the value."""

    document: Mapping[str, Any]
    way: Place
    value: Any


class Killer(NamedTuple):
    """A document that the whole schema and a damaged one judge differently.

    at: pointers at which the whole schema refuses it; none when it is good.
    says: pointers at which the damaged one does.
    source: `corpus` or `derived`.
    """

    values: Mapping[str, Any]
    at: Pointers
    says: Pointers
    source: str


class Documents:
    """The documents for one schema: those of the corpus, and what is derived from the good ones.

    good: values of documents that the schema takes over the chart's defaults.
    bad: values, coalesced with the chart's defaults, that it refuses.
    """

    def __init__(
        self, schema: Schema, good: Mapping[str, Any], bad: Mapping[str, Mapping[str, Any]]
    ) -> None:
        self._schema = schema
        self._sites: dict[Place, dict[bytes, Site]] = {}
        self._wrong: dict[Place, dict[bytes, Site]] = {}
        for values in sorted(good.values(), key=lambda values: len(str(values))):
            document = validator.coalesce(smallest(), values)
            if not refused(document, schema):
                self._note(self._sites, document)
        for wrong in bad.values():
            self._note(self._wrong, wrong)

    def _note(self, sites: dict[Place, dict[bytes, Site]], document: Mapping[str, Any]) -> None:
        for place, way, value in schemas.applied(self._schema, document):
            # One of equal values is enough; true and 1 are not equal here.
            sites.setdefault(place, {}).setdefault(
                marshal.dumps(value, 2), Site(document, way, value)
            )

    @property
    def reached(self) -> set[Place]:
        """Exact places of the subschemas for which a good document has something."""
        return set(self._sites)

    def killer(self, mutant: Mutant) -> Killer | None:
        """A document that notices the damage; best is one that only one of the schemas takes."""
        damaged = mutant.within(self._schema)
        second: Killer | None = None
        for values, source in self._candidates(mutant):
            at = refused(values, self._schema)
            says = refused(values, damaged)
            if says != at:
                killer = Killer(values, at, says, source)
                if not says or not at:
                    return killer
                second = second or killer
        return second

    def _candidates(self, mutant: Mutant) -> Iterator[tuple[Mapping[str, Any], str]]:
        node = mutant.original(self._schema)
        definitions = self._schema["definitions"]
        whole = {**node, "definitions": definitions}
        damaged = {**mutant.node, "definitions": definitions}

        def differs(value: Any) -> bool:
            # What the one subschema says alike of a value, the whole schema says alike.
            return refused(value, whole) != refused(value, damaged)

        sites = list(self._sites[mutant.place].values())
        for site in (*self._wrong.get(mutant.place, {}).values(), *sites):
            if differs(site.value):
                yield site.document, "corpus"
        base = sites[0]
        for value in mistakes.values(mutant, node, [site.value for site in sites]):
            if differs(value):
                document = replaced(base.document, base.way, value)
                below = pointer(base.way)
                if all(f"{at}/".startswith(f"{below}/") for at in refused(document, self._schema)):
                    yield document, "derived"


def smallest() -> dict[str, Any]:
    """The smallest values that the schema takes without the chart's defaults."""
    document: dict[str, Any] = yamlio.load_one(HERE / "smallest.yaml")
    return document


def refused(values: Mapping[str, Any], schema: Schema) -> Pointers:
    """Pointers at which `schema` refuses `values`, which are taken as they are."""
    return frozenset(violation.json_pointer for violation in validator.validate(values, schema))


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
