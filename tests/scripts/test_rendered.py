"""The workbench's pod is the pod that the chart renders."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.manifests import Manifests
from tests.support.rendering import Renderer
from workbench.packages import program
from workbench.pod import DASH, PASSWORD, Pod
from workbench.remotes import git

# PATH is the image's; the other stands for the mount at /etc/gitconfig.
NOT_RENDERED = {"PATH", "GIT_CONFIG_SYSTEM"}
SECRETS = ("deploy-key", "git-token", "auth-json")

pytestmark = pytest.mark.parametrize("shell", [DASH], ids=["dash"])  # nothing here is the shell's


@pytest.fixture(scope="module")
def rendered(render_chart: Renderer) -> Manifests:
    return render_chart({})


def here(pod: Pod, value: str) -> str:
    """A rendered path, where the workbench has it."""
    places = {"/home/user": pod.home, "/run/workspace": pod.root / "run"}
    places |= {f"/secrets/{name}": pod.root / "secrets" for name in SECRETS}
    places["/scripts"] = pod.root / "scripts"
    for path, place in places.items():
        if value == path or value.startswith(f"{path}/"):
            return f"{place}{value.removeprefix(path)}"
    return value


def test_environment_is_the_rendered_one(pod: Pod, rendered: Manifests) -> None:
    entries = rendered.container("init-workspace")["env"]
    wanted = {entry["name"]: here(pod, entry.get("value", PASSWORD)) for entry in entries}
    assert {k: v for k, v in pod.environment.items() if k not in NOT_RENDERED} == wanted


def test_script_is_the_rendered_one(pod: Pod, rendered: Manifests) -> None:
    texts = [item["data"] for item in rendered.all("ConfigMap") if "bootstrap.sh" in item["data"]]
    assert [text["bootstrap.sh"] for text in texts] == [pod.script("bootstrap.sh").read_text()]


def test_git_settings_are_among_the_rendered_ones(
    pod: Pod, rendered: Manifests, scratch: Path
) -> None:
    (text,) = (
        item["data"]["gitconfig"]
        for item in rendered.all("ConfigMap")
        if "gitconfig" in item["data"]
    )
    (scratch / "gitconfig").write_text(text)
    wanted = settings(scratch / "gitconfig")
    own = {
        name: value.replace(str(pod.home), "/home/user")
        for name, value in settings(pod.git_configuration).items()
    }
    assert own == {name: wanted[name] for name in own}


def settings(file: Path) -> dict[str, str]:
    """Values of a Git configuration by their names."""
    lines = git(file.parent, "config", "--file", str(file), "--list").splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_start_writes_nowhere_but_to_its_volume_and_its_memory(ssh_pod: Pod) -> None:
    """Everything else, /tmp and the scripts' own directory too, is mounted read-only for it."""
    root = ssh_pod.root
    commands = [
        "mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp",
        f"mount --bind {root} {root} && mount -o remount,bind,ro {root}",
        *(f"mount --bind {root}/{name} {root}/{name}" for name in ("home", "run")),
        *(f"mount -o remount,bind,rw {root}/{name}" for name in ("home", "run")),
        f"! touch {root}/scripts/probe /tmp/probe 2>/dev/null",
        '"$@"',
    ]
    ssh_pod.prefix = [program("unshare"), "--user", "--map-root-user", "--mount"]
    ssh_pod.prefix += [program("dash"), "-c", " && ".join(commands), "-"]
    ssh_pod.git_configuration.write_text("[safe]\n\tdirectory = *\n")
    ssh_pod.bootstrap().expect(0, "is ready")
    assert Path(ssh_pod.directory, "README.md").exists()
