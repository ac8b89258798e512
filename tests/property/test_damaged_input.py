"""Is every damaged file told as a mistake, and none with a traceback?"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opencode_workspace import catalogue, check, flux, generate, yamlio
from opencode_workspace.errors import UserError
from opencode_workspace.report import findings
from tests.property import damage, texts
from tests.property.profiles import share
from tests.property.project import Project

REPOSITORY = Path(__file__).parents[2]
CASES: list[dict[str, Any]] = yamlio.load_one(Path(__file__).parent / "tracebacks.yaml")

_APP = "flux/apps/opencode/opencode-flux"
# What a person may edit, or copies from elsewhere, and the commands read.
FILES = [
    "flux/workspaces.yaml",
    "flux/apps/opencode/kustomization.yaml",
    "flux/apps/opencode/namespace.yaml",
    f"{_APP}/ks.yaml",
    *(
        f"{_APP}/app/{name}.yaml"
        for name in ("kustomization", "helmrelease", "externalsecret", "ocirepository")
    ),
    *(
        f"flux/templates/volsync/{name}.yaml"
        for name in ("kustomization", "claim", "replicationsource", "externalsecret")
    ),
    "charts/opencode-workspace/Chart.yaml",
    "charts/opencode-workspace/values.yaml",
]
ORIGINALS = {name: (REPOSITORY / name).read_bytes() for name in FILES}
SCHEMA: dict[str, Any] = json.loads(
    (REPOSITORY / "charts/opencode-workspace/values.schema.json").read_text()
)
SCHEMA_INTRUDERS = ("[", "(?!a)", "#/definitions/none", {"$ref": "#"}, {"type": 5}, {"type": "x"})

pytestmark = pytest.mark.usefixtures("_equal_releases_are_rendered_once")


@st.composite
def damaged_files(draw: st.DrawFn) -> tuple[str, bytes]:
    """A file's name, and its content with values of other types in it."""
    name = draw(st.sampled_from(FILES))
    documents = yamlio.parse(ORIGINALS[name].decode(), name)
    with suppress(UserError):
        return name, yamlio.dump_all(draw(damage.damaged(documents))).encode()
    return name, b""


@st.composite
def damaged_bytes(draw: st.DrawFn) -> bytes:
    """A file of the tree, cut off, with bytes in it that do not belong there, or nothing of it."""
    original = draw(st.sampled_from([*ORIGINALS.values(), b""]))
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(original))] * 2)))
    intruder = draw(
        st.binary(max_size=12)
        | texts.texts().map(str.encode)
        | st.sampled_from([b"---\n", b"\t", b"&a [*a]", b"<<: *a", b"!!python/none", b"%YAML 9.9"])
    )
    tail = original[end:] if draw(st.booleans()) else b""
    return original[:start] + intruder + tail


@share(3)
@given(damaged_bytes())
def test_any_bytes_are_documents_or_a_mistake(project: Project, data: bytes) -> None:
    path = project.folder / "any.yaml"
    path.write_bytes(data)
    for read in (yamlio.load, yamlio.load_one, catalogue.load):
        told(read, path)
    told(yamlio.parse_rendered, data.decode("utf-8", "replace"), "any.yaml")


@share(2)
@given(damaged_files())
def test_a_damaged_file_ends_no_command_with_a_traceback(
    project: Project, damaged: tuple[str, bytes]
) -> None:
    name, data = damaged
    with project.holding({project.folder / name: data}):
        run_commands(project)


@share(0.5)
@given(damaged_files())
def test_a_damaged_file_breaks_no_rule_of_the_check(
    project: Project, damaged: tuple[str, bytes]
) -> None:
    name, data = damaged
    with project.holding({project.folder / name: data}):
        run_check(project)


@share(1)
@given(damage.damaged(SCHEMA, SCHEMA_INTRUDERS))
@example({"properties": {"workspace": {"type": 5}}})
def test_a_damaged_schema_ends_no_command_with_a_traceback(project: Project, schema: Any) -> None:
    with project.holding({project.schema: json.dumps(schema).encode()}):
        told(generate.plan, catalogue.load(project.catalogue))
        told(flux.merged_values, catalogue.load(project.catalogue), "flux")


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["it"]))
def test_what_once_ended_in_a_traceback_is_told(case: dict[str, Any], project: Project) -> None:
    path = project.folder / case["file"]
    is_json = path.suffix == ".json"
    document = json.loads(path.read_text()) if is_json else yamlio.load_one(path)
    put(document, case["at"], case.get("value", Ellipsis))
    text = json.dumps(document) if is_json else yamlio.dump(document)
    with project.holding({path: text.encode()}):
        (run_check if case.get("by") == "check" else run_commands)(project)


def put(document: Any, way: list[str | int], value: Any) -> None:
    """Puts `value` in, or takes out what is there when there is none."""
    for step in way[:-1]:
        document = document[step]
    if value is Ellipsis:
        del document[way[-1]]
    else:
        document[way[-1]] = value


def run_commands(project: Project) -> None:
    """What generate, values and render do, each as far as it gets."""
    loaded = told(catalogue.load, project.catalogue)
    if loaded is not None:
        told(generate.plan, loaded)
        told(flux.merged_values, loaded, "flux")
        told(rendered, loaded)


def rendered(loaded: catalogue.Catalogue) -> str:
    cluster = flux.reconcile(loaded, ["flux"])
    return "".join(yamlio.dump_all(one.objects) for one in cluster.reconciliations)


def run_check(project: Project) -> None:
    report = told(check.run, project.folder / "flux")
    if report is not None:
        assert report.failures == ()
        for form in findings.FORMATS.values():
            form(report)


def told(function: Callable[..., Any], *arguments: Any) -> Any:
    """What `function` gives; None when it tells a mistake. Any other exception fails the test."""
    try:
        return function(*arguments)
    except UserError:
        return None
