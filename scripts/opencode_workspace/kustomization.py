"""Reads a kustomization file: the fields in use, and an error for every other one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opencode_workspace import yamlio
from opencode_workspace.errors import UserError

FILE_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")

_API_VERSIONS = {
    "Kustomization": "kustomize.config.k8s.io/v1beta1",
    "Component": "kustomize.config.k8s.io/v1alpha1",
}
_FIELDS = frozenset(
    (
        *("apiVersion", "kind", "metadata", "resources", "components"),
        *("namespace", "labels", "commonAnnotations"),
    )
)
_ADVICE = {
    "commonLabels": "Use labels with pairs: commonLabels changes selectors, which are immutable",
    "bases": "Move its entries to resources",
}


@dataclass(frozen=True)
class Kustomization:
    """A kustomization file; paths in it are relative to its directory.

    labels: one mapping per entry of the field, applied in order.
    is_empty: no field at all, which kustomize refuses in all but the first directory.
    """

    path: Path
    kind: str = "Kustomization"
    resources: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    namespace: str = ""
    labels: tuple[dict[str, str], ...] = ()
    annotations: dict[str, str] | None = None
    is_empty: bool = False

    def place(self, field: str, index: int) -> str:
        """`file:line` of entry `index` of the list `field`."""
        if not self.path.exists():
            return str(self.path.parent)
        return _place(self.path, (field, index))


def read(directory: Path) -> Kustomization | None:
    """The kustomization in `directory`; None when it has no kustomization file.

    Raises UserError when there is more than one file, for any field outside the subset (named,
    with its line) and for values of the wrong type.
    """
    paths = [directory / name for name in FILE_NAMES if (directory / name).is_file()]
    if not paths:
        return None
    if len(paths) > 1:
        listed = " and ".join(path.name for path in paths)
        raise UserError(f"holds {listed}", str(directory), "Keep one of them")
    return _Reader(paths[0]).kustomization()


class _Reader:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._content: Any = yamlio.load_one(path)

    def kustomization(self) -> Kustomization:
        content = self._content
        if not isinstance(content, dict):
            raise self._error((), "is not a mapping", "Write fields such as resources")
        kind = content.get("kind", "Kustomization")
        if not isinstance(kind, str) or kind not in _API_VERSIONS:
            raise self._error(("kind",), f"kind {kind} is unknown", "Use Kustomization")
        if content.get("apiVersion", _API_VERSIONS[kind]) != _API_VERSIONS[kind]:
            raise self._error(
                ("apiVersion",),
                f"apiVersion of a {kind} is not {_API_VERSIONS[kind]}",
                f"Write apiVersion: {_API_VERSIONS[kind]}",
            )
        for name in content:
            if name not in _FIELDS:
                raise self._error(
                    (name,),
                    f"field {name} is not supported here",
                    _ADVICE.get(name, f"Supported are {', '.join(sorted(_FIELDS))}"),
                )
        namespace = content.get("namespace") or ""
        if not isinstance(namespace, str):
            raise self._error(("namespace",), "namespace is not a string", "Put it in quotes")
        return Kustomization(
            path=self._path,
            kind=kind,
            resources=self._paths("resources"),
            components=self._paths("components"),
            namespace=namespace,
            labels=self._labels(),
            annotations=self._strings(content.get("commonAnnotations"), ("commonAnnotations",)),
            is_empty=not set(content) - {"apiVersion", "kind"},
        )

    def _paths(self, field: str) -> tuple[str, ...]:
        entries = self._content.get(field) or []
        if not isinstance(entries, list):
            raise self._error((field,), f"{field} is not a list", "Write one path per item")
        for index, entry in enumerate(entries):
            if not isinstance(entry, str) or not entry:
                raise self._error((field, index), f"{entry!r} is not a path", "Name a path")
        return tuple(entries)

    def _labels(self) -> tuple[dict[str, str], ...]:
        entries = self._content.get("labels") or []
        if not isinstance(entries, list):
            raise self._error(("labels",), "labels is not a list", "Write `- pairs:` below it")
        result = []
        for index, entry in enumerate(entries):
            if not isinstance(entry, dict):
                raise self._error(("labels", index), "is not a mapping", "Write `pairs:` in it")
            for name, value in entry.items():
                if name == "pairs" or (name.startswith("include") and value is False):
                    continue
                raise self._error(
                    ("labels", index, name),
                    f"field labels.{name} is not supported here",
                    "Labels go on metadata.labels alone",
                )
            result.append(self._strings(entry.get("pairs"), ("labels", index, "pairs")))
        return tuple(result)

    def _strings(self, value: Any, pointer: tuple[str | int, ...]) -> dict[str, str]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self._error(pointer, "is not a mapping", "Write `name: value` pairs")
        for name, item in value.items():
            if not isinstance(item, str):
                raise self._error((*pointer, name), f"{name} is not a string", "Put it in quotes")
        return value

    def _error(self, pointer: tuple[str | int, ...], what: str, remedy: str) -> UserError:
        return UserError(what, _place(self._path, pointer), remedy)


def _place(path: Path, pointer: tuple[str | int, ...]) -> str:
    return f"{path}:{yamlio.line_of(yamlio.read_text(path), pointer)}"
