"""Whole documents of values that the chart takes."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.property import texts
from tests.property.valid import common, containers, network, volumes
from tests.property.valid.common import Strategy, booleans, maybe

EXTERNAL = [*network.EXTERNAL, *volumes.EXTERNAL, "ServiceAccount/reader"]
"""Objects that exist without the release."""

_TEXTS = texts.printable_texts()
_PERSONS = texts.lines()
_repositories = st.sampled_from(
    [
        "",
        "git@github.com:owner/name.git",
        "ssh://git@git.example.com:2222/owner/name.git",
        "https://[2001:db8::1]:8443/owner/name",
    ]
)
_workspace = maybe(
    {},
    repository=_repositories,
    branch=st.sampled_from(["", "main", "feature/1.10", "null", "größer", "{{x}}"]),
    directory=st.builds("/home/user/{}x".format, texts.words()),
    update=st.sampled_from(["none", "fetch", "fast-forward"]),
    clone=maybe(
        {},
        depth=common.naturals,
        filter=st.sampled_from(["", "blob:none", "blob:limit=10m", "tree:0"]),
        submodules=booleans,
    ),
    knownHosts=texts.ascii_lines(),
    user=maybe({}, name=_PERSONS, email=_PERSONS),
    auth=maybe({}, seed=st.sampled_from(["if-missing", "if-changed", "never"])),
)
_pod_security = maybe(
    {},
    **containers.security_options,
    fsGroup=common.uids,
    fsGroupChangePolicy=st.sampled_from(["OnRootMismatch", "Always"]),
    supplementalGroups=st.lists(common.uids, max_size=2),
    supplementalGroupsPolicy=st.sampled_from(["Merge", "Strict"]),
    sysctls=st.lists(st.fixed_dictionaries({"name": _TEXTS, "value": _TEXTS}), max_size=2),
)
_tolerations = maybe(
    {},
    key=_TEXTS,
    operator=st.sampled_from(["Exists", "Equal"]),
    value=_TEXTS,
    effect=st.sampled_from(["NoSchedule", "PreferNoSchedule", "NoExecute"]),
    tolerationSeconds=common.naturals,
)
_affinity: Strategy = st.just(
    {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": []}}
)
_spread = st.just([{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}])
_pod = maybe(
    {},
    annotations=common.marks,
    labels=common.labels,
    affinity=_affinity,
    automountServiceAccountToken=booleans,
    dnsConfig=st.builds(lambda text: {"options": [{"name": "ndots", "value": text}]}, _TEXTS),
    dnsPolicy=st.sampled_from(["ClusterFirst", "Default", "None"]),
    enableServiceLinks=booleans,
    hostAliases=st.lists(
        st.fixed_dictionaries(
            {"ip": _TEXTS, "hostnames": st.lists(_TEXTS, min_size=1, max_size=2)}
        ),
        max_size=1,
    ),
    hostIPC=booleans,
    hostNetwork=booleans,
    hostPID=booleans,
    hostUsers=booleans,
    hostname=common.names,
    imagePullSecrets=st.lists(st.fixed_dictionaries({"name": common.values}), max_size=2),
    nodeSelector=st.dictionaries(texts.keys(), _TEXTS, max_size=2),
    priorityClassName=_TEXTS,
    runtimeClassName=_TEXTS,
    schedulerName=_TEXTS,
    securityContext=_pod_security,
    shareProcessNamespace=booleans,
    terminationGracePeriodSeconds=common.naturals,
    tolerations=st.lists(_tolerations, max_size=2),
    topologySpreadConstraints=_spread,
)
_account = maybe({}, enabled=booleans, labels=common.labels, annotations=common.marks)
_controller_options: dict[str, Strategy] = {
    "replicas": st.sampled_from([0, 1]),
    "type": st.just("deployment"),
    "strategy": st.just("Recreate"),
    "revisionHistoryLimit": common.naturals,
    "annotations": common.marks,
    "labels": common.labels,
    "pod": _pod,
    "serviceAccount": st.just({"name": "reader"}),
}


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Values that a person may set, over the chart's own."""
    groups = _containers(draw)
    named = _named_ports(draw, groups["containers"])
    services = draw(network.services(named))
    enabled = [
        name for group in groups.values() for name, one in group.items() if one.get("enabled", True)
    ]
    return {
        **draw(maybe({}, workspace=_workspace, defaultPodOptions=_pod, **_globals)),
        "controllers": {"workspace": {**draw(maybe({}, **_controller_options)), **groups}},
        "service": services,
        "route": draw(network.routes(services)),
        "serviceAccount": {"workspace": draw(_account)},
        "persistence": {"config": draw(volumes.home), **draw(volumes.volumes(enabled))},
        "networkpolicies": draw(network.policies),
    }


_globals: dict[str, Strategy] = {
    "global": maybe({}, labels=common.labels, annotations=common.marks, any=_TEXTS)
}


_MORE: dict[str, dict[str, Strategy]] = {
    # An init container that goes on running is a sidecar.
    "initContainers": {
        "restartPolicy": st.just("Always"),
        "ports": st.just([{"containerPort": 9090, "protocol": "UDP"}]),
    },
    "containers": {},
}


def _containers(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    names = draw(common.identifiers(3))
    split = draw(st.integers(0, len(names)))
    groups = {
        "initContainers": {"init-workspace": draw(containers.of_init)},
        "containers": {"app": draw(containers.of_app)},
    }
    for group, added in (("initContainers", names[:split]), ("containers", names[split:])):
        own = next(iter(groups[group]))
        for name in added:
            # No circle: what is added waits for what the chart has.
            waits = draw(maybe({}, dependsOn=st.sampled_from([own, [own], []]), **_MORE[group]))
            groups[group][name] = {**draw(containers.added), **waits}
    return groups


_PORT_OPTIONS = maybe({}, hostPort=common.ports, hostIP=_TEXTS, protocol=st.just("TCP"))


def _named_ports(draw: st.DrawFn, found: dict[str, Any]) -> list[str]:
    """Gives the containers ports; the names of those that a service can point to."""
    enabled = [name for name, container in found.items() if container.get("enabled", True)]
    names: list[str] = draw(common.port_names(2, "c"))
    numbers = draw(st.lists(common.ports, min_size=len(names), max_size=len(names), unique=True))
    for name, number in zip(names, numbers, strict=True):
        container = found[draw(st.sampled_from(enabled))]
        more = draw(_PORT_OPTIONS)
        container.setdefault("ports", []).append({"name": name, "containerPort": number, **more})
    return names
