"""Would the API server take an object as it is? Strict schemas, an unknown field is a mistake.

Built-in kinds: the schema files of kubernetes-validate. Custom kinds: the closed profiles in
`profiles/`, which hold only the fields this project writes. A kind without a schema is a mistake too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from opencode_workspace import yamlio

PROFILES = Path(__file__).parent / "profiles"

_BUNDLED = Path(str(files("kubernetes_validate"))) / "kubernetes-json-schema"


def versions() -> list[str]:
    """Kubernetes versions with strict schemas, oldest first, such as `1.31`."""
    found = [folder.name.split("-")[0][1:] for folder in _BUNDLED.glob("v*-local-strict")]
    minors = {version.rpartition(".")[0] for version in found}
    return sorted(minors, key=lambda minor: [int(part) for part in minor.split(".")])


def supported(kube_version: str) -> tuple[str, str]:
    """Oldest and newest version that a Chart.yaml's kubeVersion `>=1.NN.0-0` admits and a schema exists for."""
    floor = kube_version.removeprefix(">=").removesuffix("-0").removesuffix(".0")
    known = versions()
    if floor not in known:
        raise ValueError(
            f"there are schemas of Kubernetes {', '.join(known)}, none of {kube_version}"
        )
    return floor, known[-1]


def violations(document: Mapping[str, Any], version: str) -> list[str]:
    """What the API server of Kubernetes `version` would say against `document`, one line each."""
    return list(_violations(json.dumps(document, sort_keys=True), version))


def all_violations(documents: Iterable[Mapping[str, Any]], at: Iterable[str]) -> list[str]:
    """`violations` of every document at each of the versions `at`."""
    return [
        line
        for document, version in product(documents, list(at))
        for line in violations(document, version)
    ]


# Most objects of two releases are the same: each is looked at once.
@lru_cache(maxsize=4096)
def _violations(text: str, version: str) -> tuple[str, ...]:
    document = json.loads(text)
    api_version, kind = str(document.get("apiVersion")), str(document.get("kind"))
    place = f"{kind} {document.get('metadata', {}).get('name')} on {version}"
    validator = _validator(api_version, kind, version)
    if validator is None:
        return (f"{place}: no schema of {api_version} {kind}",)
    errors = sorted(
        ("/".join(["", *map(str, error.absolute_path)]), error.message)
        for error in validator.iter_errors(document)
    )
    return tuple(f"{place}: at '{where}': {message}" for where, message in errors)


@cache
def _validator(api_version: str, kind: str, version: str) -> Validator | None:
    profile = profiles().get((api_version, kind))
    if profile is not None:
        return Draft202012Validator(profile)
    group, _, group_version = api_version.rpartition("/")
    name = "-".join(part for part in (kind.lower(), group.split(".")[0], group_version) if part)
    path = _folder(version) / f"{name}.json"
    # `networking.k8s.io` and `networking.example.org` share a file name; only the first is built in.
    if not path.is_file() or ("." in group and not group.endswith(".k8s.io")):
        return None
    return Draft202012Validator(json.loads(path.read_text()), registry=_definitions(version))


@cache
def _definitions(version: str) -> Registry[Any]:
    contents = json.loads((_folder(version) / "_definitions.json").read_text())
    resource: Resource[Any] = Resource.from_contents(contents, default_specification=DRAFT202012)
    empty: Registry[Any] = Registry()
    registry: Registry[Any] = empty.with_resource(contents["$id"], resource)
    return registry


def _folder(version: str) -> Path:
    (folder,) = _BUNDLED.glob(f"v{version}.*-local-strict")
    return folder


@cache
def profiles() -> dict[tuple[str, str], dict[str, Any]]:
    """Closed schemas of custom kinds by (apiVersion, kind)."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for path in sorted(PROFILES.glob("*.yaml")):
        schema = yamlio.load_one(path)
        Draft202012Validator.check_schema(schema)
        properties = schema["properties"]
        found[properties["apiVersion"]["const"], properties["kind"]["const"]] = schema
    return found
