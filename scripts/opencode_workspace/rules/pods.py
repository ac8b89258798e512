"""Pod Security Standard restricted, which the namespace of the workspaces enforces.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from __future__ import annotations

from collections.abc import Iterator

from opencode_workspace.rules.deployment import Deployment
from opencode_workspace.rules.finding import Finding
from opencode_workspace.rules.podspec import containers, volumes
from opencode_workspace.rules.registry import check
from opencode_workspace.rules.source import Document, items, mapping

_VOLUMES = frozenset(
    (
        *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image"),
        *("persistentVolumeClaim", "projected", "secret"),
    )
)
_PROFILES = ("RuntimeDefault", "Localhost")


@check("pod-security", "deployment")
def pod_security(deployment: Deployment) -> Iterator[Finding]:
    """Rendered pods that the level restricted refuses."""
    for release in deployment.releases:
        for of, pod in release.pods:
            for word, problem in _problems(pod):
                yield release.finding(f"{of}: {problem}", word, "securityContext")


def _problems(pod: Document) -> Iterator[tuple[str, str]]:
    spec = pod["spec"]
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(field):
            yield field, f"{field} must be false"
    for volume in volumes(pod):
        for kind in volume.keys() - {"name"} - _VOLUMES:
            yield str(volume["name"]), f"volume {volume['name']} is a {kind}"
    inherited = mapping(spec.get("securityContext"))
    for container in containers(pod):
        for field, problem in _container(container, inherited):
            yield field, f"container {container['name']}: {problem}"


def _container(container: Document, inherited: Document) -> Iterator[tuple[str, str]]:
    own = mapping(container.get("securityContext"))
    capabilities = mapping(own.get("capabilities"))
    if own.get("privileged"):
        yield "privileged", "privileged must be false"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation", "allowPrivilegeEscalation must be false"
    if "ALL" not in (capabilities.get("drop") or ()):
        yield "drop", "capabilities.drop must have ALL"
    for capability in capabilities.get("add") or ():
        if capability != "NET_BIND_SERVICE":
            yield "add", f"capabilities.add must not have {capability}"
    if own.get("runAsNonRoot", inherited.get("runAsNonRoot")) is not True:
        yield "runAsNonRoot", "runAsNonRoot must be true"
    if own.get("runAsUser", inherited.get("runAsUser")) == 0:
        yield "runAsUser", "runAsUser must not be 0"
    profile = mapping(own.get("seccompProfile")) or mapping(inherited.get("seccompProfile"))
    if profile.get("type") not in _PROFILES:
        yield "seccompProfile", "seccompProfile.type must be RuntimeDefault or Localhost"
    for port in items(container.get("ports")):
        if port.get("hostPort"):
            yield "hostPort", f"hostPort {port['hostPort']} is not allowed"
