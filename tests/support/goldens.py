"""Expected manifests on disk: one canonical YAML file for each object of a case."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepdiff import DeepDiff

from opencode_workspace import yamlio
from tests.support.charts import Chart
from tests.support.manifests import Document

_SECRETS = ("PRIVATE KEY", "ghp_", "github_pat_", "BEGIN OPENSSH")


@dataclass(frozen=True)
class Folder:
    """The golden files of one case."""

    path: Path

    def compare(self, documents: Sequence[Document]) -> list[str]:
        """How `documents` differ from the files, a paragraph for each object; empty when they do not."""
        rendered = {file_name(document): document for document in documents}
        kept = {path.name for path in self.path.iterdir()} if self.path.is_dir() else set()
        missing = [f"{name} is rendered, but not kept" for name in sorted(rendered.keys() - kept)]
        orphans = [f"{name} is kept, but not rendered" for name in sorted(kept - rendered.keys())]
        changed = [self._change(name, rendered[name]) for name in sorted(kept & rendered.keys())]
        return missing + orphans + [text for text in changed if text]

    def write(self, documents: Sequence[Document]) -> None:
        """Makes the files say what `documents` say."""
        self.path.mkdir(parents=True, exist_ok=True)
        texts = {file_name(document): yamlio.dump(_sorted(document)) for document in documents}
        for path in self.path.iterdir():
            if path.name not in texts:
                path.unlink()
        for name, text in texts.items():
            if any(mark in text for mark in _SECRETS):
                raise ValueError(f"{self.path / name} would hold a secret")
            (self.path / name).write_text(text)

    def _change(self, name: str, document: Document) -> str:
        expected = yamlio.load_one(self.path / name)
        # As JSON: to Python, true is 1.
        if _text(expected) == _text(document):
            return ""
        difference = DeepDiff(expected, document, view="tree")
        return f"{name}:\n{difference.pretty() or 'a value has another type'}"


def file_name(document: Document) -> str:
    """Name of the file of `document`: its kind and its name."""
    return f"{document['kind'].lower()}-{document['metadata']['name']}.yaml"


def neutral(documents: Sequence[Document], chart: Chart) -> list[Document]:
    """`documents` without what has tests of its own: the text of the chart's files and its version."""
    files = {path.name: path.read_text() for path in (chart.directory / "files").iterdir()}
    version = f"{chart.metadata['name']}-{chart.metadata['version'].replace('+', '_')}"
    result = copy.deepcopy(list(documents))
    for document in result:
        labels = document["metadata"]["labels"]
        if labels.get("helm.sh/chart") == version:
            labels["helm.sh/chart"] = "<chart>-<version>"
        if document["kind"] == "ConfigMap":
            data = document["data"]
            for name, text in files.items():
                data[name] = data.get(name, "").replace(text, f"<files/{name}>\n")
    return result


def _text(document: Any) -> str:
    return json.dumps(document, sort_keys=True)


def _sorted(document: Document) -> Any:
    return json.loads(_text(document))
