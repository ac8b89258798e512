"""What is known of the folder that is checked, before any workspace in it is built."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from opencode_workspace import catalogue, generate
from opencode_workspace.chart import Chart
from opencode_workspace.errors import UserError
from opencode_workspace.rules.building import Workshop, is_release
from opencode_workspace.rules.deployment import Fact
from opencode_workspace.rules.folder import Folder
from opencode_workspace.rules.known import CHART, FLUX_GROUP, Known, collect
from opencode_workspace.rules.paths import resolve
from opencode_workspace.rules.provided import CATALOGUE, Provided, is_catalogue, read
from opencode_workspace.rules.reach import reached
from opencode_workspace.rules.source import Entry, Source

if TYPE_CHECKING:
    from opencode_workspace.rules.above import Above


@dataclass
class Tree:
    """The folder, what the cluster provides, and which Flux Kustomizations lead to a workspace.

    facts: what no two workspaces may share, once they are built.
    """

    folder: Folder
    facts: list[Fact] = field(default_factory=list)

    @cached_property
    def manifests(self) -> list[Source]:
        """Its YAML files that are not a chart's."""
        return list(self.folder.manifests())

    @cached_property
    def entries(self) -> list[Entry]:
        """Every Kubernetes object in it."""
        return [entry for source in self.manifests for entry in source.entries]

    @cached_property
    def catalogue(self) -> Source | None:
        """The catalogue in the folder or above it."""
        below = [s for s in self.manifests if s.path.name == CATALOGUE]
        below.sort(key=lambda source: len(source.path.parts))
        above = [folder / CATALOGUE for folder in self.folder.root.parents]
        candidates = below + [self.folder.source(path) for path in above if path.is_file()]
        return next((source for source in candidates if is_catalogue(source)), None)

    @cached_property
    def provided(self) -> Provided:
        """What the catalogue says the cluster provides; nothing when it cannot be read."""
        documents = self.catalogue.documents if self.catalogue else []
        if self.catalogue is None or not documents or not isinstance(documents[0], dict):
            return Provided()
        return read(self.catalogue)

    @cached_property
    def planned(self) -> generate.Plan | UserError | None:
        """What `generate` would change, or why it would not.

        None without a catalogue; when there is no chart, or another one, which other rules tell; and when not
        every file may be read.
        """
        if self.catalogue is None:
            return None
        try:
            read = catalogue.parse(self.catalogue.text, self.catalogue.path)
            if self.chart is None or self.chart.version != read.chart["version"]:
                return None
            if self.manifests and self.folder.closed:
                # What may not be read cannot be compared.
                return None
            compared = generate.compare(read)
            # Of a tree that is up to date the values are looked at in its releases.
            return compared if compared.is_clean else generate.plan(read)
        except UserError as error:
            return error

    @cached_property
    def known(self) -> Known:
        """What the folder holds."""
        return collect(self.entries)

    @cached_property
    def kustomizations(self) -> list[Entry]:
        """Every Flux Kustomization."""
        return [e for e in self.entries if e.kind == "Kustomization" and e.group == FLUX_GROUP]

    @cached_property
    def deploying(self) -> list[Entry]:
        """The Flux Kustomizations that lead to a release of the chart, or should."""
        releases = {
            entry.source.path
            for entry in self.entries
            if entry.kind == "HelmRelease" and is_release(entry.document, self.known)
        }
        return self._leading_to(releases, self.kustomizations)

    @cached_property
    def parents(self) -> list[Entry]:
        """The Flux Kustomizations that lead to one that leads to a release."""
        files = {entry.source.path for entry in self.deploying}
        own = set(self.deploying)
        rest = [entry for entry in self.kustomizations if entry not in own]
        return self._leading_to(files, rest)

    @cached_property
    def chart(self) -> Chart | None:
        """The chart on disk: the catalogue's, or one in a folder `charts` above."""
        places = [self.provided.chart_path] if self.provided.chart_path else []
        places += [p / "charts" / CHART for p in (self.folder.root, *self.folder.root.parents)]
        found = next((path for path in places if (path / "Chart.yaml").is_file()), None)
        return Chart(found) if found else None

    @cached_property
    def homes(self) -> set[Path]:
        """The folders whose files are a workspace's own."""
        from opencode_workspace.rules.ours import homes

        return homes(self)

    @cached_property
    def above(self) -> Above:
        """The kustomizations above workspaces."""
        from opencode_workspace.rules.above import Above

        return Above(self)

    @property
    def workshop(self) -> Workshop:
        """What makes deployments."""
        return Workshop(self.folder, self.provided, self.known, self.chart)

    def _leading_to(self, files: set[Path], entries: list[Entry]) -> list[Entry]:
        folders = {folder for path in files for folder in path.parents}
        return [entry for entry in entries if self._leads_to(entry, files, folders)]

    def _leads_to(self, entry: Entry, files: set[Path], folders: set[Path]) -> bool:
        found = resolve(entry, self.provided)
        if found is None:
            # Nowhere; it is ours if what it means lies beside it.
            home = entry.source.path.parent
            return home in folders and entry.source.path not in files
        directory = found[1]
        # A kustomization may take files from beside it, but most take what lies below.
        worth_it = directory in folders or _reaches_out(directory)
        if worth_it and any(s.path in files for s in reached(directory, self.folder)):
            return True
        # A kustomization that fails to list it must not hide it.
        return any(path in files for path in directory.iterdir())

    def __str__(self) -> str:
        return str(self.folder.root)


def _reaches_out(directory: Path) -> bool:
    return any(
        "../" in path.read_text(errors="replace")
        for path in directory.glob("kustomization.y*ml")
        if path.is_file()
    )
