"""Do the scripts reach the pod byte for byte, where its commands look for them?"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.charts import Chart
from tests.support.manifests import Manifests
from tests.support.pods import containers, pods
from tests.support.rendering import Renderer

SCRIPTS = ("bootstrap.sh", "serve.sh", "door.sh")


@pytest.mark.parametrize("name", [*SCRIPTS, "known_hosts"])
def test_a_file_of_the_chart_arrives_unchanged(
    name: str, render_chart: Renderer, chart: Chart
) -> None:
    data = render_chart().one("ConfigMap")["data"]
    assert data[name] == (chart.directory / "files" / name).read_text()


def test_own_host_keys_come_after_those_of_the_chart(render_chart: Renderer, chart: Chart) -> None:
    line = "git.example.com ssh-ed25519 AAAA"
    data = render_chart({"workspace": {"knownHosts": line}}).one("ConfigMap")["data"]
    assert data["known_hosts"] == (chart.directory / "files/known_hosts").read_text() + f"{line}\n"


@pytest.mark.parametrize("blanks", ["", "\n", " \n\n"])
def test_blank_lines_around_own_host_keys_are_left_out(blanks: str, render_chart: Renderer) -> None:
    line = "git.example.com ssh-ed25519 AAAA"
    plain, padded = (
        render_chart({"workspace": {"knownHosts": text}}).one("ConfigMap")["data"]["known_hosts"]
        for text in (line, f"{blanks}{line}{blanks}")
    )
    assert plain == padded


def test_the_configmap_holds_these_files_and_no_other(render_chart: Renderer) -> None:
    data = render_chart().one("ConfigMap")["data"]
    assert set(data) == {*SCRIPTS, "known_hosts", "passwd", "gitconfig"}


def test_every_script_that_is_run_is_where_it_is_run_from(render_chart: Renderer) -> None:
    rendered = render_chart(hooks=True)
    scripts = {path for path in commanded(rendered) if path.startswith("/scripts/")}
    assert scripts == {f"/scripts/{name}" for name in SCRIPTS}
    for _, pod in pods(rendered):
        for container in containers(pod):
            (mount,) = [m for m in container["volumeMounts"] if m["mountPath"] == "/scripts"]
            (volume,) = [v for v in pod["spec"]["volumes"] if v["name"] == mount["name"]]
            assert volume["configMap"] == {"name": "opencode-flux-scripts", "defaultMode": 0o555}


def test_files_that_bootstrap_is_told_of_are_mounted(render_chart: Renderer) -> None:
    container = render_chart().container("init-workspace")
    mounts = [mount["mountPath"] for mount in container["volumeMounts"]]
    told = {e["value"] for e in container["env"] if e["name"].endswith(("_FILE", "_RUN_DIRECTORY"))}
    assert len(told) == 5
    for path in told:
        assert any(path == mount or path.startswith(f"{mount}/") for mount in mounts), path


def test_text_of_a_script_is_never_evaluated(render_chart: Renderer, chart: Chart) -> None:
    data = render_chart({"workspace": {"knownHosts": "{{ .Release.Name }}"}}).one("ConfigMap")[
        "data"
    ]
    assert data["known_hosts"].endswith("\n{{ .Release.Name }}\n")


@pytest.mark.parametrize("name", ['Ada "Countess" #1; \\ x', "Ünï <ü@x>", " a ", "{{ .x }}", "'"])
def test_git_reads_the_name_that_was_given(
    name: str, render_chart: Renderer, tmp_path: Path
) -> None:
    data = render_chart({"workspace": {"user": {"name": name}}}).one("ConfigMap")["data"]
    (tmp_path / "gitconfig").write_text(data["gitconfig"], encoding="utf-8")
    command = ["git", "config", "--file", str(tmp_path / "gitconfig"), "user.name"]
    read = subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout
    assert read == f"{name}\n"


def commanded(rendered: Manifests) -> list[str]:
    return [word for _, pod in pods(rendered) for c in containers(pod) for word in c["command"]]
