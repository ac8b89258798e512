"""Is the volume of a workspace, with its backup and its restore, what it was when it was read and kept?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import kustomize, substitution, yamlio
from opencode_workspace.flux import Document

FOLDER = "flux/templates/volsync"
KEPT = Path(__file__).parent / "volsync"
REQUIRED = {"APP": "opencode-a", "VOLSYNC_CAPACITY": "7Gi"}
# A value of its own for every variable, so that one in place of another is seen.
CHANGED = {
    **REQUIRED,
    "VOLSYNC_ACCESSMODES": "ReadWriteOncePod",
    "VOLSYNC_CACHE_ACCESSMODES": "ReadWriteMany",
    "VOLSYNC_CACHE_CAPACITY": "9Gi",
    "VOLSYNC_CACHE_SNAPSHOTCLASS": "cache-class",
    "VOLSYNC_CLAIM": "another-claim",
    "VOLSYNC_COPYMETHOD": "Clone",
    "VOLSYNC_PGID": "1002",
    "VOLSYNC_PUID": "1001",
    "VOLSYNC_SCHEDULE": "7 * * * *",
    "VOLSYNC_SECRETSTORE": "another-store",
    "VOLSYNC_SECRETSTORE_KIND": "SecretStore",
    "VOLSYNC_SNAPSHOTCLASS": "snapshot-class",
    "VOLSYNC_STORAGECLASS": "storage-class",
}


@pytest.fixture(scope="module")
def template(repository: Path) -> list[Document]:
    return kustomize.build(repository / FOLDER, boundary=repository / "flux")


@pytest.mark.parametrize("name", ["defaults", "changed"])
def test_the_volume_template_makes_what_was_kept(
    name: str, template: list[Document], pytestconfig: pytest.Config
) -> None:
    variables = {"defaults": REQUIRED, "changed": CHANGED}[name]
    made: list[Any] = [
        substitution.apply(document, variables, strict=True) for document in template
    ]
    path = KEPT / f"{name}.yaml"
    if pytestconfig.getoption("--update-golden"):
        path.write_text(yamlio.dump_all(made))

    assert made == yamlio.load(path), (
        "If this is meant: pytest tests/flux --update-golden, and read the difference."
    )


def test_every_variable_of_the_volume_template_is_set_to_something_of_its_own(
    template: list[Document],
) -> None:
    used = {name for document in template for name in substitution.names(yamlio.dump(document))}
    assert used == set(CHANGED)
    assert len(set(CHANGED.values())) == len(CHANGED)


def test_what_editors_check_each_object_with_is_made_for_its_kind(repository: Path) -> None:
    for path in (repository / FOLDER).glob("*.yaml"):
        schema = path.read_text().partition("\n")[0]
        kind = re.search(r"(?m)^kind: (\w+)$", path.read_text())
        assert kind is not None
        assert kind[1].lower() in schema.lower(), path.name
