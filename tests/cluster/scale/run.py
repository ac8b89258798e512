"""One run: many workspaces on an empty cluster, from the first push to one more of them."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psutil
import yaml

from tests.cluster.rig.api import Object, condition, wait_for
from tests.cluster.rig.cluster import CHART, SYSTEM, Nodeless, nodeless, version
from tests.cluster.rig.fleet import bootstrap_documents
from tests.cluster.rig.kwok import kwok
from tests.cluster.rig.workspace import NAMESPACE

from .meter import Meter, audit_options
from .settings import CONTROLLERS, SETTINGS

READY_SECONDS = 1200
# Whether one OCIRepository serves all workspaces, by what the runs call it.
LAYOUTS = {"each": False, "shared": True}
# Rarely enough that looking does not become the work.
PAUSE = 1.0


@dataclass(frozen=True)
class Plan:
    """workspaces: how many. layout: key of LAYOUTS. settings: key of SETTINGS."""

    workspaces: int
    layout: str
    settings: str

    @property
    def name(self) -> str:
        """Such as 50-each-stock."""
        return f"{self.workspaces}-{self.layout}-{self.settings}"


def names(count: int) -> list[str]:
    """Workspaces as the catalogue calls them."""
    return [f"team-{number:05}" for number in range(count)]


class Crowd:
    """The workspaces of a cluster, changed by commits."""

    def __init__(self, cluster: Nodeless, layout: str) -> None:
        self.cluster = cluster
        self.names: list[str] = []
        self.chart = version(CHART)
        self._shares_chart = LAYOUTS[layout]

    def write(self, names: list[str], chart: str) -> None:
        """Generates the tree of these workspaces with this version of the chart; pushes nothing."""
        for name in names:
            self.cluster.doppler.secrets[key_of(name)] = "not a key: nothing runs"
        definition = self.cluster.fleet.tree / "charts/opencode-workspace/Chart.yaml"
        text = definition.read_text()
        definition.write_text(text.replace(f"\nversion: {self.chart}", f"\nversion: {chart}"))

        def change(catalogue: dict[str, Any]) -> None:
            catalogue["chart"].update(version=chart, shared=self._shares_chart)
            catalogue["workspaces"] = {
                name: {
                    "repository": f"git@git.example.test:owner/{name}.git",
                    "host": f"{name}.opencode.${{SECRET_DOMAIN}}",
                }
                for name in names
            }

        self.cluster.fleet.edit(change)
        self.names, self.chart = names, chart

    def wait(self, revision: str, *some: str) -> None:
        """Returns when all workspaces, or some, are Ready at this revision with the chart's version."""
        wanted = {f"opencode-{name}" for name in some or self.names}

        def found() -> bool:
            api = self.cluster.api
            kustomizations = by_name(api.list("Kustomization", SYSTEM))
            releases = by_name(api.list("HelmRelease", NAMESPACE))
            assert wanted <= kustomizations.keys(), "not all Kustomizations are there"
            if not some:
                ours = {name for name in kustomizations if name.startswith("opencode-team-")}
                assert ours == wanted, "a removed Kustomization is still there"
                assert releases.keys() == wanted, "HelmReleases are missing, or still there"
            behind = [
                name
                for name in wanted
                if not is_at(kustomizations[name], revision)
                or not is_release_of(releases.get(name), self.chart)
            ]
            assert not behind, f"{len(behind)} are behind, such as {behind[0]}"
            return True

        wait_for(found, f"{len(wanted)} workspaces at {revision}", READY_SECONDS, PAUSE)

    def ask(self, kind: str) -> None:
        """Makes Flux reconcile every object of a kind, and returns when that is done."""
        items = self.cluster.api.list(kind, NAMESPACE)
        stamps = {name: self.cluster.ask(kind, name, NAMESPACE) for name in by_name(items)}

        def found() -> bool:
            now = by_name(self.cluster.api.list(kind, NAMESPACE))
            return all(
                now[name]["status"].get("lastHandledReconcileAt") == stamp
                and condition(now[name], "Ready").get("status") == "True"
                for name, stamp in stamps.items()
            )

        wait_for(found, f"reconciled every {kind}", READY_SECONDS, PAUSE)


def key_of(name: str) -> str:
    """Where the secret store holds a workspace's deploy key."""
    return f"OPENCODE_{name.upper().replace('-', '_')}_DEPLOY_KEY"


def by_name(items: list[Object]) -> dict[str, Object]:
    """Objects of one kind and namespace."""
    return {item["metadata"]["name"]: item for item in items}


def is_at(kustomization: Object, revision: str) -> bool:
    """Whether it is Ready with this revision."""
    ready = condition(kustomization, "Ready").get("status") == "True"
    return bool(ready and kustomization["status"].get("lastAppliedRevision") == revision)


