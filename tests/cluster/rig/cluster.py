"""Everything together: a cluster with Flux, a forge, a registry and a secret store, and our workspaces."""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from . import fleet as fleets
from .api import Api, Object, condition, wait_for
from .backup import BUCKET, MOVER, backups, make_mover
from .controlplane import ControlPlane, control_plane
from .doppler import Doppler, doppler
from .fleet import PLATFORM, REPOSITORY, Fleet
from .flux import flux
from .forge import Forge, forge
from .names import names
from .node import node
from .processes import Process
from .registry import Registry, registry
from .runtime import Runtime, runtime
from .secretstore import external_secrets
from .storage import Volumes, volumes
from .workspace import NAMESPACE, Workspace

SYSTEM = "flux-system"
CHART = REPOSITORY / "charts" / "opencode-workspace"


@dataclass(frozen=True)
class Nodeless:
    """The running parts of a cluster but its nodes; `flux` are the controllers by name."""

    plane: ControlPlane
    flux: dict[str, Process]
    external_secrets: Process
    doppler: Doppler
    forge: Forge
    registry: Registry
    volumes: Volumes
    fleet: Fleet

    @property
    def api(self) -> Api:
        """The API server."""
        return self.plane.api

    @property
    def platform(self) -> list[Object]:
        """What a cluster repository has beside flux/: secret store and storage."""
        return list(yaml.safe_load_all((PLATFORM / "kustomizations.yaml").read_text()))

    @property
    def kustomizations(self) -> list[str]:
        """Names of all Kustomizations that the catalogue and the platform ask for."""
        catalogue = yaml.safe_load(self.fleet.catalogue.read_text())
        ours = [f"opencode-{name}" for name in catalogue["workspaces"]]
        theirs = [item["metadata"]["name"] for item in self.platform]
        return ["opencode-workspaces", *theirs, *ours]

    def ask(self, kind: str, name: str, namespace: str) -> str:
        """Asks Flux to reconcile an object now; gives the mark of the request."""
        stamp = str(time.time())
        marks = {"reconcile.fluxcd.io/requestedAt": stamp}
        self.api.patch(kind, name, namespace, {"metadata": {"annotations": marks}})
        return stamp

    @property
    def password(self) -> str:
        """Of every workspace that has none of its own."""
        return self.doppler.secrets["OPENCODE_SERVER_PASSWORD"]

    def ask_store(self, name: str) -> None:
        """Makes external-secrets look at the store now, for this ExternalSecret of the workspaces."""
        self.look_again("ExternalSecret", name, NAMESPACE)

    def synchronise(self, name: str) -> None:
        """Returns when the Secret that this ExternalSecret makes holds what the store holds."""
        template = self.api.read("ExternalSecret", name, NAMESPACE)["spec"]["target"]["template"]
        self.ask_store(name)

        def synchronised() -> bool:
            held = self.api.read("Secret", name, NAMESPACE)["data"]
            for key, text in template["data"].items():
                stored = self.doppler.secrets[text.strip("{ .}")]
                assert base64.b64decode(held[key]).decode() == stored, key
            self.api.ready("ExternalSecret", name, NAMESPACE)
            return True

        wait_for(synchronised, f"Secret {name} as in Doppler")

    def look_again(self, kind: str, name: str, namespace: str | None) -> None:
        """What `kubectl annotate … force-sync=…` does to an object of external-secrets."""
        marks = {"force-sync": str(time.time())}
        self.api.patch(kind, name, namespace, {"metadata": {"annotations": marks}})

    def fetch(self) -> None:
        """Makes Flux look at the repository now."""
        self.ask("GitRepository", "home-kubernetes", SYSTEM)

    def push(self, message: str) -> str:
        """Commits and pushes the fleet and makes Flux look; gives the revision."""
        revision = self.fleet.push(message)
        self.fetch()
        return revision

    @contextmanager
    def changed(self, change: Callable[[dict[str, Any]], object]) -> Iterator[str]:
        """The catalogue changed and applied everywhere, gives the revision; afterwards as before."""
        with self.restoring():
            self.fleet.edit(change)
            revision = self.push("Change the catalogue")
            self.wait_applied(revision)
            yield revision

    @contextmanager
    def restoring(self) -> Iterator[None]:
        """What the block did to the repository is undone by a commit, and Flux applies it."""
        try:
            with self.fleet.restored():
                yield
        finally:
            self.wait_applied(self.push("As before"))

    def reconcile(self, kind: str, name: str, namespace: str) -> Object:
        """Makes Flux reconcile an object, and gives it when that is done."""
        stamp = self.ask(kind, name, namespace)

        def handled() -> Object | None:
            item = self.api.read(kind, name, namespace)
            done = item.get("status", {}).get("lastHandledReconcileAt") == stamp
            settled = condition(item, "Ready").get("status") in ("True", "False")
            return item if done and settled else None

        return wait_for(handled, f"reconciled {kind} {name}")

    def applied(self, name: str, revision: str) -> Object:
        """The Kustomization; AssertionError unless it is Ready with this revision."""
        item = self.api.ready("Kustomization", name, SYSTEM)
        last = item["status"].get("lastAppliedRevision")
        assert last == revision, f"Kustomization {name} has {last}, not {revision}"
        return item

    def wait_applied(self, revision: str, *names: str, seconds: float = 120) -> None:
        """Returns when the Kustomizations, or all of them, are Ready with this revision."""

        def found() -> bool:
            for name in names or self.kustomizations:
                self.applied(name, revision)
            return True

        wait_for(found, f"cluster at {revision}", seconds)


