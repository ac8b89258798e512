"""Pod Security Standards, level restricted, decided on a pod spec.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/ (baseline and restricted,
without the relaxations for pods in a user namespace).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.pods import Document, containers

_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
_SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
}
_SELINUX_TYPES = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
_PROFILES = {"RuntimeDefault", "Localhost"}


def restricted(pod: Document) -> list[str]:
    """What the level restricted refuses in `pod` (metadata and spec), one line each."""
    return [
        *_annotations(pod.get("metadata", {}).get("annotations") or {}),
        *_pod(pod["spec"]),
        *(line for container in containers(pod) for line in _container(container, pod)),
    ]


def _annotations(annotations: Mapping[str, Any]) -> Iterator[str]:
    # The way to name a profile before Kubernetes 1.30; kubelets still follow it.
    for key, profile in annotations.items():
        if key.startswith("container.apparmor.security.beta.kubernetes.io/") and not (
            profile in ("", "runtime/default") or profile.startswith("localhost/")
        ):
            yield f"annotation {key}: {profile} is not allowed"


def _pod(spec: Mapping[str, Any]) -> Iterator[str]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(field):
            yield f"spec.{field} must be false"
    for volume in spec.get("volumes", ()):
        source = next((key for key in volume if key != "name"), "none")
        if source not in _VOLUMES:
            yield f"volume {volume['name']}: {source} is not allowed"
    context = spec.get("securityContext") or {}
    for sysctl in context.get("sysctls", ()):
        if sysctl["name"] not in _SYSCTLS:
            yield f"spec.securityContext.sysctls: {sysctl['name']} is not allowed"
    yield from _labels_and_profiles("spec.securityContext", context)


def _container(container: Mapping[str, Any], pod: Document) -> Iterator[str]:
    place = f"container {container['name']}"
    own = container.get("securityContext") or {}
    inherited = pod["spec"].get("securityContext") or {}
    capabilities = own.get("capabilities") or {}
    if own.get("privileged"):
        yield f"{place}: privileged must be false"
    if own.get("allowPrivilegeEscalation") is not False:
        yield f"{place}: allowPrivilegeEscalation must be false"
    if "ALL" not in capabilities.get("drop", ()):
        yield f"{place}: capabilities.drop must have ALL"
    for capability in capabilities.get("add", ()):
        if capability != "NET_BIND_SERVICE":
            yield f"{place}: capabilities.add must not have {capability}"
    if own.get("runAsNonRoot", inherited.get("runAsNonRoot")) is not True:
        yield f"{place}: runAsNonRoot must be true"
    if own.get("runAsUser", inherited.get("runAsUser")) == 0:
        yield f"{place}: runAsUser must not be 0"
    if (own.get("seccompProfile") or inherited.get("seccompProfile") or {}).get(
        "type"
    ) not in _PROFILES:
        yield f"{place}: seccompProfile.type must be RuntimeDefault or Localhost"
    if own.get("procMount", "Default") != "Default":
        yield f"{place}: procMount must be Default"
    yield from _labels_and_profiles(place, own)
    for port in container.get("ports", ()):
        if port.get("hostPort"):
            yield f"{place}: hostPort {port['hostPort']} is not allowed"
    yield from _hosts(place, container)


def _labels_and_profiles(place: str, context: Mapping[str, Any]) -> Iterator[str]:
    selinux = context.get("seLinuxOptions") or {}
    if selinux.get("type", "") not in _SELINUX_TYPES:
        yield f"{place}: seLinuxOptions.type {selinux['type']} is not allowed"
    for field in ("user", "role"):
        if selinux.get(field):
            yield f"{place}: seLinuxOptions.{field} is not allowed"
    if (context.get("appArmorProfile") or {}).get("type", "RuntimeDefault") not in _PROFILES:
        yield f"{place}: appArmorProfile.type must be RuntimeDefault or Localhost"


def _hosts(place: str, container: Mapping[str, Any]) -> Iterator[str]:
    handlers = {
        field: container.get(field) or {}
        for field in ("livenessProbe", "readinessProbe", "startupProbe")
    }
    handlers |= {
        f"lifecycle.{hook}": handler for hook, handler in (container.get("lifecycle") or {}).items()
    }
    for field, handler in handlers.items():
        for kind in ("httpGet", "tcpSocket"):
            if (handler.get(kind) or {}).get("host"):
                yield f"{place}: {field}.{kind}.host is not allowed"
