"""Objects of the API server: read, patched and deleted over HTTPS, applied by kubectl."""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import yaml

Object = dict[str, Any]
Found = TypeVar("Found")
WAIT_SECONDS = 120
# Kind: API, plural. Only what the tests look at.
KINDS = {
    "ConfigMap": ("api/v1", "configmaps"),
    "Event": ("api/v1", "events"),
    "Namespace": ("api/v1", "namespaces"),
    "Node": ("api/v1", "nodes"),
    "PersistentVolume": ("api/v1", "persistentvolumes"),
    "PersistentVolumeClaim": ("api/v1", "persistentvolumeclaims"),
    "Pod": ("api/v1", "pods"),
    "Secret": ("api/v1", "secrets"),
    "Service": ("api/v1", "services"),
    "Deployment": ("apis/apps/v1", "deployments"),
    "HTTPRoute": ("apis/gateway.networking.k8s.io/v1", "httproutes"),
    "Gateway": ("apis/gateway.networking.k8s.io/v1", "gateways"),
    "NetworkPolicy": ("apis/networking.k8s.io/v1", "networkpolicies"),
    "ExternalSecret": ("apis/external-secrets.io/v1", "externalsecrets"),
    "ClusterSecretStore": ("apis/external-secrets.io/v1", "clustersecretstores"),
    "Kustomization": ("apis/kustomize.toolkit.fluxcd.io/v1", "kustomizations"),
    "HelmRelease": ("apis/helm.toolkit.fluxcd.io/v2", "helmreleases"),
    "GitRepository": ("apis/source.toolkit.fluxcd.io/v1", "gitrepositories"),
    "OCIRepository": ("apis/source.toolkit.fluxcd.io/v1", "ocirepositories"),
    "ReplicationDestination": ("apis/volsync.backube/v1alpha1", "replicationdestinations"),
    "ReplicationSource": ("apis/volsync.backube/v1alpha1", "replicationsources"),
    "VolumeSnapshot": ("apis/snapshot.storage.k8s.io/v1", "volumesnapshots"),
    "HelmChart": ("apis/source.toolkit.fluxcd.io/v1", "helmcharts"),
    "CustomResourceDefinition": ("apis/apiextensions.k8s.io/v1", "customresourcedefinitions"),
}


def wait_for(
    found: Callable[[], Found | None], what: str, seconds: float = WAIT_SECONDS, pause: float = 0.2
) -> Found:
    """The first result that is not empty, zero, False or None; AssertionError that names `what` otherwise.

    `found` may raise AssertionError to say what is still wrong. pause: seconds between two calls.
    """
    deadline = time.monotonic() + seconds
    reason = "nothing was found"
    while True:
        try:
            if result := found():
                return result
        except AssertionError as error:
            reason = str(error)
        except OSError as error:  # a server that is being restarted
            reason = repr(error)
        assert time.monotonic() < deadline, f"no {what} after {seconds} s: {reason}"
        time.sleep(pause)


def condition(item: Mapping[str, Any], kind: str) -> Object:
    """The condition of this type; empty when there is none or when it is about an older spec."""
    generation = item["metadata"].get("generation", 0)
    for each in item.get("status", {}).get("conditions") or []:
        if each["type"] == kind:
            current = each.get("observedGeneration", generation) == generation
            return dict(each) if current else {}
    return {}


