"""Documents that tell a damaged values.schema.json from the whole one.

They are complete values, to be checked without the chart's defaults: small, because the smallest
workspace there can be stands in for them, and exact, because nothing is merged into them.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from opencode_workspace import schema as validator
from tests.support import schemas
from tests.support.charts import Chart
from tests.support.corpus import Pointers
from tests.support.schemas import Place, Schema
from tests.values import cases, derived, mistakes
from tests.values.derived import Derived, pointer, replaced
from tests.values.mutants import Mutant


class Site(NamedTuple):
    """Where a document has something for a subschema: the document, the way, the value.

    at: pointers at which the document must be refused. source: `corpus` or `derived`.
    """

    document: Any
    way: Place
    value: Any
    at: Pointers
    source: str


class Documents:
    """The documents that are kept for one schema, and what could be derived from the good ones.

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
            document = validator.coalesce(derived.smallest(), values)
            if not refused(document, schema):
                self._note(document, frozenset(), "corpus")
        for wrong in bad.values():
            self._note(wrong, refused(wrong, schema), "corpus")

    def add(self, one: Derived) -> None:
        """Keeps one more."""
        self._note(one.document, one.at, "derived")

    def _note(self, document: Any, at: Pointers, source: str) -> None:
        sites = self._wrong if at else self._sites
        for place, way, value in schemas.applied(self._schema, document):
            # One of equal values is enough; true and 1 are not equal here. A value that is all
            # there is to refuse tells more than one in a document with another mistake.
            key = bytes([at == {pointer(way)}]) + marshal.dumps(value, 2)
            sites.setdefault(place, {}).setdefault(key, Site(document, way, value, at, source))

    @property
    def reached(self) -> set[Place]:
        """Exact places of the subschemas for which a good document has something."""
        return set(self._sites)

    def killer(self, mutant: Mutant) -> Site | None:
        """A document that is kept and that only one of the schemas takes: it notices the damage."""
        return self._told_apart(mutant, self._kept(mutant))

    def derive(self, mutant: Mutant) -> Derived | None:
        """A document that is not kept and notices the damage."""
        site = self._told_apart(mutant, self._derived(mutant))
        if site is None:
            return None
        base = self._base(mutant).document
        return Derived(mutant.where, mutant.what, base, site.way, site.value, site.at)

    def _told_apart(self, mutant: Mutant, candidates: Iterable[Site]) -> Site | None:
        damaged = mutant.within(self._schema)
        found = (s for s in candidates if bool(refused(s.document, damaged)) != bool(s.at))
        return next(found, None)

    def _base(self, mutant: Mutant) -> Site:
        """The shortest good document with something for the damaged subschema."""
        return next(iter(self._sites[mutant.place].values()))

    def _kept(self, mutant: Mutant) -> Iterator[Site]:
        differs = self._difference(mutant)
        for sites in (self._wrong, self._sites):
            yield from (s for s in sites.get(mutant.place, {}).values() if differs(s.value))

    def _derived(self, mutant: Mutant) -> Iterator[Site]:
        differs = self._difference(mutant)
        base = self._base(mutant)
        below = pointer(base.way)
        seen = [site.value for site in self._sites[mutant.place].values()]
        for value in mistakes.values(mutant, mutant.original(self._schema), seen):
            if differs(value):
                document = replaced(base.document, base.way, value)
                at = refused(document, self._schema)
                if all(f"{one}/".startswith(f"{below}/") for one in at):
                    yield Site(document, base.way, value, at, "derived")

    def _difference(self, mutant: Mutant) -> Any:
        """Whether the subschema and the damaged one say something else of a value.

        What they say alike of it, the whole schemas say alike of the document it is in.
        """
        definitions = self._schema["definitions"]
        whole = {**mutant.original(self._schema), "definitions": definitions}
        damaged = {**mutant.node, "definitions": definitions}
        return lambda value: refused(value, whole) != refused(value, damaged)


def of_corpus(chart: Chart) -> Documents:
    """The documents that people wrote: those of the corpus, and the chart's refusals."""
    written = cases.corpus_documents()
    everything = written | cases.refusal_documents()
    return Documents(
        chart.schema,
        good={name: values for name, (values, at) in written.items() if not at},
        bad={
            name: validator.coalesce(chart.values, values)
            for name, (values, at) in everything.items()
            if at
        },
    )


def kept(chart: Chart) -> Documents:
    """All documents that are kept: those that people wrote, and those of derived.jsonl."""
    documents = of_corpus(chart)
    for one in derived.load():
        documents.add(one)
    return documents


def refused(values: Any, schema: Schema) -> Pointers:
    """Pointers at which `schema` refuses `values`, which are taken as they are."""
    return frozenset(violation.json_pointer for violation in validator.validate(values, schema))
