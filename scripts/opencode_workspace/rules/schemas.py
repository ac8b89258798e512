"""Would the API server take an object? Kubernetes' own strict schemas, from the package kubernetes-validate.

The package is an extra: without it the rule that needs it finds nothing, and the report says so.
"""

from __future__ import annotations

import importlib.util
import json
import marshal
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from opencode_workspace.helm import DEFAULT_KUBE_VERSION
from opencode_workspace.violation import Steps, Violation

# The version that charts are rendered for.
VERSION = DEFAULT_KUBE_VERSION.rpartition(".")[0]

_ACCEPTED_SIZE = 20_000
_CHOOSING = frozenset(("apiVersion", "kind"))


@cache
def is_available() -> bool:
    """Whether the schemas are installed."""
    return importlib.util.find_spec("kubernetes_validate") is not None


def violations(document: Mapping[str, Any], name: str) -> list[Violation]:
    """What the API server would say against a built-in kind; nothing of kinds it does not know.

    name: of the release. Objects that differ in nothing else are looked at once.
    """
    if not is_available() or not _is_built_in(_group(document)):
        return []
    if name and not _violations(json.dumps(_alike(document, name), sort_keys=True)):
        return []
    # In its own words; and a text that must be one of a few may have lost its sense with the name.
    return list(_violations(json.dumps(document, sort_keys=True)))


def _alike(value: Any, name: str) -> Any:
    """`value` with `name` taken out of its texts; keys, API version and kind choose the schema."""
    if isinstance(value, str):
        return value.replace(name, "name")
    if isinstance(value, list):
        return [_alike(item, name) for item in value]
    if isinstance(value, dict):
        return {k: v if k in _CHOOSING else _alike(v, name) for k, v in value.items()}
    return value


def _is_built_in(group: str) -> bool:
    # `networking.example.org` would take the file of `networking.k8s.io`.
    return "." not in group or group.endswith(".k8s.io")


def _group(document: Mapping[str, Any]) -> str:
    return str(document.get("apiVersion", "")).rpartition("/")[0]


@lru_cache(maxsize=512)
def _violations(text: str) -> tuple[Violation, ...]:
    document = json.loads(text)
    validator = _validator(str(document.get("apiVersion", "")), str(document.get("kind", "")))
    if validator is None:
        return ()
    found = {
        Violation(tuple(error.absolute_path), error.message)
        for error in validator.iter_errors(document)
        # Nobody knows yet what a variable becomes; a misspelt kind is told by another rule.
        if not (isinstance(error.instance, str) and "${" in error.instance)
        and list(error.absolute_path) != ["kind"]
    }
    return tuple(sorted(found, key=lambda violation: violation.order))


@cache
def _validator(api_version: str, kind: str) -> Any:
    group, _, version = api_version.rpartition("/")
    name = "-".join(part for part in (kind.lower(), group.split(".")[0], version) if part)
    path = _folder() / f"{name}.json"
    if not path.is_file():
        return None
    return _class()(json.loads(path.read_text("utf-8")), registry=_definitions())


@cache
def _class() -> Any:
    """Draft 2020-12 that looks at equal parts of objects once: most are the same in every workspace."""
    from jsonschema import Draft202012Validator, validators

    accepted: set[tuple[str, bytes]] = set()
    follow = Draft202012Validator.VALIDATORS["$ref"]

    def reference(validator: Any, name: str, instance: Any, schema: Any) -> Iterator[Any]:
        key = (name, marshal.dumps(instance, 2))
        if key in accepted:
            return
        errors = list(follow(validator, name, instance, schema))
        if not errors and len(accepted) < _ACCEPTED_SIZE:
            accepted.add(key)
        yield from errors

    return validators.extend(  # type: ignore[no-untyped-call]  # its stubs have no types
        Draft202012Validator, {"$ref": reference}
    )


@cache
def _definitions() -> Any:
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT202012

    contents = json.loads((_folder() / "_definitions.json").read_text("utf-8"))
    resource: Resource[Any] = Resource.from_contents(contents, default_specification=DRAFT202012)
    registry: Registry[Any] = Registry()
    return registry.with_resource(contents["$id"], resource)


@cache
def _folder() -> Path:
    # The package itself takes 0.3 s to import; only its data is needed.
    specification = importlib.util.find_spec("kubernetes_validate")
    assert specification is not None
    assert specification.origin is not None
    bundled = Path(specification.origin).parent / "kubernetes-json-schema"
    (folder,) = bundled.glob(f"v{VERSION}.*-local-strict")
    return folder


def place(steps: Steps) -> str:
    """A place in an object as kubectl prints it: `spec.ports[0].port`."""
    return "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in steps).lstrip(".")
