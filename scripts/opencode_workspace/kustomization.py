"""Reads a kustomization file: the fields in use, and an error for every other one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opencode_workspace import generators, yamlio
from opencode_workspace.errors import UserError
from opencode_workspace.generators import Generator

FILE_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")

_API_VERSIONS = {
    "Kustomization": "kustomize.config.k8s.io/v1beta1",
    "Component": "kustomize.config.k8s.io/v1alpha1",
}
_FIELDS = frozenset(
    (
        *("apiVersion", "kind", "metadata", "resources", "components"),
        *("namespace", "labels", "commonAnnotations"),
        *(generators.FIELD, generators.OPTIONS_FIELD),
    )
)
_LABEL_FIELDS = ("pairs", "includeSelectors", "includeTemplates", "fields")
_ADVICE = {
    "commonLabels": "Use labels with pairs: commonLabels changes selectors, which are immutable",
    "bases": "Move its entries to resources",
}


class Unsupported(UserError):
    """kustomize may well build it, but this package does not. field: the one, where it is a field's fault."""

    def __init__(self, what: str, where: str, remedy: str, field: str = "") -> None:
        super().__init__(what, where, remedy)
        self.field = field


@dataclass(frozen=True)
class Kustomization:
    """A kustomization file; paths in it are relative to its directory.

    labels: one mapping per entry of the field, applied in order.
    is_empty: no field with a value, which kustomize refuses in all but the first directory, where
    kustomize-controller adds one.
    """

    path: Path
    kind: str = "Kustomization"
    resources: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    namespace: str = ""
    labels: tuple[dict[str, str], ...] = ()
    annotations: dict[str, str] | None = None
    generators: tuple[Generator, ...] = ()
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
                raise Unsupported(
                    f"field {name} is not supported here",
                    _place(self._path, (name,)),
                    _ADVICE.get(name, f"Supported are {', '.join(sorted(_FIELDS))}"),
                    field=name,
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
            generators=tuple(self._generators()),
            is_empty=all(
                value is None
                for name, value in content.items()
                if name not in ("apiVersion", "kind")
            ),
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
                raise Unsupported(
                    f"field labels.{name} is not supported here",
                    _place(self._path, ("labels", index, name)),
                    "Labels go on metadata.labels alone",
                    # One that kustomize does not have either is a mistake of another sort.
                    field="" if name in _LABEL_FIELDS else f"labels.{name}",
                )
            result.append(self._strings(entry.get("pairs"), ("labels", index, "pairs")))
        return tuple(result)

    def _generators(self) -> Iterator[Generator]:
        entries = self._content.get(generators.FIELD) or []
        if not isinstance(entries, list):
            raise self._error((generators.FIELD,), "is not a list", "Write `- name:` below it")
        shared = self._options(self._content.get(generators.OPTIONS_FIELD), ("generatorOptions",))
        for index, entry in enumerate(entries):
            place = (generators.FIELD, index)
            if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
                raise self._error(place, "a ConfigMap must have a name", "Write `name:` in it")
            self._refuse_others(entry, generators.FIELDS, place)
            if entry.get("behavior", "create") != "create":
                raise self._unsupported((*place, "behavior"), "field behavior")
            own = self._options(entry.get("options"), (*place, "options"))
            yield Generator(
                name=entry["name"],
                namespace=entry.get("namespace") or "",
                files=self._texts(entry, "files", place),
                literals=self._texts(entry, "literals", place),
                envs=self._texts(entry, "envs", place),
                labels={**shared["labels"], **own["labels"]},
                annotations={**shared["annotations"], **own["annotations"]},
                is_immutable=shared["immutable"] or own["immutable"],
                is_hashed=not (shared["disableNameSuffixHash"] or own["disableNameSuffixHash"]),
            )

    def _options(self, value: Any, pointer: tuple[str | int, ...]) -> dict[str, Any]:
        if not isinstance(value, dict | None):
            raise self._error(pointer, "is not a mapping", "Write `annotations:` in it")
        options = value or {}
        self._refuse_others(options, generators.OPTIONS, pointer)
        maps = {n: self._strings(options.get(n), (*pointer, n)) for n in ("labels", "annotations")}
        switches = {n: options.get(n) or False for n in ("disableNameSuffixHash", "immutable")}
        for name, switch in switches.items():
            if not isinstance(switch, bool):
                raise self._error((*pointer, name), f"{name} is not true or false", "Write true")
        return {**maps, **switches}

    def _texts(self, entry: Any, field: str, place: tuple[str | int, ...]) -> tuple[str, ...]:
        texts = entry.get(field) or []
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise self._error((*place, field), f"{field} is not a list of strings", "Write one")
        return tuple(texts)

    def _refuse_others(
        self, values: dict[str, Any], known: frozenset[str], pointer: tuple[str | int, ...]
    ) -> None:
        for name in values:
            if name not in known:
                raise self._unsupported((*pointer, name), f"field {name}")

    def _unsupported(self, pointer: tuple[str | int, ...], what: str) -> Unsupported:
        advice = f"Supported are {', '.join(sorted(generators.FIELDS | generators.OPTIONS))}"
        return Unsupported(f"{what} is not supported here", _place(self._path, pointer), advice)

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
