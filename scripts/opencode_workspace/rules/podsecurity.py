"""Pod Security Standards, level restricted, decided on a pod: metadata and spec.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/ as of Kubernetes 1.37 (baseline and
restricted, without the relaxations for Windows and for pods in a user namespace). An older cluster allows
fewer kernel parameters and does not look at the hosts of probes yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from opencode_workspace.rules.podspec import containers, volumes
from opencode_workspace.rules.source import Document, items, mapping


class Problem(NamedTuple):
    """What the level refuses. field: the word to look for in the values; message: one line with its place."""

    field: str
    message: str


class _Limit(NamedTuple):
    """What a field of a security context may hold when it is set."""

    place: str
    allows: Callable[[Any], bool]
    says: str


_VOLUMES = frozenset(
    (
        *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image"),
        *("persistentVolumeClaim", "projected", "secret"),
    )
)
_SYSCTLS = frozenset(
    (
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_notsent_lowat",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_slow_start_after_idle",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.tcp_wmem",
    )
)
_SELINUX_TYPES = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_PROFILES = ("RuntimeDefault", "Localhost")
_ONE_PROFILE = "must be RuntimeDefault or Localhost"

# Of a pod and of a container alike; what is not set is inherited, or left to the runtime.
_LIMITS = (
    _Limit("runAsNonRoot", lambda value: value is True, "must be true"),
    _Limit("runAsUser", lambda value: value != 0, "must not be 0"),
    _Limit("seccompProfile.type", lambda value: value in _PROFILES, _ONE_PROFILE),
    _Limit("appArmorProfile.type", lambda value: value in _PROFILES, _ONE_PROFILE),
    _Limit("seLinuxOptions.type", lambda value: value in _SELINUX_TYPES, "{value} is not allowed"),
    _Limit("seLinuxOptions.user", lambda value: not value, "is not allowed"),
    _Limit("seLinuxOptions.role", lambda value: not value, "is not allowed"),
    _Limit("windowsOptions.hostProcess", lambda value: not value, "must be false"),
)
_CONTAINER_LIMITS = (
    _Limit("privileged", lambda value: not value, "must be false"),
    _Limit("procMount", lambda value: value == "Default", "must be Default"),
)
# One of the container and its pod has to say it; what either says is held against the limits above.
_WANTED = (("runAsNonRoot", "must be true"), ("seccompProfile.type", _ONE_PROFILE))
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"


def restricted(pod: Mapping[str, Any]) -> list[Problem]:
    """What the level restricted refuses in `pod`."""
    spec = pod["spec"]
    context = mapping(spec.get("securityContext"))
    found = [*_annotations(mapping(mapping(pod.get("metadata")).get("annotations"))), *_spec(pod)]
    for container in (*containers(pod), *items(spec.get("ephemeralContainers"))):
        found += _container(container, context)
    return found


def _annotations(annotations: Document) -> Iterator[Problem]:
    # The way to name a profile before Kubernetes 1.30; kubelets still follow it.
    for key, profile in annotations.items():
        allowed = profile in ("", "runtime/default") or str(profile).startswith("localhost/")
        if key.startswith(_APPARMOR) and not allowed:
            yield Problem(key, f"annotation {key}: {profile} is not allowed")


def _spec(pod: Mapping[str, Any]) -> Iterator[Problem]:
    spec, place = pod["spec"], "spec.securityContext"
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(field):
            yield Problem(field, f"spec.{field} must be false")
    for volume in volumes(pod):
        for kind in sorted(volume.keys() - {"name"} - _VOLUMES):
            yield Problem(str(volume["name"]), f"volume {volume['name']}: {kind} is not allowed")
    context = mapping(spec.get("securityContext"))
    for sysctl in items(context.get("sysctls")):
        name = str(sysctl.get("name"))
        if name not in _SYSCTLS:
            yield Problem(name, f"{place}.sysctls: {name} is not allowed")
    yield from _limited(place, context, _LIMITS)


def _container(container: Document, inherited: Document) -> Iterator[Problem]:
    place = f"container {container['name']}"
    own = mapping(container.get("securityContext"))
    yield from _limited(place, own, (*_CONTAINER_LIMITS, *_LIMITS))
    for wanted, says in _WANTED:
        if _at(own, wanted) is None and _at(inherited, wanted) is None:
            yield Problem(wanted.partition(".")[0], f"{place}: {wanted} {says}")
    if own.get("allowPrivilegeEscalation") is not False:
        field = "allowPrivilegeEscalation"
        yield Problem(field, f"{place}: {field} must be false")
    capabilities = mapping(own.get("capabilities"))
    if "ALL" not in (capabilities.get("drop") or ()):
        yield Problem("drop", f"{place}: capabilities.drop must have ALL")
    for capability in capabilities.get("add") or ():
        if capability != "NET_BIND_SERVICE":
            yield Problem("add", f"{place}: capabilities.add must not have {capability}")
    for port in items(container.get("ports")):
        if port.get("hostPort"):
            yield Problem("hostPort", f"{place}: hostPort {port['hostPort']} is not allowed")
    yield from _hosts(place, container)


def _limited(place: str, context: Document, limits: tuple[_Limit, ...]) -> Iterator[Problem]:
    for limit in limits:
        value = _at(context, limit.place)
        if value is not None and not limit.allows(value):
            says = limit.says.format(value=value)
            yield Problem(limit.place.partition(".")[0], f"{place}: {limit.place} {says}")


def _hosts(place: str, container: Document) -> Iterator[Problem]:
    handlers = {field: mapping(container.get(field)) for field in _PROBES}
    hooks = mapping(container.get("lifecycle"))
    handlers |= {f"lifecycle.{hook}": mapping(handler) for hook, handler in hooks.items()}
    for field, handler in handlers.items():
        for kind in ("httpGet", "tcpSocket"):
            if mapping(handler.get(kind)).get("host"):
                yield Problem("host", f"{place}: {field}.{kind}.host is not allowed")


def _at(context: Document, place: str) -> Any:
    outer, _, inner = place.partition(".")
    return mapping(context.get(outer)).get(inner) if inner else context.get(outer)