@dataclass(frozen=True)
class Api:
    """`kubeconfig` is for programs; `authority` is the server's certificate."""

    url: str
    token: str
    authority: Path
    kubeconfig: Path
    kubectl_program: Path

    def request(
        self, method: str, path: str, body: object = None, content: str = "application/json"
    ) -> bytes:
        """The body of the answer; HTTPError when it is not a success. Bytes are sent as they are.

        ConnectionError when the answer breaks off.
        """
        request = urllib.request.Request(
            f"{self.url}/{path}",
            method=method,
            data=body if body is None or isinstance(body, bytes) else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": content},
        )
        context = ssl.create_default_context(cafile=str(self.authority))
        context.check_hostname = False
        try:
            with urllib.request.urlopen(request, context=context, timeout=30) as answer:
                return bytes(answer.read())
        except http.client.HTTPException as error:  # no OSError: a server killed while it answers
            raise ConnectionError(f"{method} {path}: {error!r}") from error

    @staticmethod
    def path(kind: str, namespace: str | None, name: str = "") -> str:
        """Path of an object, or of all of a kind."""
        api, plural = KINDS[kind]
        place = f"namespaces/{namespace}/" if namespace else ""
        return f"{api}/{place}{plural}" + (f"/{name}" if name else "")

    def get(self, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """The object, or None."""
        try:
            answer: Object = json.loads(self.request("GET", self.path(kind, namespace, name)))
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise
        return answer

    def read(self, kind: str, name: str, namespace: str | None = None) -> Object:
        """The object; AssertionError when there is none."""
        found = self.get(kind, name, namespace)
        assert found is not None, f"there is no {kind} {name}"
        return found

    def list(self, kind: str, namespace: str | None = None, selector: str = "") -> list[Object]:
        """Objects of a kind; `selector` as in kubectl."""
        query = f"?{urlencode({'labelSelector': selector})}" if selector else ""
        answer = json.loads(self.request("GET", self.path(kind, namespace) + query))
        return list(answer["items"])

    def patch(self, kind: str, name: str, namespace: str | None, body: object) -> Object:
        """Merges `body` into the object and gives the result."""
        path = self.path(kind, namespace, name)
        changed: Object = json.loads(
            self.request("PATCH", path, body, "application/merge-patch+json")
        )
        return changed

    def delete(self, kind: str, name: str, namespace: str | None = None, grace: int = -1) -> None:
        """Asks for the deletion; it is no mistake when there is no such object. `grace`: seconds."""
        options = {"propagationPolicy": "Background"}
        body = {**options, "gracePeriodSeconds": grace} if grace >= 0 else options
        try:
            self.request("DELETE", self.path(kind, namespace, name), body)
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise

    def kubectl(self, *arguments: str, text: str = "") -> str:
        """Output of kubectl; AssertionError with what it said when it fails."""
        done = subprocess.run(
            [self.kubectl_program, "kubectl", f"--kubeconfig={self.kubeconfig}", *arguments],
            input=text,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def apply(self, documents: Iterable[Mapping[str, Any]], *options: str) -> str:
        """Server-side apply of documents as another manager than Flux would use."""
        text = yaml.safe_dump_all(documents)
        command = ("apply", "--server-side", "--force-conflicts", "--filename=-", *options)
        return self.kubectl(*command, text=text)

    def log(self, pod: str, namespace: str, container: str) -> str:
        """What a container has written."""
        path = f"{self.path('Pod', namespace, pod)}/log?container={container}"
        return self.request("GET", path).decode(errors="replace")

    def run_in(self, pod: str, namespace: str, *command: str, container: str = "app") -> str:
        """Output of a command in a container."""
        return self.kubectl(
            "exec", f"--namespace={namespace}", pod, "-c", container, "--", *command
        )

    def ready(self, kind: str, name: str, namespace: str | None = None) -> Object:
        """The object; AssertionError with its message unless its condition Ready is True."""
        item = self.read(kind, name, namespace)
        state = condition(item, "Ready")
        assert state.get("status") == "True", (
            f"{kind} {name} is not Ready: {state.get('reason')} {state.get('message')}"
        )
        return item

    def wait_ready(
        self, kind: str, name: str, namespace: str | None = None, seconds: float = WAIT_SECONDS
    ) -> Object:
        """The object as soon as its condition Ready is True."""
        return wait_for(lambda: self.ready(kind, name, namespace), f"ready {kind} {name}", seconds)
