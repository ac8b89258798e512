"""Whatever Helm refuses is told as mistakes with their places, whichever Helm it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import helm
from opencode_workspace.errors import EXIT_FINDINGS, EXIT_UNUSABLE, UserError
from opencode_workspace.refusal import refusal
from tests.package.fixtures import minicharts
from tests.support import helmcli

RELEASE = helm.Release("app", "apps")
JOB = helm.Job(Path("chart"), helm.Release("b", "a"), {})
# One release, the same among many, and both commands, each of which is a process.
WAYS = ("embedded", "many", *(pytest.param(cli, marks=pytest.mark.slow) for cli in helmcli.CLIS))


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    name: str = request.param
    if name in helmcli.CLIS:
        monkeypatch.setenv("HELM_BIN", str(helmcli.binary(name)))
    return name


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    return minicharts.write(minicharts.REFUSING, tmp_path / "refusing")


def _refused(
    way: str, chart: Path, values: dict[str, Any], release: helm.Release = RELEASE
) -> UserError:
    job = helm.Job(chart, release, values)
    if way == "many":
        # Good ones before it, so that it is not the one that a chart is checked with.
        good = [helm.Job(chart, RELEASE, {})] * 10
        *_, outcome = helm.outcomes([*good, job], engine="embedded")
    else:
        engine: helm.Engine = "cli" if way in helmcli.CLIS else "embedded"
        (outcome,) = helm.outcomes([job], engine=engine)
    assert isinstance(outcome, UserError), "it was rendered"
    return outcome


CASES: list[tuple[dict[str, Any], list[str]]] = [
    ({"count": "x"}, ["count: got string, want integer"]),
    (
        {"name": "A", "cuont": 1, "list": ["a", 1], "map": {"a.b/c": 2, "d": 3}},
        [
            "list[1]: got number, want string",
            'map["a.b/c"]: got number, want string',
            "map.d: got number, want string",
            "name: 'A' does not match pattern '^[a-z]+$'",
            "the values: additional properties 'cuont' not allowed",
        ],
    ),
    (
        {"either": 1},
        [
            "either: 'oneOf' failed, none matched (got number, want string; "
            "got number, want boolean)"
        ],
    ),
    ({"mode": "fail"}, ["First mistake.", "Second mistake."]),
    ({"mode": "list"}, ["one thing", "another"]),
    ({"mode": "required"}, ["name it"]),
]


@pytest.mark.slow
@pytest.mark.parametrize(("values", "mistakes"), CASES, ids=[str(case[0]) for case in CASES])
def test_mistakes_in_the_values_are_told_line_by_line(
    values: dict[str, Any], mistakes: list[str], way: str, chart: Path
) -> None:
    error = _refused(way, chart, values)
    assert sorted(str(error).splitlines()) == sorted(
        f"release apps/app: {mistake}" for mistake in mistakes
    )
    assert error.exit_code == EXIT_FINDINGS


def test_mistake_in_a_template_is_told_in_one_line_with_its_place(way: str, chart: Path) -> None:
    (line,) = str(_refused(way, chart, {"mode": "nil"})).splitlines()
    assert line.startswith("release apps/app: ")
    assert "refusing/templates/all.yaml:4:" in line
    assert "nil pointer evaluating interface {}.b" in line


def test_template_that_makes_no_yaml_is_named(way: str, chart: Path) -> None:
    said = str(_refused(way, chart, {"mode": "text"}))
    assert "refusing/templates/all.yaml" in said
    assert "mapping values are not allowed in this context" in said


def test_template_that_makes_no_object_is_named(way: str, chart: Path) -> None:
    said = str(_refused(way, chart, {"mode": "nameless"}))
    assert said.startswith("refusing/templates/all.yaml: rendered to something that is not a ")


def test_template_that_writes_a_key_twice_is_named(way: str, chart: Path) -> None:
    """Helm itself lets it pass and takes the last."""
    said = str(_refused(way, chart, {"mode": "twice"}))
    assert "key kind is there twice" in said


@pytest.mark.parametrize("name", ["Upper", "x" * 54, "-x", "--debug", "a_b", ""])
def test_release_name_that_helm_does_not_take_is_refused(name: str, way: str, chart: Path) -> None:
    (line,) = str(_refused(way, chart, {}, helm.Release(name, "apps"))).splitlines()
    assert line.startswith(f"release apps/{name}: ")
    assert "invalid release name" in line or "no name provided" in line


def test_chart_for_a_newer_kubernetes_is_refused(way: str, tmp_path: Path) -> None:
    chart = minicharts.write(minicharts.DEMANDING, tmp_path)
    engine: helm.Engine = "cli" if way in helmcli.CLIS else "embedded"
    jobs = [helm.Job(chart, RELEASE, {})] * (10 if way == "many" else 1)
    for outcome in helm.outcomes(jobs, engine=engine, kube_version="1.33.0"):
        assert isinstance(outcome, UserError)
        assert "chart requires kubeVersion: >=1.34.0-0" in str(outcome)
    assert not isinstance(next(helm.outcomes(jobs, engine=engine)), UserError)


def test_one_bad_release_among_many_spoils_no_other(chart: Path) -> None:
    values = [{"count": "x"} if number % 5 == 0 else {} for number in range(30)]
    jobs = [helm.Job(chart, RELEASE, value) for value in values]
    found = [isinstance(outcome, UserError) for outcome in helm.outcomes(jobs, engine="embedded")]
    assert found == [number % 5 == 0 for number in range(30)]


def test_first_bad_release_is_raised(chart: Path) -> None:
    jobs = [helm.Job(chart, RELEASE, {"count": value}) for value in (1, "x", "z")]
    made = helm.render_many(jobs, engine="embedded")
    assert len(next(made)) == 1
    with pytest.raises(UserError, match="count: got string, want integer"):
        next(made)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gone", "no such chart"),
        ("empty", "is not a chart: it has no Chart.yaml"),
        ("note.txt", "is not a packaged chart"),
    ],
)
def test_what_is_no_chart_is_named(name: str, says: str, way: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "note.txt").write_text("no chart\n")
    error = _refused("embedded" if way == "many" else way, tmp_path / name, {})
    assert str(error).startswith(f"{tmp_path / name}: {says}. Name the chart's directory")
    assert error.exit_code == EXIT_UNUSABLE


@pytest.mark.parametrize("content", [b"no archive", b""])
def test_broken_archive_is_refused(content: bytes, way: str, tmp_path: Path) -> None:
    path = tmp_path / "chart.tgz"
    path.write_bytes(content)
    error = _refused("embedded" if way == "many" else way, path, {})
    assert str(error).startswith("release apps/app: ")


@pytest.mark.parametrize("metadata", ["name: [", "name: x\n", "{}\n"])
def test_broken_chart_yaml_is_refused(metadata: str, way: str, chart: Path) -> None:
    (chart / "Chart.yaml").write_text(metadata)
    error = _refused("embedded" if way == "many" else way, chart, {})
    assert "\n" not in str(error)
    assert "Traceback" not in str(error)


def test_broken_schema_is_refused(way: str, chart: Path) -> None:
    (chart / "values.schema.json").write_text('{"properties": {"a": {"pattern": "(?!x)"}}}')
    said = str(_refused("embedded" if way == "many" else way, chart, {"a": "x"}))
    assert "invalid or unsupported Perl syntax" in said or "not valid against metaschema" in said


def test_helm_that_says_nothing_is_still_an_error() -> None:
    assert str(refusal("", JOB)) == "release a/b: Helm failed and said nothing"


def test_noise_of_the_command_is_left_out() -> None:
    text = (
        'level=ERROR msg="release name check failed"\n'
        "2026/11/23 19:05:18 warning: skipped value for c.k: Not a table.\n"
        "Error: something else\n\nUse --debug flag to render out invalid YAML\n"
    )
    assert str(refusal(text, JOB)) == "release a/b: something else"


def test_a_broken_template_is_told_with_the_place_of_its_value(way: str, repository: Path) -> None:
    chart = repository / "charts/opencode-workspace"
    broken = {
        "controllers": {"workspace": {"pod": {"annotations": {"a": "{{ .Release.Name }}{{ x "}}}}
    }
    assert str(_refused(way, chart, broken)) == (
        "release apps/app: controllers.workspace.pod.annotations.a: "
        'broken template at 1: function "x" not defined'
    )
