"""A directory is built as kustomize-controller does it, or refused with the file and its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import kustomize
from opencode_workspace.errors import UserError
from tests.package.fixtures.tables import cases, table

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n"


def _write(files: dict[str, str], directory: Path) -> None:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _build(case: dict[str, Any], directory: Path) -> list[dict[str, Any]]:
    _write(case["files"], directory)
    overlay = kustomize.Overlay(case.get("targetNamespace", ""), tuple(case.get("components", ())))
    return kustomize.build(
        directory / case.get("build", "."),
        boundary=directory / case.get("boundary", "."),
        overlay=overlay,
    )


@pytest.mark.parametrize("name", cases("kustomize/built"))
def test_directory_is_built_as_kustomize_builds_it(name: str, tmp_path: Path) -> None:
    case = table(f"kustomize/built/{name}.yaml")
    assert _build(case, tmp_path) == case["expected"]


@pytest.mark.parametrize("name", cases("kustomize/refused"))
def test_mistake_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    case = table(f"kustomize/refused/{name}.yaml")
    with pytest.raises(UserError) as refused:
        _build(case, tmp_path)
    assert case["says"] in str(refused.value)


def test_symbolic_link_is_refused_because_flux_drops_it(tmp_path: Path) -> None:
    _write({"kustomization.yaml": "resources: [a.yaml]\n", "b": CONFIG_MAP}, tmp_path)
    (tmp_path / "a.yaml").symlink_to("b")
    with pytest.raises(UserError, match=r"a\.yaml is a symbolic link, which Flux leaves out"):
        kustomize.build(tmp_path, boundary=tmp_path)


def test_linked_directory_on_the_way_is_refused(tmp_path: Path) -> None:
    _write(
        {"real/kustomization.yaml": "resources: [a.yaml]\n", "real/a.yaml": CONFIG_MAP}, tmp_path
    )
    (tmp_path / "linked").symlink_to("real")
    with pytest.raises(UserError, match="linked is a symbolic link"):
        kustomize.build(tmp_path / "linked", boundary=tmp_path)


def test_directory_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone: no such directory\. Check spec\.path"):
        kustomize.build(tmp_path / "gone", boundary=tmp_path)


def test_directory_outside_the_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is outside"):
        kustomize.build(tmp_path, boundary=tmp_path / "inner")


def test_empty_directory_builds_nothing(tmp_path: Path) -> None:
    assert kustomize.build(tmp_path, boundary=tmp_path) == []


def test_missing_component_of_flux_is_named(tmp_path: Path) -> None:
    overlay = kustomize.Overlay(components=("gone",))
    with pytest.raises(UserError, match=r"spec\.components: gone: no such file or directory"):
        kustomize.build(tmp_path, boundary=tmp_path, overlay=overlay)


def test_relative_paths_are_taken_from_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write({"tree/a.yaml": CONFIG_MAP.format(name="a")}, tmp_path)
    monkeypatch.chdir(tmp_path)
    (built,) = kustomize.build(Path("tree"), boundary=Path())
    assert built["metadata"]["name"] == "a"


def test_shared_component_is_read_once_and_never_shared(tmp_path: Path) -> None:
    files = {"parts/kustomization.yaml": "kind: Component\nresources: [c.yaml]\n"}
    files["parts/c.yaml"] = CONFIG_MAP.format(name="c")
    for app in ("one", "two"):
        files[f"{app}/kustomization.yaml"] = "resources: []\ncomponents: [../parts]\n"
    _write(files, tmp_path)
    cache = kustomize.Cache()
    (first,) = kustomize.build(tmp_path / "one", boundary=tmp_path, cache=cache)
    first["metadata"]["name"] = "changed"
    (tmp_path / "parts/c.yaml").write_text("broken: [", encoding="utf-8")
    (second,) = kustomize.build(tmp_path / "two", boundary=tmp_path, cache=cache)
    assert second["metadata"]["name"] == "c"


def test_common_metadata_wins_and_leaves_the_input_alone() -> None:
    document = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "labels": {"app": "old", "kept": "1"}},
    }
    (result,) = kustomize.add_common_metadata(
        [document], labels={"app": "new"}, annotations={"note": "1"}
    )
    assert result["metadata"] == {
        "name": "a",
        "labels": {"app": "new", "kept": "1"},
        "annotations": {"note": "1"},
    }
    assert document["metadata"] == {"name": "a", "labels": {"app": "old", "kept": "1"}}
