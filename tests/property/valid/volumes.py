"""Items of `persistence`, and where they are mounted."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.property import texts
from tests.property.valid import common
from tests.property.valid.common import Strategy, booleans, maybe

EXTERNAL = [
    *(f"PersistentVolumeClaim/{name}" for name in ("claim-a", "opencode-flux-claim")),
    *(f"ConfigMap/{name}" for name in ("settings", "opencode-flux-settings")),
]
"""Objects that the strategies take for granted in the namespace."""

_CLAIMS = st.sampled_from(["claim-a", f"{common.RELEASE_NAME}-claim"])
_MAPS = st.sampled_from(["settings", f"{common.RELEASE_NAME}-settings"])
_FILES = st.from_regex(r"[a-z0-9_-][a-z0-9._ -]{0,10}", fullmatch=True)
_SIZES = st.sampled_from(["1Gi", "500M", "1.5Ti", "10"])
_ITEMS = st.lists(
    maybe({"key": _FILES, "path": _FILES}, mode=common.modes),
    min_size=1,
    max_size=2,
    unique_by=lambda item: item["path"],
)
_SNAPSHOT = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "0x1F"}
_CLAIM_OPTIONS: dict[str, Strategy] = {
    "storageClass": st.sampled_from(["-", "ceph-block", "1.10"]),
    "retain": booleans,
    "labels": common.labels,
    "annotations": common.marks,
    "volumeName": texts.printable_texts(),
    # Where both are given, they must be the same.
    **dict.fromkeys(("dataSource", "dataSourceRef"), st.just(_SNAPSHOT)),
}
_FILES_OPTIONS: dict[str, Strategy] = {
    "defaultMode": common.modes,
    "optional": booleans,
    "items": _ITEMS,
}
_modes = st.sampled_from(["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany", "ReadOnlyMany"])
_sources = st.one_of(
    st.builds(lambda name: {"existingClaim": name}, _CLAIMS),
    maybe(
        {"accessMode": _modes, "size": _SIZES},
        type=st.just("persistentVolumeClaim"),
        **_CLAIM_OPTIONS,
    ),
    maybe(
        {"type": st.just("emptyDir")},
        medium=st.sampled_from(["", "Memory"]),
        sizeLimit=common.quantities,
    ),
    maybe({"type": st.just("secret"), "name": common.values}, **_FILES_OPTIONS),
    maybe({"type": st.just("configMap"), "name": _MAPS}, **_FILES_OPTIONS),
    st.builds(
        lambda server, path: {"type": "nfs", "server": server, "path": f"/{path}"},
        texts.printable_texts(),
        texts.printable_texts(),
    ),
    maybe(
        {"type": st.just("hostPath"), "hostPath": st.builds("/{}".format, texts.printable_texts())},
        hostPathType=st.sampled_from(["", "Directory"]),
    ),
    st.sampled_from(
        [
            {"type": "custom", "volumeSpec": {"csi": {"driver": "a.example", "readOnly": True}}},
            {"type": "custom", "volumeSpec": {"image": {"reference": "ghcr.io/a/b:1.10"}}},
        ]
    ),
)
# Both containers see it at one place.
_home_mounts = st.sampled_from([{}, {"subPath": "home"}]).map(
    lambda more: {
        "workspace": {name: [{"path": "/home/user", **more}] for name in ("app", "init-workspace")}
    }
)
home = st.one_of(
    st.builds(lambda name: {"existingClaim": name}, _CLAIMS),
    maybe(
        {},
        enabled=st.just(True),
        advancedMounts=_home_mounts,
        type=st.just("persistentVolumeClaim"),
        accessMode=st.sampled_from(["ReadWriteOnce", "ReadWriteOncePod"]),
        size=_SIZES,
        **_CLAIM_OPTIONS,
    ),
)
"""What a person may set on the home volume."""


@st.composite
def volumes(draw: st.DrawFn, containers: list[str]) -> dict[str, Any]:
    """Items by identifier, mounted in some of `containers`, no two at one path."""
    found: dict[str, Any] = {}
    for number, identifier in enumerate(draw(common.identifiers(3, least=1))):
        item = {**draw(_sources), **draw(maybe({}, enabled=booleans))}
        places = {
            container: draw(_mounts(f"/m{number}", item.get("items")))
            for container in draw(
                st.lists(st.sampled_from(containers), min_size=1, max_size=2, unique=True)
            )
        }
        found[identifier] = {**item, "advancedMounts": {"workspace": places}}
    for identifier in ("deploy-key", "git-token", "auth-json", "tmp"):
        if draw(st.integers(0, 5)) == 0:
            # Null takes the default away, which comes to the same.
            found[identifier] = draw(st.sampled_from([{"enabled": False}, None]))
    return found


def _mounts(prefix: str, items: list[dict[str, Any]] | None) -> Strategy:
    files = st.sampled_from([item["path"] for item in items]) if items else _FILES
    return st.lists(
        maybe(
            {"path": st.builds("{}/{}x".format, st.just(prefix), texts.words())},
            subPath=files,
            readOnly=booleans,
            mountPropagation=st.sampled_from(["None", "HostToContainer"]),
        ),
        min_size=1,
        max_size=2,
        unique_by=lambda mount: mount["path"],
    )
