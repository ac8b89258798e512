"""Is the values table in the chart's README complete, fresh and readable?"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from opencode_workspace import reference
from opencode_workspace.errors import UserError
from tests.support.charts import Chart

CHART = Path(__file__).parents[2] / "charts/opencode-workspace"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CHART, tmp_path / "chart"))


@pytest.fixture(scope="module")
def table(chart: Chart) -> str:
    return reference.text(chart.schema, chart.values)


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(reference.main, arguments)
    return done.exit_code, done.output


def test_the_table_in_the_readme_is_fresh() -> None:
    assert run("--check", str(CHART)) == (0, ""), "run `make docs`"


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("values.yaml", "size: 5Gi", "size: 6Gi"),
        ("values.schema.json", "Clone submodules too.", "With submodules."),
        ("README.md", "| Clone submodules too. |", "| Submodules. |"),
    ],
)
def test_a_stale_table_is_reported_and_written_anew(
    copy: Path, file: str, old: str, new: str
) -> None:
    text = (copy / file).read_text()
    assert text.count(old) == 1
    (copy / file).write_text(text.replace(old, new))
    code, output = run("--check", str(copy))
    assert code == 1
    assert "the values table is stale. Run `make docs`" in output
    assert run(str(copy)) == (0, "")
    assert run("--check", str(copy)) == (0, "")


def test_what_stands_around_the_table_is_kept() -> None:
    readme = f"# before\n{reference.START}\nold\n{reference.END}\nafter\n"
    assert reference.replaced(readme, "| new |\n", "README.md") == (
        f"# before\n{reference.START}\n\n| new |\n\n{reference.END}\nafter\n"
    )


@pytest.mark.parametrize("marker", [reference.START, reference.END])
def test_a_readme_that_lost_a_marker_is_refused(copy: Path, marker: str) -> None:
    readme = copy / "README.md"
    readme.write_text(readme.read_text().replace(marker, ""))
    code, output = run(str(copy))
    assert code == 2
    assert "the markers of the values table are not there" in output


def test_a_folder_without_a_chart_is_refused(tmp_path: Path) -> None:
    code, output = run(str(tmp_path))
    assert code == 2
    assert "no such file" in output


def test_the_markers_are_named_in_the_refusal() -> None:
    with pytest.raises(UserError) as refused:
        reference.replaced("# nothing", "", "README.md")
    assert reference.START in refused.value.remedy


def test_every_link_of_the_table_leads_to_a_description_there(table: str) -> None:
    linked = set(re.findall(r"\]\(#([A-Za-z]+)\)", table))
    described = re.findall(r'<details id="([A-Za-z]+)">', table)
    assert linked == set(described)
    assert len(described) == len(set(described))


def test_every_key_of_the_schema_is_in_the_table(table: str, chart: Chart) -> None:
    rows = {
        step.removesuffix("[]")
        for place in re.findall(r"^\| `([^`]+)`", table, flags=re.MULTILINE)
        for step in place.split(".")
    }
    known = {
        key
        for node in [chart.schema, *chart.schema["definitions"].values()]
        for key in node.get("properties", {})
    }
    # It is there to be refused with an explanation.
    assert known - rows == {"globalMounts"}


def test_every_default_that_is_not_spelled_out_can_be_looked_up(table: str, chart: Chart) -> None:
    for line in table.splitlines():
        if "see values.yaml" in line:
            place = line.split("`")[1].split(".")
            node = chart.values
            for step in place:
                node = node[step]
            assert node, line


def test_no_row_breaks_the_table(table: str) -> None:
    for line in table.splitlines():
        if line.startswith("| "):
            cells = re.split(r"(?<!\\)\|", line)
            assert len(cells) in (5, 6), line
            assert "<" not in re.sub(r"`[^`]*`", "", line), f"Markdown would see HTML: {line}"


def test_the_table_stays_readable(table: str) -> None:
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    main = table.partition("<details")[0].count("\n| `")
    assert main < 120
    assert len(rows) < 450
