"""A mistake in Git: it is named, touches no other workspace, and its fix heals without a manual step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import yaml

from tests.cluster.conftest import Record
from tests.cluster.rig.api import condition, wait_for
from tests.cluster.rig.cluster import SYSTEM, Cluster
from tests.cluster.rig.fleet import Fleet
from tests.cluster.rig.forge import USER
from tests.cluster.rig.sandbox import ADDRESS
from tests.cluster.rig.workspace import NAMESPACE
from workbench.sshd import make_key

NAME = "opencode-ha"
DEPLOYMENT = f"Deployment/{NAMESPACE}/{NAME} status: 'InProgress'"
UNKNOWN_KEY = "OPENCODE_UNKNOWN_DEPLOY_KEY"


@dataclass(frozen=True)
class Mistake:
    """`make` breaks the tree, `says` is in the message of `kind`; `running`: the old pod goes on.

    cause: where the message leads, and what is said there. Of an object that is not healthy Flux tells
    its name alone.
    """

    name: str
    make: Callable[[Fleet], None]
    kind: str
    says: str
    running: bool = True
    cause: tuple[str, str] | None = None


def in_values(change: Callable[[dict[str, Any]], object]) -> Callable[[Fleet], None]:
    """Changes the values of the generated HelmRelease by hand."""

    def make(fleet: Fleet) -> None:
        file = fleet.app(NAME, "helmrelease.yaml")
        release = yaml.safe_load(file.read_text())
        change(release["spec"]["values"])
        file.write_text(yaml.safe_dump(release))

    return make


def in_text(file: str, old: str, new: str) -> Callable[[Fleet], None]:
    """Replaces text in a generated file."""
    return lambda fleet: fleet.replace(NAME, file, old, new)


def impatient(change: Callable[[dict[str, Any]], object]) -> Callable[[Fleet], None]:
    """Changes the values, and Helm waits for seconds only: not for a multiple of the 5 s it looks after."""

    def make(fleet: Fleet) -> None:
        in_values(change)(fleet)
        in_text("helmrelease.yaml", "timeout: 10m", "timeout: 8s")(fleet)

    return make


def set_tag(values: dict[str, Any]) -> None:
    values["controllers"]["workspace"]["containers"]["app"]["image"]["tag"] = "0.0.0-none"


def clone_anew(values: dict[str, Any]) -> None:
    """Into another folder of the volume: the clone that is there would be kept."""
    values["workspace"]["directory"] = "/home/user/anew"


def clone_nothing(values: dict[str, Any]) -> None:
    clone_anew(values)
    values["workspace"]["repository"] = f"{USER}@{ADDRESS}:owner/gone.git"


def take_unknown_key(fleet: Fleet) -> None:
    in_text("externalsecret.yaml", "OPENCODE_HA_DEPLOY_KEY", UNKNOWN_KEY)(fleet)
    impatient(clone_anew)(fleet)


def ask_for_no_chart(fleet: Fleet) -> None:
    """And Flux waits for seconds, not minutes."""
    in_text("ocirepository.yaml", 'tag: "', 'tag: "9.')(fleet)
    in_text("../ks.yaml", "timeout: 20m", "timeout: 8s")(fleet)


MISTAKES = [
    Mistake(
        "undefined variable",
        in_text("helmrelease.yaml", "${SECRET_DOMAIN}", "${SECRET_DOMIAN}"),
        "Kustomization",
        'variable not set (strict mode): "SECRET_DOMIAN"',
    ),
    Mistake(
        "YAML error",
        in_text("helmrelease.yaml", "spec:", "spec: ["),
        "Kustomization",
        "helmrelease.yaml",
    ),
    Mistake(
        "schema violation",
        in_values(lambda values: values["workspace"].update(repositry="x")),
        "HelmRelease",
        "additional properties 'repositry' not allowed",
    ),
    Mistake(
        "unknown chart version",
        ask_for_no_chart,
        "Kustomization",
        f"OCIRepository/{NAMESPACE}/{NAME} status: 'InProgress'",
        cause=("OCIRepository", "MANIFEST_UNKNOWN"),
    ),
    Mistake(
        "image that does not exist",
        impatient(set_tag),
        "HelmRelease",
        DEPLOYMENT,
        running=False,
        cause=("Pod", "0.0.0-none"),
    ),
    Mistake(
        "repository gone",
        impatient(clone_nothing),
        "HelmRelease",
        DEPLOYMENT,
        running=False,
        cause=(
            "init-workspace",
            "the repository does not exist, or this key or token may not see it",
        ),
    ),
    Mistake(
        "wrong deploy key",
        take_unknown_key,
        "HelmRelease",
        DEPLOYMENT,
        running=False,
        cause=("init-workspace", "the server does not accept the deploy key"),
    ),
]


def message(cluster: Cluster, kind: str) -> str:
    """Where a person would look for the reason."""
    if kind == "Pod":
        pods = cluster.workspace("ha").pods
        return str([pod["status"] for pod in pods])
    if kind == "init-workspace":
        pods = cluster.workspace("ha").pods
        assert len(pods) == 1, "the old pod is still there"
        return cluster.api.log(pods[0]["metadata"]["name"], NAMESPACE, "init-workspace")
    namespace = SYSTEM if kind == "Kustomization" else NAMESPACE
    state = condition(cluster.api.read(kind, NAME, namespace), "Ready")
    return str(state.get("message", "")) if state.get("status") != "True" else ""


def told(cluster: Cluster, kind: str, says: str) -> bool:
    """AssertionError with the message, unless it says this."""
    said = message(cluster, kind)
    assert says in said, said
    return True


@pytest.fixture(scope="module", autouse=True)
def unknown_key(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The store holds a deploy key that no server knows."""
    key = make_key(tmp_path_factory.mktemp("unknown") / "key")
    cluster.doppler.secrets[UNKNOWN_KEY] = key.read_text()
    yield
    del cluster.doppler.secrets[UNKNOWN_KEY]


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_named_and_its_fix_heals(
    cluster: Cluster, mistake: Mistake, record_property: Record
) -> None:
    workspace = cluster.workspace("ha")
    life = workspace.life
    with cluster.restoring():
        mistake.make(cluster.fleet)
        cluster.push(mistake.name)

        for kind, says in filter(None, [(mistake.kind, mistake.says), mistake.cause]):
            wait_for(partial(told, cluster, kind, says), f"message about: {mistake.name}")
        if mistake.running:
            assert workspace.life == life
        began = time.monotonic()
    workspace.wait_pod()
    if mistake.running:
        assert workspace.life == life, "the fix restarted the workspace"
    seconds = time.monotonic() - began
    record_property(f"{mistake.name}: from the fix to Ready", f"{seconds:.1f} s")
