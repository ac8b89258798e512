"""What a cluster does in a stretch of time: requests by client, CPU by program, pulls, look-ups of secrets."""

from __future__ import annotations

import json
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil
import yaml

from tests.cluster.rig.cluster import Nodeless
from tests.cluster.rig.controlplane import ETCD_PORT
from tests.cluster.rig.processes import Process

# The tests' own way to the API server.
OURS = ("Python-urllib", "kubectl")
QUIET_SECONDS, QUIET_REQUESTS, SETTLE_SECONDS = 5, 10, 120
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived", "ResponseStarted"],
    "rules": [{"level": "Metadata"}],
}


def audit_options(folder: Path) -> dict[str, object]:
    """Options of an API server that writes down every request; `folder` is for its files."""
    policy = folder / "audit-policy.yaml"
    policy.write_text(yaml.safe_dump(AUDIT_POLICY))
    return {
        "audit-policy-file": policy,
        "audit-log-path": folder / "audit.log",
        # Rotation would take away what has not been read yet.
        "audit-log-maxsize": 0,
    }


@dataclass(frozen=True)
class Phase:
    """One stretch. seconds: until what was asked for had happened; the counts also cover what followed.

    requests, written: to the API server by client, watches left out; written leaves out reads too.
    cpu: seconds by program. polls, pulls: questions for a manifest and downloads from the registry.
    secrets: requests to the secret store.
    """

    seconds: float
    requests: dict[str, int]
    written: dict[str, int]
    cpu: dict[str, float]
    polls: int
    pulls: int
    secrets: int


@dataclass
class _Reading:
    requests: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    cpu: dict[str, float] = field(default_factory=dict)
    polls: int = 0
    pulls: int = 0
    secrets: int = 0


class Meter:
    """Counts for a cluster whose API server was started with `audit_options(folder)`."""

    def __init__(self, cluster: Nodeless, folder: Path) -> None:
        self.phases: dict[str, dict[str, object]] = {}
        self._cluster = cluster
        self._audit = folder / "audit.log"
        self._offset = 0
        self._requests: Counter[str] = Counter()
        self._written: Counter[str] = Counter()

    @property
    def programs(self) -> dict[str, Process]:
        """The programs that are looked at, by name."""
        plane = self._cluster.plane
        every = [
            *self._cluster.flux.values(),
            self._cluster.external_secrets,
            plane.server,
            plane.etcd,
            plane.manager,
        ]
        return {program.name: program for program in every}

    def memory(self) -> dict[str, float]:
        """Megabytes (MB) that each program held at most so far."""
        found = {}
        for name, program in self.programs.items():
            lines = Path(f"/proc/{program.pid}/status").read_text().splitlines()
            (line,) = (each for each in lines if each.startswith("VmHWM:"))
            found[name] = int(line.split()[1]) * 1024 / 1e6
        return found

    @staticmethod
    def etcd() -> float:
        """Megabytes (MB) that etcd's file holds in use."""
        with urllib.request.urlopen(f"http://127.0.0.1:{ETCD_PORT}/metrics", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        wanted = "etcd_mvcc_db_total_size_in_use_in_bytes "
        (value,) = (line.split()[1] for line in lines if line.startswith(wanted))
        return float(value) / 1e6

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """The block's time, and what was done in it and until the controllers were at rest again."""
        before = self._read()
        started = time.monotonic()
        yield
        seconds = time.monotonic() - started
        self.settle()
        after = self._read()
        self.phases[name] = asdict(
            Phase(
                seconds,
                dict(after.requests - before.requests),
                dict(after.written - before.written),
                {program: after.cpu[program] - before.cpu[program] for program in after.cpu},
                after.polls - before.polls,
                after.pulls - before.pulls,
                after.secrets - before.secrets,
            )
        )

    def settle(self) -> None:
        """Returns when the controllers have hardly asked for anything during QUIET_SECONDS."""
        names = [*self._cluster.flux, self._cluster.external_secrets.name]
        deadline = time.monotonic() + SETTLE_SECONDS
        count = self._count(names)
        while time.monotonic() < deadline:
            time.sleep(QUIET_SECONDS)
            last, count = count, self._count(names)
            if count - last < QUIET_REQUESTS:
                return

    def _count(self, clients: list[str]) -> int:
        self._read_audit()
        return sum(self._requests[client] for client in clients)

    def _read_audit(self) -> None:
        with self._audit.open("rb") as log:
            log.seek(self._offset)
            for line in log:
                # The last one may still be being written.
                if not line.endswith(b"\n"):
                    break
                self._offset += len(line)
                event = json.loads(line)
                client = str(event.get("userAgent", "")).partition("/")[0]
                if event["verb"] == "watch" or client in OURS:
                    continue
                self._requests[client] += 1
                if event["verb"] not in ("get", "list"):
                    self._written[client] += 1

    def _read(self) -> _Reading:
        self._read_audit()
        cpu = {}
        for name, program in self.programs.items():
            times = psutil.Process(program.pid).cpu_times()
            cpu[name] = times.user + times.system
        asked = [
            line.split()[2:4]
            for line in self._cluster.registry.process.log.read_text().splitlines()
        ]
        return _Reading(
            self._requests.copy(),
            self._written.copy(),
            cpu,
            sum(method == "HEAD" and "/manifests/" in path for method, path in asked),
            sum(method == "GET" and "/blobs/" in path for method, path in asked),
            len(self._cluster.doppler.requests),
        )