@dataclass(frozen=True)
class Cluster(Nodeless):
    """With a real node: pods run."""

    runtime: Runtime
    kubelet: Process

    def workspace(self, name: str) -> Workspace:
        """By its name in the catalogue, such as flux."""
        return Workspace(f"opencode-{name}", self.api, self.volumes)


def version(chart: Path) -> str:
    """The version that a chart gives itself."""
    return str(yaml.safe_load((chart / "Chart.yaml").read_text())["version"])


def _login(provider_key: str) -> str:
    return json.dumps({"github-copilot": {"type": "oauth", "refresh": provider_key, "expires": 0}})


def _first_secrets(made: Forge, catalogue: Path) -> dict[str, str]:
    names = yaml.safe_load(catalogue.read_text())["workspaces"]
    keys = {
        f"OPENCODE_{name.upper()}_DEPLOY_KEY": made.create(fleets.repository_of(name))
        for name in names
    }
    return keys | {
        "OPENCODE_SERVER_PASSWORD": secrets.token_urlsafe(12),
        "OPENCODE_COPILOT_AUTH_JSON": _login(secrets.token_hex(8)),
        "VOLSYNC_REPOSITORY_TEMPLATE": BUCKET,
        "RESTIC_PASSWORD": secrets.token_hex(8),
        "MINIO_ROOT_USER": "minio",
        "MINIO_ROOT_PASSWORD": secrets.token_hex(8),
    }


def _image() -> Path:
    """The workspace image as an archive, which has been built by now."""
    command = [REPOSITORY / "tools/image.sh"]
    return Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())


def _prepare(api: Api, store: Doppler) -> None:
    api.apply(yaml.safe_load_all((PLATFORM / "namespaces.yaml").read_text()))
    token = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "doppler-token", "namespace": "external-secrets"},
        "stringData": {"dopplerToken": store.token},
    }
    api.apply([token])


def push_charts(charts: Registry) -> None:
    """Publishes the charts that a cluster installs."""
    charts.push_chart(CHART, version(CHART))
    charts.push_chart(PLATFORM / "rook-ceph-cluster", "0.1.0")


def _publish(folder: Path, made_forge: Forge, charts: Registry) -> Fleet:
    """What a person publishes before Flux is told of it: charts and the repository."""
    push_charts(charts)
    return fleets.make_fleet(folder, made_forge)


@contextmanager
def nodeless(
    folder: Path,
    logs: Path,
    server_options: Mapping[str, object] = MappingProxyType({}),
    flux_options: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Iterator[Nodeless]:
    """A cluster without a node whose Flux knows nothing yet; `folder` is for its files.

    server_options: more of the API server's, without dashes. flux_options: more arguments by controller.
    """
    logs.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        enter = stack.enter_context
        made_forge = enter(forge(folder / "forge", logs))
        store = enter(doppler(secrets.token_hex(16)))
        store.secrets.update(_first_secrets(made_forge, REPOSITORY / "flux" / "workspaces.yaml"))
        charts = enter(registry(folder / "registry", logs))
        # It takes long, and nothing needs it before Flux is told of it.
        published = enter(ThreadPoolExecutor(1)).submit(_publish, folder, made_forge, charts)
        plane = enter(control_plane(folder / "control-plane", logs, server_options))
        controllers = enter(flux(folder / "flux", logs, plane.api, flux_options))
        eso = enter(external_secrets(logs, plane.api, store))
        disks = enter(volumes(folder / "volumes", logs, plane.api))
        _prepare(plane.api, store)
        parts = (controllers, eso, store, made_forge, charts, disks)
        yield Nodeless(plane, *parts, published.result())


@contextmanager
def cluster(folder: Path, logs: Path) -> Iterator[Cluster]:
    """A cluster with a real node whose Flux knows nothing yet; `folder` is for its files."""
    logs.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        enter = stack.enter_context
        containers = enter(runtime(folder / "containerd", logs))
        # The slowest step by far, and nothing needs it before the first pod.
        workers = enter(ThreadPoolExecutor(1))
        named = fleets.image(REPOSITORY / "flux" / "workspaces.yaml")
        images = {named: _image(), MOVER: make_mover(folder / "mover")}
        loaded = [workers.submit(containers.load, file, name) for name, file in images.items()]
        base = enter(nodeless(folder, logs))
        enter(backups(logs, base.api))
        enter(names(base.api))
        kubelet = enter(node(folder / "node", logs, base.api, containers))
        for each in loaded:
            each.result()
        yield Cluster(**vars(base), runtime=containers, kubelet=kubelet)
