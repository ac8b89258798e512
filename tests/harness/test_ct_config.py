"""chart-testing drops configuration keys it does not know; these tests stand in for its silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]

# The fields of Configuration in pkg/config/config.go of this version.
CT_VERSION = "3.14.0"
CT_KEYS = frozenset(
    (Path(__file__).parent / f"ct-{CT_VERSION}-keys.txt").read_text(encoding="utf-8").split()
)


def unknown_keys(config: dict[str, Any]) -> set[str]:
    """Keys that ct would drop without a word."""
    return set(config) - CT_KEYS


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    """What ct.yaml says."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "ct.yaml").read_text(encoding="utf-8"))
    return loaded


def test_every_key_of_ct_yaml_is_one_ct_knows(config: dict[str, Any]) -> None:
    assert unknown_keys(config) == set(), "ct ignores these keys of ct.yaml"


def test_a_misspelt_key_is_noticed(config: dict[str, Any]) -> None:
    assert unknown_keys(config | {"chart-dir": ["charts"]}) == {"chart-dir"}


def test_the_known_keys_are_those_of_the_pinned_ct() -> None:
    module = (ROOT / "tools/ct/go.mod").read_text(encoding="utf-8")
    assert f"github.com/helm/chart-testing/v3 v{CT_VERSION} " in module, (
        "tools/ct has another version: write down the keys of its pkg/config/config.go"
    )


@pytest.mark.parametrize("key", ["chart-yaml-schema", "lint-conf"])
def test_every_file_ct_yaml_names_exists(config: dict[str, Any], key: str) -> None:
    assert (ROOT / config[key]).is_file(), f"ct.yaml: {key} names a file that is not there"


def test_every_chart_is_in_a_directory_ct_looks_into(config: dict[str, Any]) -> None:
    charts = {chart.parent for chart in ROOT.glob("charts/**/Chart.yaml")}
    seen = {
        chart.parent
        for folder in config["chart-dirs"]
        for chart in ROOT.glob(f"{folder}/*/Chart.yaml")
    }
    assert charts == seen


def test_every_ci_values_file_has_a_name_ct_picks_up() -> None:
    files = set(ROOT.glob("charts/*/ci/*"))
    picked = set(ROOT.glob("charts/*/ci/*-values.yaml"))
    assert files == picked, "ct reads ci/*-values.yaml and nothing else"
    assert picked, "without a ci values file ct lints the defaults alone"
