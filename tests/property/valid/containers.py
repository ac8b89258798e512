"""Containers of the values: environment, probes, resources, everything but mounts and ports."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.property import texts
from tests.property.valid import common
from tests.property.valid.common import Strategy, booleans, maybe, naturals, positives

_KEYS = st.from_regex(r"[A-Za-z0-9._-]{1,12}", fullmatch=True)
_NAMES = st.from_regex(r"X_[A-Za-z0-9_.-]{0,10}", fullmatch=True)
_TEXTS = texts.printable_texts()
_PATHS = st.builds("/{}".format, st.from_regex(r"[a-z0-9 ._%-]{0,12}", fullmatch=True))
_ABSOLUTE = st.builds("/{}x".format, texts.words())

_REPOSITORIES = st.sampled_from(["ghcr.io/a/b", "localhost:5000/a_b/c--d", "alpine"])
_TAGS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True)
_DIGESTS = st.just(f"sha256:{'0123456789abcdef' * 4}")
_PULLS = st.sampled_from(["Always", "IfNotPresent", "Never"])
_by_tag = maybe({"repository": _REPOSITORIES, "tag": _TAGS}, digest=_DIGESTS, pullPolicy=_PULLS)
_by_digest = maybe({"repository": _REPOSITORIES, "digest": _DIGESTS}, pullPolicy=_PULLS)
# Null takes the chart's own tag away.
_without_the_default_tag = _by_digest.map(lambda image: {**image, "tag": None})
_scalars = (
    common.values
    | booleans
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
)
_reference = maybe({"name": common.values, "key": _KEYS}, optional=booleans)
_field = maybe(
    {"fieldPath": st.sampled_from(["metadata.name", "status.podIP"])}, apiVersion=st.just("v1")
)
_amount = maybe(
    {"resource": st.just("limits.memory")},
    divisor=st.sampled_from(["1Mi", 1]),
    containerName=st.sampled_from(["app", "init-workspace"]),
)
_sources = st.one_of(
    *(
        st.fixed_dictionaries({kind: source})
        for kind, source in (
            ("secretKeyRef", _reference),
            ("configMapKeyRef", _reference),
            ("fieldRef", _field),
            ("resourceFieldRef", _amount),
        )
    )
)
_variables = st.one_of(
    _scalars,
    maybe({"value": _scalars}, dependsOn=st.sampled_from(["X_", ["X_"]])),
    _sources,
    _sources.map(lambda source: {"valueFrom": source}),
)
# What others depend on is always there.
_environments = st.builds(
    lambda found: {**found, "X_": "first"},
    st.dictionaries(_NAMES.filter(lambda name: name != "X_"), _variables, max_size=4),
)
_group = maybe({"name": common.values}, optional=booleans)
_groups = st.lists(
    maybe({"secretRef": _group}, prefix=_NAMES) | maybe({"configMapRef": _group}, prefix=_NAMES),
    max_size=2,
)

_exec = st.fixed_dictionaries({"command": st.lists(_TEXTS, min_size=1, max_size=2)})
_http = maybe(
    {"path": _PATHS, "port": common.ports},
    scheme=st.sampled_from(["HTTP", "HTTPS"]),
    host=_TEXTS,
    httpHeaders=st.lists(st.fixed_dictionaries({"name": _TEXTS, "value": _TEXTS}), max_size=2),
)
_timing = {
    "initialDelaySeconds": naturals,
    **{f"{name}Seconds": positives for name in ("period", "timeout", "terminationGracePeriod")},
    "failureThreshold": positives,
    "successThreshold": st.just(1),
}
_handlers: dict[str, Strategy] = {
    "exec": _exec,
    "httpGet": _http,
    "tcpSocket": maybe({"port": common.ports}, host=_TEXTS),
    "grpc": maybe({"port": common.ports}, service=_TEXTS),
}
_probes = st.one_of(
    st.just({"enabled": False}),
    maybe(
        {"enabled": st.just(True), "port": common.ports},
        type=st.sampled_from(["TCP", "HTTP", "HTTPS", "GRPC"]),
        path=_PATHS,
        spec=maybe({}, **_timing),
    ),
    *(
        st.fixed_dictionaries(
            {
                "enabled": st.just(True),
                "custom": st.just(True),
                "spec": maybe({name: handler}, **_timing),
            }
        )
        for name, handler in _handlers.items()
    ),
)
_hooks = st.one_of(
    st.fixed_dictionaries({"exec": _exec}),
    st.fixed_dictionaries({"httpGet": _http}),
    st.fixed_dictionaries({"sleep": st.fixed_dictionaries({"seconds": naturals})}),
)
_amounts = maybe(
    {},
    cpu=common.quantities,
    memory=common.quantities,
    **{"ephemeral-storage": common.quantities, "nvidia.com/gpu": common.quantities},
)
_profiles = st.one_of(
    st.just({"type": "RuntimeDefault"}),
    st.builds(lambda name: {"type": "Localhost", "localhostProfile": name}, _TEXTS),
)
_capabilities = st.lists(st.sampled_from(["ALL", "NET_BIND_SERVICE", "SYS_PTRACE"]), max_size=2)
_linux = maybe({}, level=_TEXTS, role=_TEXTS, type=_TEXTS, user=_TEXTS)

security_options: dict[str, Strategy] = {
    "runAsUser": common.uids,
    "runAsGroup": common.uids,
    "runAsNonRoot": booleans,
    "seccompProfile": _profiles,
    "appArmorProfile": _profiles,
    "seLinuxOptions": _linux,
}
_security = maybe(
    {},
    **security_options,
    allowPrivilegeEscalation=booleans,
    privileged=booleans,
    readOnlyRootFilesystem=booleans,
    procMount=st.sampled_from(["Default", "Unmasked"]),
    capabilities=maybe({}, add=_capabilities, drop=_capabilities),
)

_OPTIONS: dict[str, Strategy] = {
    "command": _TEXTS | st.lists(_TEXTS, max_size=3),
    "args": _TEXTS | st.lists(_TEXTS, max_size=3),
    "workingDir": _ABSOLUTE,
    "env": _environments,
    "envFrom": _groups,
    "probes": maybe({}, startup=_probes, readiness=_probes, liveness=_probes),
    "resources": maybe({}, requests=_amounts, limits=_amounts),
    "securityContext": _security,
    "lifecycle": maybe({}, postStart=_hooks, preStop=_hooks),
    "stdin": booleans,
    "tty": booleans,
    "terminationMessagePath": _ABSOLUTE,
    "terminationMessagePolicy": st.sampled_from(["File", "FallbackToLogsOnError"]),
}

_own: dict[str, Strategy] = {
    **_OPTIONS,
    "image": _by_tag | _without_the_default_tag,
    # Null takes away what the chart sets; where it sets nothing, null is refused.
    "resources": _OPTIONS["resources"] | st.just({"limits": None}),
    "securityContext": _security | st.just({"capabilities": None}),
}
_probes_of_app = _OPTIONS["probes"] | st.sampled_from([{"startup": None}, {"liveness": None}])

of_init = maybe({}, **_own)
"""What a person may set on the chart's own init container."""

of_app = maybe({}, **{**_own, "args": _OPTIONS["args"] | st.none(), "probes": _probes_of_app})
"""What a person may set on the chart's own container."""

added = maybe({"image": _by_tag | _by_digest}, enabled=booleans, **_OPTIONS)
"""A container that the chart does not have."""