def is_release_of(release: Object | None, chart: str) -> bool:
    """Whether it is Ready with this version of the chart."""
    if release is None or condition(release, "Ready").get("status") != "True":
        return False
    history = release["status"].get("history")  # Flux writes it after the conditions
    return bool(history) and str(history[0]["chartVersion"]).partition("+")[0] == chart


def _when(release: Object) -> float:
    return datetime.fromisoformat(condition(release, "Ready")["lastTransitionTime"]).timestamp()


class Run:
    """The phases of one run, each a commit or a round; methods in the order of PHASES."""

    def __init__(self, crowd: Crowd, meter: Meter, count: int) -> None:
        self.found: dict[str, object] = {}
        self._crowd = crowd
        self._cluster = crowd.cluster
        self._meter = meter
        self._every = names(count)

    def first(self) -> None:
        """All of them come up."""
        self._crowd.write(self._every, self._crowd.chart)
        started = time.time()
        with self._meter.phase("first"):
            self._crowd.wait(self._cluster.push(f"{len(self._every)} workspaces"))
        releases = self._cluster.api.list("HelmRelease", NAMESPACE)
        waits = [_when(item) - started for item in releases]
        self.found["ready"] = {"half": statistics.median(waits), "last": max(waits)}
        self.found["pods"] = len(self._cluster.api.list("Pod", NAMESPACE))

    def unrelated(self) -> None:
        """A commit that changes no workspace."""
        (self._cluster.fleet.tree / "NOTES.md").write_text("Nothing that Flux applies\n")
        with self._meter.phase("unrelated"):
            self._crowd.wait(self._cluster.push("A note"))

    def bump(self) -> None:
        """A newer chart."""
        newer = f"{self._crowd.chart}-next"
        self._cluster.registry.push_chart(CHART, newer)
        self._crowd.write(self._every, newer)
        with self._meter.phase("bump"):
            self._crowd.wait(self._cluster.push("A newer chart"))

    def sources(self) -> None:
        """A round of the chart's sources."""
        with self._meter.phase("sources"):
            self._crowd.ask("OCIRepository")

    def releases(self) -> None:
        """A round of the releases."""
        with self._meter.phase("releases"):
            self._crowd.ask("HelmRelease")

    def one_more(self) -> None:
        """One more workspace."""
        (more,) = set(names(len(self._every) + 1)) - set(self._every)
        self._crowd.write([*self._every, more], self._crowd.chart)
        with self._meter.phase("one more"):
            self._crowd.wait(self._cluster.push("One more"), more)


PHASES: Mapping[str, Callable[[Run], None]] = MappingProxyType(
    {
        "first": Run.first,
        "unrelated": Run.unrelated,
        "bump": Run.bump,
        "sources": Run.sources,
        "releases": Run.releases,
        "one more": Run.one_more,
    }
)


def measure(
    plan: Plan, folder: Path, logs: Path, say: Callable[[str], None], until: str = ""
) -> dict[str, object]:
    """Everything that is measured of a plan, as JSON takes it; `folder` is for the cluster's files.

    until: key of PHASES, the last to be made.
    """
    folder.mkdir()
    load = psutil.getloadavg()[0]
    flags = dict.fromkeys(CONTROLLERS, SETTINGS[plan.settings])
    with (
        nodeless(folder, logs, audit_options(folder), flags) as cluster,
        kwok(logs, cluster.api),
    ):
        crowd = Crowd(cluster, plan.layout)
        _begin(crowd)
        meter = Meter(cluster, folder)
        meter.settle()
        run = Run(crowd, meter, plan.workspaces)
        for name, phase in PHASES.items():
            say(name)
            phase(run)
            if name == until:
                break
        source = cluster.api.read("GitRepository", "home-kubernetes", SYSTEM)
        return {
            "workspaces": plan.workspaces,
            "layout": plan.layout,
            "settings": plan.settings,
            "load": load,
            "cores": os.cpu_count(),
            **run.found,
            "phases": meter.phases,
            "etcd": meter.etcd(),
            "memory": meter.memory(),
            "artifact": source["status"]["artifact"]["size"],
        }


def _begin(crowd: Crowd) -> None:
    """Flux, the platform and the namespace, no workspace."""
    cluster = crowd.cluster
    # Claims are made empty: no VolSync runs that would fill them from a backup first.
    claim = cluster.fleet.tree / "flux/templates/volsync/claim.yaml"
    document = yaml.safe_load(claim.read_text())
    del document["spec"]["dataSourceRef"]
    claim.write_text(yaml.safe_dump(document))
    crowd.write([], crowd.chart)
    revision = cluster.fleet.push("No workspaces")
    cluster.api.apply(bootstrap_documents(cluster.forge))
    cluster.api.apply(cluster.platform)
    cluster.wait_applied(revision)
