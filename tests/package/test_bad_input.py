"""Is bad input told in one clear message, with nothing half written and no traceback?"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command import Command, Result

CATALOGUE = Path("flux/workspaces.yaml")


def snapshot(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def assert_told(result: Result, *words: str, code: int) -> None:
    assert result.code == code, result
    assert result.out == "", f"output beside the error: {result.out}"
    lines = result.err.splitlines()
    assert lines
    assert all(line.startswith("error: ") for line in lines), result.err
    assert "Traceback" not in result.err
    for word in words:
        assert word in result.err, f"{word!r} is not in: {result.err}"


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


Damage = Callable[[Path], object]
UNREADABLE: dict[str, tuple[Damage, tuple[str, ...]]] = {
    "missing": (lambda path: path.unlink(), ("workspaces.yaml",)),
    "a folder": (make_folder, ("workspaces.yaml",)),
    "empty": (lambda path: path.write_text(""), ("workspaces.yaml", "no YAML document")),
    "not UTF-8": (
        lambda path: path.write_bytes(b"cluster: \xff\xfe\n"),
        ("workspaces.yaml", "UTF-8"),
    ),
    "not YAML": (lambda path: path.write_text("cluster: [\n"), ("workspaces.yaml:",)),
    "a list": (lambda path: path.write_text("- a\n"), ("this is not a catalogue",)),
    "two documents": (
        lambda path: path.write_text("a: 1\n---\nb: 1\n"),
        ("this is not a catalogue",),
    ),
    "a duplicate key": (
        lambda path: path.write_text(path.read_text() + "  ha:\n    repository: x\n    host: y\n"),
        ("workspaces.yaml:", "ha"),
    ),
}


@pytest.mark.parametrize("case", UNREADABLE)
@pytest.mark.parametrize("verb", ["generate", "preview", "render"])
def test_a_catalogue_that_cannot_be_used_is_told_with_its_place(
    case: str, verb: str, project: Path, command: Command
) -> None:
    damage, words = UNREADABLE[case]
    damage(CATALOGUE)
    before = snapshot(project)
    assert_told(command(verb), *words, code=2)
    assert snapshot(project) == before


def test_a_missing_chart_is_told_with_its_place(project: Path, command: Command) -> None:
    shutil.rmtree("charts")
    for verb in (["generate"], ["render"], ["values", "flux"]):
        assert_told(command(*verb), "charts/opencode-workspace", code=2)


def test_values_that_the_chart_refuses_are_told_before_anything_is_written(
    project: Path, command: Command
) -> None:
    CATALOGUE.write_text(CATALOGUE.read_text() + "    values: {persistance: {}}\n")
    before = snapshot(project)
    assert_told(command("generate"), "persistance", "opencode-ha", "workspaces.yaml:", code=1)
    assert snapshot(project) == before


def test_a_password_in_a_url_is_refused_and_not_echoed(project: Path, command: Command) -> None:
    before = snapshot(project)
    result = command(
        "new", "docs", "--repository", "https://me:correct-horse@github.com/owner/docs.git"
    )
    assert_told(result, "holds a password or token", code=1)
    assert "correct-horse" not in result.err
    assert snapshot(project) == before


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (
            ["new", "flux", "--repository", "git@github.com:a/b.git"],
            "there is a workspace 'flux' already",
        ),
        (["new", "Docs", "--repository", "git@github.com:a/b.git"], "not an RFC 1123 label"),
        (
            ["new", "docs", "--repository", "git@github.com:a/b.git", "--host", "https://x"],
            "not a host name",
        ),
        (["remove", "nope"], "there is no workspace 'nope'"),
        (["values", "opencode-flux"], "Did you mean 'flux'?"),
    ],
)
def test_a_wrong_name_or_host_changes_nothing(
    arguments: list[str], word: str, project: Path, command: Command
) -> None:
    before = snapshot(project)
    result = command(*arguments)
    assert_told(result, word, code=result.code)
    assert result.code in (1, 2)
    assert snapshot(project) == before


def test_a_file_that_was_not_generated_is_not_overwritten(project: Path, command: Command) -> None:
    path = project / "flux/apps/opencode/opencode-ha/ks.yaml"
    path.write_text("mine: true\n")
    before = snapshot(project)
    assert_told(command("generate"), "was not generated", "opencode-ha/ks.yaml", code=2)
    assert snapshot(project) == before


def test_a_hand_written_file_beside_the_generated_ones_is_left_alone(
    project: Path, command: Command
) -> None:
    path = project / "flux/apps/opencode/mine/ks.yaml"
    path.parent.mkdir()
    path.write_text("mine: true\n")
    assert command("generate").code == 0
    assert path.read_text() == "mine: true\n"


def test_a_copy_of_a_generated_file_elsewhere_is_left_alone(
    project: Path, command: Command
) -> None:
    source = project / "flux/apps/opencode/opencode-ha/app/helmrelease.yaml"
    copied = project / "flux/apps/media/plex/app/helmrelease.yaml"
    copied.parent.mkdir(parents=True)
    copied.write_text(source.read_text())
    assert command("generate").code == 0
    assert copied.exists()


def test_a_second_catalogue_leaves_the_first_ones_tree_alone(
    project: Path, command: Command
) -> None:
    work = project / "flux/work.yaml"
    work.write_text(CATALOGUE.read_text().replace("namespace: opencode", "namespace: work"))
    before = snapshot(project / "flux/apps/opencode")
    assert command("generate", "--catalogue", "flux/work.yaml").code == 0
    assert snapshot(project / "flux/apps/opencode") == before


KS, RELEASE, RESOURCES = "ks.yaml", "app/helmrelease.yaml", "app/kustomization.yaml"
MALFORMED = [
    (KS, "  path:", "  path: []\n  old:", "/spec/path: got array, want string"),
    (KS, "-ha\n  namespace: flux-system\n", "-ha\n", "/metadata: missing property 'namespace'"),
    (KS, "    labels:\n", "    labels: [a]\n    old:\n", "/spec/commonMetadata/labels: got array"),
    (KS, "    substitute:\n", "    substitute: [a]\n    old:\n", "/spec/postBuild/substitute: got"),
    (KS, "targetNamespace: opencode", "targetNamespace: null", "missing property 'namespace'"),
    (RELEASE, "  values:", "  values: []\n  old:", "/spec/values: got array, want null or object"),
    (RELEASE, "metadata:\n", "metadata:\n  namespace: {}\n", "namespace is not a string"),
    (RESOURCES, "kind: Kustomization", "kind: {}", "kind {} is unknown"),
]


@pytest.mark.parametrize(("name", "old", "new", "told"), MALFORMED)
def test_a_malformed_object_is_told_without_a_traceback(
    name: str, old: str, new: str, told: str, project: Path, command: Command
) -> None:
    path = project / "flux/apps/opencode/opencode-ha" / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    assert_told(command("render"), "opencode-ha", told, code=2)


SCHEMA_MISTAKES = [{"type": 5}, {"pattern": ["a"]}, {"not": []}, {"minimum": [None]}, {"tpye": "x"}]


@pytest.mark.parametrize("keyword", SCHEMA_MISTAKES, ids=str)
def test_a_schema_that_is_none_is_told_with_its_place(
    keyword: dict[str, object], project: Path, command: Command
) -> None:
    path = project / "charts/opencode-workspace/values.schema.json"
    schema = json.loads(path.read_text())
    schema["properties"]["workspace"] |= keyword
    path.write_text(json.dumps(schema))
    assert_told(command("generate"), "values.schema.json: /properties/workspace/", code=2)


def test_a_missing_volume_template_is_told_with_its_place(project: Path, command: Command) -> None:
    shutil.rmtree("flux/templates")
    assert_told(command("generate"), "flux/templates/volsync", "no kustomization", code=2)


def test_a_folder_with_the_objects_of_another_render_is_not_written_to(
    project: Path, command: Command
) -> None:
    command("render", "-o", "out")
    command("remove", "ha")
    before = snapshot(project / "out")
    told = ("out: ", "opencode-ha/", "and", "Name an empty folder")
    assert_told(command("render", "-o", "out"), *told, code=2)
    assert snapshot(project / "out") == before


def test_without_any_helm_the_message_says_what_to_install(
    project: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv("HELM_BIN", raising=False)
    assert_told(command("render", "--engine", "cli"), "3.18", code=2)


def test_a_helm_that_is_too_old_is_named_with_its_version(
    project: Path, command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # No real Helm this old can be built here: its place is taken by its answer to `helm version`.
    old = tmp_path / "bin/helm"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho v3.9.4+gdbc6d8e\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")
    monkeypatch.delenv("HELM_BIN", raising=False)
    assert_told(command("render", "--engine", "cli"), "3.9.4", "3.18", str(old), code=2)


def test_an_interrupted_command_says_so_and_changes_nothing(project: Path) -> None:
    values = project / "charts/opencode-workspace/values.yaml"
    values.unlink()
    os.mkfifo(values)
    CATALOGUE.write_text(CATALOGUE.read_text().replace("volume: 5Gi", "volume: 9Gi"))
    before = snapshot(project)
    process = subprocess.Popen(
        [sys.executable, "-m", "opencode_workspace", "generate"],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    # Opens when the command has begun to read: it is in the middle of its work then.
    with values.open("w"):
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out) == (2, b"")
    assert err.strip() == b"error: interrupted; nothing was changed"
    assert snapshot(project) == before


def test_output_into_a_closed_pipe_is_no_error(project: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m opencode_workspace render | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
