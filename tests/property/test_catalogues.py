"""Does every valid catalogue give a tree without a fault, and every other one a mistake in words?"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from opencode_workspace import catalogue as catalogues
from opencode_workspace import check, edit, flux, generate, yamlio
from opencode_workspace.errors import UserError
from tests.property import damage, texts
from tests.property.catalogues import REPOSITORY, project, written
from tests.property.catalogues import catalogues as valid_catalogues
from tests.property.profiles import share

pytestmark = pytest.mark.usefixtures("_equal_releases_are_rendered_once")

_ENV = "controllers", "workspace", "containers", "app", "env"


@share(0.3)
@given(valid_catalogues())
def test_a_valid_catalogue_gives_a_tree_without_a_fault(data: dict[str, Any]) -> None:
    with project(data) as path:
        loaded = catalogues.load(path)
        generate.write(loaded, generate.plan(loaded))
        first = content(path.parent)
        generate.write(loaded, generate.plan(loaded))

        assert content(path.parent) == first, "generating again changed the tree"
        assert generate.plan(catalogues.load(path)).is_clean
        cluster = flux.reconcile(loaded)
        assert [one.workspace.name for one in cluster.reconciliations] == list(data["workspaces"])
        report = check.run(path.parent)
        assert report.failures == ()
        assert [finding for finding in report.findings if finding.severity == "error"] == []


@share(1)
@given(valid_catalogues().flatmap(damage.damaged))
def test_a_damaged_catalogue_is_told_in_words(data: dict[str, Any]) -> None:
    with project(data) as path, suppress(UserError):
        loaded = catalogues.load(path)
        generate.write(loaded, generate.plan(loaded))
        flux.reconcile(loaded)


@share(1)
@given(valid_catalogues(), st.sampled_from(["zz", "a", "1", "true", "null", "0x1f", "1e3"]))
def test_what_new_adds_remove_takes_out_to_the_byte(data: dict[str, Any], name: str) -> None:
    assume(name not in data["workspaces"])
    with project(data) as path:
        before = path.read_bytes()
        added, _ = edit.add(path, name, repository="git@a.example:b/c.git", host=None)
        path.write_bytes(added.encode())
        taken, _ = edit.remove(path, name)
        assert taken.encode() == before


@share(0.5)
@given(texts.printable_texts().filter(lambda text: "\0" not in text))
def test_a_text_in_the_catalogue_reaches_the_chart_as_it_was_meant(text: str) -> None:
    entry = {"repository": "git@a.example:b/c.git", "host": "a.${SECRET_DOMAIN}"}
    with project(one_workspace({**entry, "values": nested(_ENV, {"X": written(text)})})) as path:
        loaded = catalogues.load(path)
        generate.write(loaded, generate.plan(loaded))
        merged: Any = flux.merged_values(loaded, "a")
        for step in _ENV:
            merged = merged[step]
        assert merged["X"] == texts.literal(text)


def one_workspace(entry: dict[str, Any]) -> dict[str, Any]:
    shipped: dict[str, Any] = yamlio.load_one(REPOSITORY / "flux/workspaces.yaml")
    return {**shipped, "workspaces": {"a": entry}}


def nested(way: tuple[str, ...], value: Any) -> Any:
    """`value` below the keys of `way`."""
    for step in reversed(way):
        value = {step: value}
    return value


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
