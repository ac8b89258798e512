"""Services, routes and network policies of the values."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.property import texts
from tests.property.valid import common
from tests.property.valid.common import Strategy, booleans, maybe

EXTERNAL = ["Service/other", "Backend/other"]
"""Objects that the strategies take for granted in the namespace."""

_TEXTS = texts.printable_texts()
# Gateway API allows 63 characters, and the schema any number.
_NAMES = common.names | st.sampled_from(["yes", "1.10", "null", "0x1F"])
_MARKS: dict[str, Strategy] = {"labels": common.labels, "annotations": common.marks}
_PROTOCOLS = st.sampled_from(["TCP", "UDP", "SCTP", "HTTP", "HTTPS"])
_OPTIONS: dict[str, Strategy] = {
    **_MARKS,
    "type": st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer"]),
    "clusterIP": _TEXTS,
    "externalTrafficPolicy": st.sampled_from(["Cluster", "Local"]),
    "internalTrafficPolicy": st.sampled_from(["Cluster", "Local"]),
    "ipFamilyPolicy": st.sampled_from(["SingleStack", "PreferDualStack", "RequireDualStack"]),
    "ipFamilies": st.lists(st.sampled_from(["IPv4", "IPv6"]), max_size=2, unique=True),
    "loadBalancerClass": _TEXTS,
    "loadBalancerSourceRanges": st.lists(_TEXTS, max_size=2),
    "publishNotReadyAddresses": booleans,
    "sessionAffinity": st.sampled_from(["None", "ClientIP"]),
    "trafficDistribution": _TEXTS,
}
_durations = st.sampled_from(["0s", "1h30m", "99999ms"])
_HEADERS = {
    "set": [{"name": "x-a", "value": "1.10"}],
    "add": [{"name": "x-b", "value": "yes"}],
    "remove": ["x-c"],
}
_FILTERS: list[dict[str, Any]] = [
    {"type": "RequestHeaderModifier", "requestHeaderModifier": _HEADERS},
    {"type": "ResponseHeaderModifier", "responseHeaderModifier": _HEADERS},
    {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "other", "port": 80}}},
    {"type": "URLRewrite", "urlRewrite": {"hostname": "a.example"}},
    {
        "type": "URLRewrite",
        "urlRewrite": {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/"}},
    },
]
_rule_options: dict[str, Strategy] = {
    "name": _NAMES,
    "filters": st.lists(st.sampled_from(_FILTERS), max_size=2, unique_by=lambda one: one["type"]),
    "retry": st.just({"codes": [502], "attempts": 2, "backoff": "100ms"}),
    "sessionPersistence": st.just({"sessionName": "0x1F", "type": "Cookie"}),
    "matches": st.just([{"path": {"type": "PathPrefix", "value": "/"}}]),
    "timeouts": maybe({}, request=_durations, backendRequest=_durations),
}
_REDIRECT = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}
_parents = st.lists(
    maybe(
        {"name": _NAMES},
        namespace=_NAMES,
        sectionName=_NAMES,
        kind=_NAMES,
        group=_NAMES,
        port=common.ports,
    ),
    min_size=1,
    max_size=2,
)
_hosts = st.lists(
    common.hosts | st.builds("{}.{}".format, st.just(common.RELEASE_NAME), common.hosts),
    min_size=1,
    max_size=2,
)
_peers = [{"namespaceSelector": {}}, {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]
policies = st.dictionaries(
    common.names.filter(lambda name: name != "app"),
    maybe(
        {
            "controller": st.just("workspace"),
            "policyTypes": st.just(["Egress", "Ingress"]),
            "rules": maybe(
                {},
                ingress=st.sampled_from([[], [{}], [{"from": _peers}]]),
                egress=st.sampled_from([[], [{"to": _peers, "ports": [{"port": 53}]}]]),
            ),
        },
        enabled=booleans,
        **_MARKS,
    ),
    max_size=2,
)


@st.composite
def services(draw: st.DrawFn, targets: list[str]) -> dict[str, Any]:
    """Services by identifier; `targets` are names of TCP ports that enabled containers have."""
    found: dict[str, Any] = {"app": draw(maybe({}, **_OPTIONS))}
    for identifier in draw(common.identifiers(2)):
        names = draw(common.port_names(3, "s")) or ["s"]
        numbers = draw(
            st.lists(common.ports, min_size=len(names), max_size=len(names), unique=True)
        )
        ports = {
            name: {"port": number, **draw(_port(targets))}
            for name, number in zip(names, numbers, strict=True)
        }
        # One is always there: a service without a port is refused.
        for name in draw(st.sets(st.sampled_from(names[1:]))) if names[1:] else ():
            ports[name]["enabled"] = draw(booleans)
        options = draw(maybe({}, enabled=booleans, **_OPTIONS))
        found[identifier] = {"controller": "workspace", "ports": ports, **options}
    return found


def _port(targets: list[str]) -> Strategy:
    options: dict[str, Strategy] = {
        "appProtocol": _TEXTS,
        "nodePort": common.ports,
        "primary": booleans,
    }
    numbered = maybe({}, targetPort=common.ports, protocol=_PROTOCOLS, **options)
    if not targets:
        return numbered
    return numbered | maybe({"targetPort": st.sampled_from(targets)}, **options)


@st.composite
def routes(draw: st.DrawFn, services: dict[str, Any]) -> dict[str, Any]:
    """Routes by identifier to `services`."""
    found: dict[str, Any] = {}
    for identifier in draw(st.lists(st.sampled_from(["app", "x1", "x2"]), max_size=2, unique=True)):
        rules = draw(st.lists(_rule(services), min_size=1, max_size=2))
        found[identifier] = {
            **draw(maybe({}, kind=st.just("HTTPRoute"), **_MARKS)),
            "enabled": draw(booleans),
            "parentRefs": draw(_parents),
            "hostnames": draw(_hosts),
            "rules": rules,
        }
    return found


@st.composite
def _rule(draw: st.DrawFn, services: dict[str, Any]) -> dict[str, Any]:
    if draw(st.integers(0, 4)) == 0:
        return {"filters": [_REDIRECT]}
    backends = draw(st.lists(_backend(services), min_size=1, max_size=2))
    return {**draw(maybe({}, **_rule_options)), "backendRefs": backends}


_others = maybe(
    {"name": st.just("other"), "port": common.ports},
    group=st.just(""),
    kind=st.just("Service"),
    namespace=_NAMES,
) | maybe(
    {
        "name": st.just("other"),
        "group": st.just("gateway.envoyproxy.io"),
        "kind": st.just("Backend"),
    },
    namespace=_NAMES,
)


def _enabled_ports(ports: dict[str, Any]) -> dict[str, Any]:
    return {name: port for name, port in ports.items() if port.get("enabled", True)}


@st.composite
def _backend(draw: st.DrawFn, services: dict[str, Any]) -> dict[str, Any]:
    weight = draw(maybe({}, weight=st.integers(0, 1_000_000)))
    enabled = [name for name, service in services.items() if service.get("enabled", True)]
    identifier = draw(st.sampled_from([*enabled, "other"]))
    if identifier == "other":
        return {**draw(_others), **weight}
    ports = _enabled_ports(services[identifier].get("ports") or {"http": {"port": 4096}})
    known = [
        {},
        *({"port": name} for name in ports),
        *({"port": p["port"]} for p in ports.values()),
    ]
    return {"identifier": identifier, **draw(st.sampled_from(known)), **weight}
