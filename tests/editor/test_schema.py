"""Does an editor, given the generated schema, refuse what Helm refuses and nothing else?"""

from __future__ import annotations

import json
import posixpath
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import catalogue, editor, generate, schema, yamlio
from tests.support.charts import Chart
from tests.support.schemas import nodes

ROOT = Path(__file__).parents[2]
RELEASES = sorted((ROOT / "flux/apps").rglob("helmrelease.yaml"))
MODELINE = re.compile(r"# yaml-language-server: \$schema=(\S+)")

# Wrong only once merged: the key that is taken away stands in for one that was not given.
AFTER_MERGING = {"image-without-tag-and-digest", "null-of-a-required-type"}


def read(path: Path) -> Any:
    return yamlio.load_one(path)


def overrides(values: Any) -> dict[str, Any]:
    """A HelmRelease with `values`."""
    return {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": "opencode-test"},
        "spec": {
            "interval": "1h",
            "chartRef": {"kind": "OCIRepository", "name": "opencode-test"},
            "values": values,
        },
    }


def good_values() -> Iterator[tuple[str, Any]]:
    for folder in ("golden/cases", "values/corpus/good"):
        for path in sorted((ROOT / "tests" / folder).glob("*.yaml")):
            yield path.stem, read(path)
    for path in sorted((ROOT / "tests/chart/effects").glob("*.yaml")):
        for case in read(path):
            yield f"{path.stem}: {case['it']}", case["values"]


def bad_values() -> Iterator[tuple[str, Any]]:
    for folder in ("chart/refusals", "values/corpus/bad"):
        for path in sorted((ROOT / "tests" / folder).glob("*.yaml")):
            yield path.stem, read(path)["values"]


@pytest.fixture(scope="module")
def wrapper(chart: Chart) -> dict[str, Any]:
    return editor.document(chart.schema, chart.values)


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.parts[-3])
def test_a_shipped_release_fits_the_schema_that_its_first_line_names(release: Path) -> None:
    named = MODELINE.match(release.read_text())
    assert named, f"{release}: the first line must name the schema"
    file = release.parent / named[1]
    assert file.is_file(), f"{release}: {named[1]} is not there; run `opencode-workspace generate`"
    assert schema.validate(read(release), json.loads(file.read_text())) == []


def test_the_committed_schema_is_the_one_of_the_chart(chart: Chart) -> None:
    text = (ROOT / "flux/apps/opencode" / editor.SCHEMA_NAME).read_text()
    committed = json.loads(text)
    committed.pop("$comment")
    assert committed == editor.document(chart.schema, chart.values), (
        "run `opencode-workspace generate`"
    )


def test_a_stale_schema_is_reported(tmp_path: Path) -> None:
    for folder in ("flux", "charts"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    file = tmp_path / "charts/opencode-workspace/values.schema.json"
    file.write_text(file.read_text().replace("Clone submodules too.", "With submodules."))
    planned = generate.plan(catalogue.load(tmp_path / "flux/workspaces.yaml"))
    assert [path.name for path in planned.stale] == [editor.SCHEMA_NAME]


def test_the_schema_goes_with_a_workspaces_folder_wherever_it_is_copied(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "flux/apps/opencode", tmp_path / "kubernetes/apps/opencode")
    for release in sorted(tmp_path.rglob("helmrelease.yaml")):
        named = MODELINE.match(release.read_text())
        assert named
        assert not posixpath.isabs(named[1])
        assert (release.parent / named[1]).is_file(), release


def test_a_schema_of_another_namespace_is_removed(tmp_path: Path) -> None:
    for folder in ("flux", "charts"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    path = tmp_path / "flux/workspaces.yaml"
    path.write_text(path.read_text().replace("namespace: opencode\n", "namespace: spaces\n"))
    loaded = catalogue.load(path)
    generate.write(loaded, generate.plan(loaded))
    left = [file.parent.name for file in (tmp_path / "flux/apps").rglob(editor.SCHEMA_NAME)]
    assert left == ["spaces"]


def test_the_schema_is_one_that_both_validators_can_read(wrapper: dict[str, Any]) -> None:
    assert schema.schema_errors(wrapper) == []


def test_the_schema_needs_no_other_file(wrapper: dict[str, Any]) -> None:
    outside = {
        node["$ref"]
        for _, node in nodes(wrapper)
        if not node.get("$ref", "#/definitions/").startswith("#/definitions/")
    }
    assert not outside


def test_what_helm_accepts_is_not_underlined(wrapper: dict[str, Any]) -> None:
    underlined = {
        name: found
        for name, values in good_values()
        if (found := schema.validate(overrides(values), wrapper))
    }
    assert not underlined


def test_what_the_charts_schema_refuses_is_underlined(
    wrapper: dict[str, Any], chart: Chart
) -> None:
    missed = {
        name
        for name, values in bad_values()
        if schema.validate(schema.coalesce(chart.values, values), chart.schema)
        and not schema.validate(overrides(values), wrapper)
    }
    assert missed == AFTER_MERGING, (
        "make editor.py stricter, or add what is wrong only once merged to AFTER_MERGING"
    )


def test_a_mistake_is_underlined_where_helm_sees_it_or_deeper(
    wrapper: dict[str, Any], chart: Chart
) -> None:
    elsewhere = []
    for name, values in bad_values():
        refused = schema.validate(schema.coalesce(chart.values, values), chart.schema)
        places = {("spec", "values", *violation.pointer) for violation in refused}
        for violation in schema.validate(overrides(values), wrapper):
            if not any(violation.pointer[: len(place)] == place for place in places):
                elsewhere.append(f"{name}: {violation.json_pointer} {violation.message}")
    assert not elsewhere


TYPOS = {
    ("workspace", "repositry"): "git@github.com:owner/home.git",
    ("persistance",): {},
    ("controllers", "workspace", "containers", "app", "resourses"): {},
    ("controllers", "workspace", "containers", "sidecar", "resourses"): {},
    ("persistence", "deploy-key", "item"): [],
    ("persistence", "config", "storageClas"): "ceph-block",
    ("route", "app", "hostname"): "a.example.com",
    ("networkpolicies", "app", "rule"): {},
}


@pytest.mark.parametrize("place", TYPOS, ids=".".join)
def test_a_misspelt_key_is_underlined_in_its_place(
    place: tuple[str, ...], wrapper: dict[str, Any]
) -> None:
    values = TYPOS[place]
    for key in reversed(place):
        values = {key: values}
    found = schema.validate(overrides(values), wrapper)
    where = ("spec", "values", *place[:-1])
    assert any(v.pointer == where and place[-1] in v.message for v in found), found


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("interval", "1 hour", "/spec/interval"),
        ("chartRef", {"kind": "GitRepository", "name": "a"}, "/spec/chartRef/kind"),
        ("install", {"strategy": {"name": "Retry"}}, "/spec/install/strategy/name"),
        ("driftDetection", {"mode": True}, "/spec/driftDetection/mode"),
        ("releaseName", "a" * 54, "/spec/releaseName"),
    ],
)
def test_a_mistake_in_a_field_of_flux_is_underlined(
    field: str, value: Any, pointer: str, wrapper: dict[str, Any]
) -> None:
    release = overrides({})
    release["spec"][field] = value
    assert [v.json_pointer for v in schema.validate(release, wrapper)] == [pointer]


def test_fields_of_flux_that_are_not_described_are_left_alone(wrapper: dict[str, Any]) -> None:
    release = overrides({})
    release["spec"]["waitStrategy"] = {"name": "poller"}
    assert schema.validate(release, wrapper) == []
