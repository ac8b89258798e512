"""Catalogues that are valid, and projects that hold one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from opencode_workspace import yamlio
from tests.property import texts
from tests.property.valid.common import Strategy, maybe

REPOSITORY = Path(__file__).parents[2]

_LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
_NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z0-9]{1,5})?", fullmatch=True)
_KEYS = st.from_regex(r"[A-Z_][A-Z0-9_]{0,20}", fullmatch=True)
_VOLUMES = st.sampled_from(["5Gi", "100Mi", "2Ti"])
_OBJECTS = st.lists(
    st.fixed_dictionaries({"name": _NAMES, "namespace": _LABELS}),
    max_size=2,
    unique_by=lambda one: (one["name"], one["namespace"]),
)
_IMAGES = maybe(
    {
        "repository": st.sampled_from(["ghcr.io/a/b", "localhost:5000/a_b/c--d"]),
        "tag": st.sampled_from(["1.10", "1e3", "0x1F", "v1", "1234e5"]),
    },
    digest=st.just(f"sha256:{'0123456789abcdef' * 4}"),
)
# No deploy key: two workspaces must not share one.
_SECRET_KEYS = maybe({}, serverPassword=_KEYS, gitToken=_KEYS, copilotAuth=st.none() | _KEYS)
_REPOSITORIES = st.builds(
    "{}/{}.git".format,
    st.sampled_from(
        # Over ssh from servers whose keys the chart has.
        ["git@github.com:owner", "ssh://git@codeberg.org:22/b", "https://a.example/b"]
    ),
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,12}", fullmatch=True),
)


def written(text: str) -> str:
    """What to write in a catalogue's values to get `text`: dollars doubled, templates as text."""
    return texts.literal(text).replace("$", "$$")


def _variables(value: str) -> dict[str, Any]:
    return {"controllers": {"workspace": {"containers": {"app": {"env": {"X": written(value)}}}}}}


values = st.one_of(
    st.just({}),
    texts.printable_texts().filter(lambda text: "\0" not in text).map(_variables),
    st.just({"workspace": {"update": "fetch", "clone": {"depth": 1}}}),
    st.just({"persistence": {"git-token": None}}),
)
"""More values of a workspace, and of all of them."""


@st.composite
def catalogues(draw: st.DrawFn) -> dict[str, Any]:
    """The catalogue as data; the project's own templates and chart lie where it says."""
    domain = draw(st.sampled_from(["example.com", "home.example", "a.b.example"]))
    names = draw(st.lists(_LABELS.filter(_is_name), min_size=1, max_size=3, unique=True))
    shipped = yamlio.load_one(REPOSITORY / "flux/workspaces.yaml")
    cluster = {
        **shipped["cluster"],
        "root": draw(st.sampled_from(["./flux", "./kubernetes", "./a/b-c"])),
        "namespace": draw(_LABELS),
        "variables": {"SECRET_DOMAIN": domain, "OTHER": draw(texts.words())},
        "dependsOn": draw(_OBJECTS),
        "releaseDependsOn": draw(_OBJECTS),
    }
    return {
        "cluster": cluster,
        "chart": shipped["chart"],
        "defaults": draw(
            maybe({}, image=_IMAGES, volume=_VOLUMES, secretKeys=_SECRET_KEYS, values=values)
        ),
        "workspaces": {name: draw(_workspace(name, domain)) for name in names},
    }


def _workspace(name: str, domain: str) -> Strategy:
    options: dict[str, Strategy] = {
        "branch": st.sampled_from(["main", "1.10", "null", "feature/x"]),
        "update": st.sampled_from(["none", "fetch", "fast-forward"]),
        "parked": st.booleans(),
        "image": _IMAGES,
        "volume": _VOLUMES,
        "values": values,
        "secretKeys": maybe({}, deployKey=st.just(f"KEY_{name.replace('-', '_')}")),
    }
    hosts = st.sampled_from([f"{name}.${{SECRET_DOMAIN}}", f"{name}.opencode.{domain}"])
    return maybe({"repository": _REPOSITORIES, "host": hosts}, **options)


def _is_name(name: str) -> bool:
    return not name.endswith("-volsync")


@contextmanager
def project(catalogue: dict[str, Any]) -> Iterator[Path]:
    """The path of `catalogue` in a project without a generated tree, which is there for so long."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(REPOSITORY / "flux/templates", folder / "flux/templates")
        (folder / "charts").symlink_to(REPOSITORY / "charts")
        path = folder / "flux/workspaces.yaml"
        path.write_text(yamlio.dump(catalogue))
        yield path
