"""Does the bench of many workspaces compare what it says, and work its figures out rightly?"""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests.cluster.rig.cluster import Nodeless
from tests.cluster.scale import meter
from tests.cluster.scale.growth import Line, curve, line
from tests.cluster.scale.page import FIGURES, PAGE, Row, amount, table, text


def test_a_line_goes_through_both_measured_points() -> None:
    small, large = {"workspaces": 50, "x": 110.0}, {"workspaces": 200, "x": 410.0}
    found = line(lambda result: float(result["x"]), small, large)
    assert found == Line(10.0, 2.0)
    assert found.at(1000) == 2010.0


def test_a_curve_goes_through_both_measured_points() -> None:
    small, large = {"workspaces": 50, "x": 10.0}, {"workspaces": 200, "x": 100.0}
    found = curve(lambda result: float(result["x"]), small, large)
    assert (round(found.at(50), 6), round(found.at(200), 6)) == (10, 100)
    assert found.at(10) < 2, "few cost less each"
    assert round(found.at(50, among=200), 6) == 25, "a quarter of those who look at all"
    assert round(found.affordable(found.at(170)), 6) == 170


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.034, "0.034"), (7.06, "7.1"), (42.04, "42.0"), (1234.5, "1,230"), (987, "987")],
)
def test_figures_are_told_in_digits_that_count(value: float, text: str) -> None:
    assert amount(value) == text


def test_a_table_has_a_column_for_each_result() -> None:
    rows = [Row("pods", lambda result: float(result["pods"]))]
    assert table(rows, {"50": {"pods": 50}, "200": {"pods": 200}}).splitlines() == [
        "| | 50 | 200 |",
        "|---|---:|---:|",
        "| pods | 50 | 200 |",
    ]


def test_a_phase_that_was_not_made_is_a_dash() -> None:
    rows = [Row("pods", lambda result: float(result["pods"]))]
    assert table(rows, {"50": {}}).splitlines()[-1] == "| pods | - |"


def test_the_page_says_what_was_measured() -> None:
    told = text(json.loads(FIGURES.read_text()))
    message = "write it anew: .venv/bin/python -m tests.cluster.scale page"
    assert PAGE.read_text() == told, message


def test_a_page_is_refused_when_too_few_runs_were_made() -> None:
    results = json.loads(FIGURES.read_text())
    with pytest.raises(ValueError, match="three sizes of one layout"):
        text({name: result for name, result in results.items() if result["layout"] == "each"})


@pytest.fixture
def quiet_cluster(tmp_path: Path) -> Nodeless:
    """What the meter looks at of a cluster; its programs are this process."""
    log = tmp_path / "registry.log"
    log.write_text("")
    program = SimpleNamespace(name="helm-controller", pid=os.getpid(), log=log)
    parts = SimpleNamespace(
        flux={"helm-controller": program},
        external_secrets=program,
        plane=SimpleNamespace(server=program, etcd=program, manager=program),
        registry=SimpleNamespace(process=program),
        doppler=SimpleNamespace(requests=[]),
    )
    return cast(Nodeless, parts)


def test_the_meter_counts_requests_of_the_phase_by_client(
    quiet_cluster: Nodeless, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meter, "QUIET_SECONDS", 0)
    audit = tmp_path / "audit.log"

    def ask(client: str, verb: str) -> None:
        with audit.open("a") as log:
            log.write(json.dumps({"userAgent": f"{client}/1.0 (linux)", "verb": verb}) + "\n")

    ask("helm-controller", "get")
    counting = meter.Meter(quiet_cluster, tmp_path)
    with counting.phase("bump"):
        ask("helm-controller", "list")
        ask("helm-controller", "patch")
        ask("helm-controller", "watch")
        ask("Python-urllib", "get")
    found = counting.phases["bump"]
    assert found["requests"] == {"helm-controller": 2}, "watches and our own are left out"
    assert found["written"] == {"helm-controller": 1}


def test_the_meter_tells_downloads_from_questions(
    quiet_cluster: Nodeless, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meter, "QUIET_SECONDS", 0)
    (tmp_path / "audit.log").write_text("")
    counting = meter.Meter(quiet_cluster, tmp_path)
    with counting.phase("sources"):
        quiet_cluster.registry.process.log.write_text(
            "2026/01/01 00:00:00 HEAD /v2/charts/a/manifests/1\n"
            "2026/01/01 00:00:00 HEAD /v2/charts/a/blobs/sha256:0 404 BLOB_UNKNOWN\n"
            "2026/01/01 00:00:00 GET /v2/charts/a/manifests/sha256:0\n"
            "2026/01/01 00:00:00 GET /v2/charts/a/blobs/sha256:0\n"
        )
    assert (counting.phases["sources"]["polls"], counting.phases["sources"]["pulls"]) == (1, 1)
