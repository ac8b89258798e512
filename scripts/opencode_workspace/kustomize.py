"""Builds a directory as kustomize-controller does, for the part of kustomize the tree uses.

Any other field of a Kustomization is refused by name, so that a result is never silently wrong.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opencode_workspace import generators, kubeobject, subjects, transformers, yamlio
from opencode_workspace.errors import UserError
from opencode_workspace.identity import ResourceId, resource_id
from opencode_workspace.kustomization import FILE_NAMES, Kustomization, Unsupported, read
from opencode_workspace.plain import copied

Document = dict[str, Any]

_REMOTE = ("git::", "gh:", "ssh://", "https://", "http://", "git@", "github.com:", "github.com/")


@dataclass(frozen=True)
class Overlay:
    """What a Flux Kustomization adds to the directory's own kustomization before the build.

    target_namespace: spec.targetNamespace, takes the place of the `namespace` field.
    components: spec.components, paths relative to the directory.
    """

    target_namespace: str = ""
    components: tuple[str, ...] = ()


@dataclass
class Cache:
    """What several builds share; hand it to each of them.

    documents: of files outside their own directories, such as a component's.
    real: directories that are known to be no symbolic links, nor below one.
    """

    documents: dict[Path, list[Document]] = field(default_factory=dict)
    real: set[Path] = field(default_factory=set)


def build(
    directory: Path,
    *,
    boundary: Path,
    overlay: Overlay | None = None,
    cache: Cache | None = None,
) -> list[Document]:
    """Kubernetes objects of `directory`, in kustomize's order.

    directory: without a kustomization file it is built as kustomize-controller does: from all
        its YAML files, and all directories below that have a kustomization file.
    boundary: nothing outside this directory, the root of the Flux source, is read.

    Raises UserError, with `file:line` where there is one, for paths that are missing, symbolic links
    (source-controller drops them) or out of bounds, cycles, files that are not Kubernetes objects, and
    objects that are there twice; Unsupported for what kustomize may build and this does not, such as fields
    outside the subset and remote resources.

    One difference remains: in a directory whose kustomization lists components but no resources,
    Flux also annotates every object with config.kubernetes.io/origin.
    """
    return _Build(boundary, cache or Cache()).run(directory, overlay or Overlay())


def add_common_metadata(
    documents: Iterable[Document],
    *,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> list[Document]:
    """Copies of `documents` with spec.commonMetadata of a Flux Kustomization set on each.

    Flux does this after the substitution, so `${...}` in these values stays as it is.
    """
    result = [copied(document) for document in documents]
    for document in result:
        transformers.set_map(document, ("metadata", "labels"), labels or {})
        transformers.set_map(document, ("metadata", "annotations"), annotations or {})
    return result


class _Build:
    def __init__(self, boundary: Path, cache: Cache) -> None:
        self._boundary = _absolute(boundary)
        self._cache = cache.documents
        self._real = cache.real
        self._real.add(self._boundary)
        self._root = self._boundary
        self._here = f"{Path.cwd()}{os.sep}"
        # Namespaces of objects from before a kustomization set them, by id() of the document.
        self._moved: dict[int, str] = {}
        # Where the generators stand whose ConfigMaps get a hash into their name, likewise.
        self._hashed: dict[int, str] = {}

    def run(self, directory: Path, overlay: Overlay) -> list[Document]:
        self._root = _absolute(directory)
        self._check_inside(self._root, str(directory))
        if not self._root.is_dir():
            raise UserError("no such directory", str(directory), "Check spec.path")
        kustomization = read(self._root) or self._generated()
        namespace = overlay.target_namespace or kustomization.namespace
        objects = self._accumulate(
            kustomization, [], (self._root,), namespace=namespace, components=overlay.components
        )
        self._add_hashes(objects)
        subjects.follow_accounts(objects, self._moved, str(kustomization.path))
        return [document for document in objects if not kubeobject.is_local(document)]

    def _generated(self) -> Kustomization:
        """The kustomization kustomize-controller writes for a directory that has none."""
        resources: list[str] = []
        for current, directories, files in os.walk(self._root):
            here = Path(current)
            if here != self._root and any(name in files for name in FILE_NAMES):
                resources.append(str(here.relative_to(self._root)))
                directories.clear()
                continue
            resources.extend(
                str((here / name).relative_to(self._root))
                for name in files
                if name.endswith((".yaml", ".yml"))
            )
        resources.sort(key=lambda path: Path(path).parts)
        return Kustomization(path=self._root / FILE_NAMES[0], resources=tuple(resources))

    def _accumulate(
        self,
        kustomization: Kustomization,
        objects: list[Document],
        stack: tuple[Path, ...],
        *,
        namespace: str,
        components: Sequence[str] = (),
    ) -> list[Document]:
        """Adds the resources of `kustomization` to `objects` and transforms them all."""
        seen = {transformers.effective_id(document) for document in objects}
        for index, entry in enumerate(kustomization.resources):
            where = kustomization.place("resources", index)
            path = self._resolved(entry, kustomization.path.parent, where)
            if path.is_dir():
                nested = self._read_directory(path, stack, where, "Kustomization")
                added = self._accumulate(nested, [], (*stack, path), namespace=nested.namespace)
            else:
                added = self._objects(path)
            for document in added:
                _refuse_twice(document, seen, where)
            objects.extend(added)
        for document in self._made(kustomization):
            _refuse_twice(document, seen, str(kustomization.path))
            objects.append(document)
        own = [
            (entry, kustomization.place("components", index))
            for index, entry in enumerate(kustomization.components)
        ]
        given = [(entry, "spec.components") for entry in components]
        for entry, where in own + given:
            path = self._resolved(entry, kustomization.path.parent, where)
            component = self._read_directory(path, stack, where, "Component")
            objects = self._accumulate(
                component, objects, (*stack, path), namespace=component.namespace
            )
        if namespace:
            for document in objects:
                before = document["metadata"].get("namespace") or "default"
                self._moved.setdefault(id(document), before)
            transformers.set_namespace(objects, namespace, str(kustomization.path))
            seen = set()
            for document in objects:
                _refuse_twice(document, seen, str(kustomization.path))
        for labels in kustomization.labels:
            for document in objects:
                transformers.set_map(document, ("metadata", "labels"), labels)
        for document in objects:
            transformers.annotate(document, kustomization.annotations)
        return objects

    def _made(self, kustomization: Kustomization) -> Iterator[Document]:
        """What its configMapGenerator makes."""
        for index, generator in enumerate(kustomization.generators):
            where = kustomization.place(generators.FIELD, index)

            def resolve(entry: str, where: str = where) -> Path:
                path = self._resolved(entry, kustomization.path.parent, where)
                if not path.is_file():
                    raise UserError(f"{entry} is not a file", where, "Name a file")
                return path

            try:
                document = generators.generate(generator, where, resolve)
            except ValueError:
                what = f"{generator.name} holds what is not text, which is not supported here"
                raise Unsupported(what, where, "Check the result in the cluster") from None
            if generator.is_hashed:
                self._hashed[id(document)] = where
            yield document

    def _add_hashes(self, objects: Sequence[Document]) -> None:
        """Names of generated ConfigMaps get a hash; who refers to one in a way kustomize follows is refused."""
        for document in objects:
            if id(document) not in self._hashed:
                continue
            name = document["metadata"]["name"]
            for other in objects:
                if (
                    other is not document
                    and kubeobject.is_builtin(other)
                    and kubeobject.mentions(other, name)
                ):
                    raise Unsupported(
                        f"{other['kind']} {other['metadata']['name']} mentions the ConfigMap {name}, "
                        "whose new name is not followed here",
                        self._hashed[id(document)],
                        "Set disableNameSuffixHash",
                    )
            document["metadata"]["name"] = generators.hashed_name(document)

    def _read_directory(
        self, path: Path, stack: tuple[Path, ...], where: str, kind: str
    ) -> Kustomization:
        if any(path == visited or path in visited.parents for visited in stack):
            raise UserError(
                f"{self._shown(path)} is being built already: a cycle",
                where,
                "Remove the entry that leads back",
            )
        if not path.is_dir():
            raise UserError(f"{self._shown(path)} is not a directory", where, f"Name a {kind}")
        nested = read(path)
        if nested is None:
            raise UserError(
                f"{self._shown(path)} has none of {', '.join(FILE_NAMES)}",
                where,
                "Add a kustomization file, or list its files one by one",
            )
        if nested.is_empty and kind == "Kustomization":
            raise UserError(f"{self._shown(nested.path)} is empty", where, "Remove the entry")
        if nested.kind != kind:
            raise UserError(
                f"{self._shown(nested.path)} is a {nested.kind} where a {kind} is expected",
                where,
                "List a Kustomization under resources and a Component under components",
            )
        return nested

    def _resolved(self, entry: str, base: Path, where: str) -> Path:
        if entry.lower().startswith(_REMOTE) or "://" in entry:
            raise Unsupported(f"{entry} is remote", where, "Copy it into the tree")
        if Path(entry).is_absolute():
            raise UserError(f"{entry} is an absolute path", where, "Make it relative")
        path = _absolute(base / entry)
        self._check_inside(path, where)
        if not path.exists():
            raise UserError(f"{entry}: no such file or directory", where, "Correct the path")
        return path

    def _check_inside(self, path: Path, where: str) -> None:
        if not path.is_relative_to(self._boundary):
            raise UserError(
                f"{path} is outside {self._boundary}, the root of the Flux source",
                where,
                "Keep everything the Kustomization needs inside the source",
            )
        if path.is_symlink():
            raise UserError(
                f"{self._shown(path)} is a symbolic link, which Flux leaves out of its source",
                where,
                "Put the file itself there",
            )
        if path not in self._real and path.parent not in self._real:
            self._check_inside(path.parent, where)
            self._real.add(path.parent)

    def _objects(self, path: Path) -> list[Document]:
        if path.is_relative_to(self._root):
            return self._load(path)
        if path not in self._cache:
            self._cache[path] = self._load(path)
        return [copied(document) for document in self._cache[path]]

    def _load(self, path: Path) -> list[Document]:
        documents: list[Any] = yamlio.parse(
            yamlio.read_text(path), self._shown(path), allow_empty=True
        )
        objects = kubeobject.flattened(documents)
        for (index, *steps), document in objects:
            problem = kubeobject.object_problem(document)
            if problem:
                line = yamlio.line_of(yamlio.read_text(path), steps, int(index))
                raise UserError(
                    f"is not a Kubernetes object: {problem}",
                    f"{self._shown(path)}:{line}",
                    "Give it apiVersion, kind and metadata.name, or take it out of resources",
                )
        return [document for _, document in objects]

    def _shown(self, path: Path) -> str:
        return str(path).removeprefix(self._here)


def _absolute(path: Path) -> Path:
    """Without `..`, but with symbolic links, which are refused by name later on."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.resolve follows links


def _refuse_twice(document: Document, seen: set[ResourceId], where: str) -> None:
    """Adds the id of `document` to `seen`, where an object without namespace is in `default`."""
    identity = transformers.effective_id(document)
    if identity in seen:
        raise UserError(
            f"may not add resource with an already registered id: {resource_id(document)}",
            where,
            "Remove one of the two, or rename it",
        )
    seen.add(identity)
