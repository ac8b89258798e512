"""Do many workspaces, in several processes, give what they give one by one?"""

from __future__ import annotations

from pathlib import Path

import pytest

from opencode_workspace import batches, catalogue, flux, generate
from opencode_workspace.errors import UserError
from opencode_workspace.report import text

MANY = 60
pytestmark = pytest.mark.slow


@pytest.fixture
def many(project: Path) -> catalogue.Catalogue:
    """A generated tree of more workspaces than one process is for."""
    path = Path("flux/workspaces.yaml")
    head = path.read_text().partition("\nworkspaces:\n")[0]
    entries = [
        f"  w{n:02}:\n    repository: git@github.com:owner/w{n:02}.git\n"
        f"    host: w{n:02}.opencode.${{SECRET_DOMAIN}}\n"
        for n in range(MANY)
    ]
    path.write_text(f"{head}\nworkspaces:\n{''.join(entries)}")
    loaded = catalogue.load(path)
    generate.write(loaded, generate.plan(loaded))
    return loaded


def test_processes_give_the_same_as_one_in_the_same_order(many: catalogue.Catalogue) -> None:
    _, reconciliations = flux.stream(many)
    alone = [text.stream(reconciliation) for reconciliation in reconciliations]
    _, results = batches.over(many, [], text.stream)
    assert list(results) == alone


def test_a_mistake_comes_back_from_a_process_with_its_place(many: catalogue.Catalogue) -> None:
    broken = Path("flux/apps/opencode/opencode-w59/app/helmrelease.yaml")
    broken.write_text(broken.read_text().replace("kind: HelmRelease", "kind: [HelmRelease"))
    with pytest.raises(UserError, match=r"opencode-w59/app/helmrelease\.yaml:\d+"):
        list(batches.over(many, [], text.stream)[1])
