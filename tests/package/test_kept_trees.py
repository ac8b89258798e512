"""Are the files that a catalogue with every field, and one with none to spare, asks for those that were kept?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opencode_workspace import catalogue, edit, tree
from opencode_workspace.chart import Chart

KEPT = Path(__file__).parent / "kept"
# Defaults of a chart: some are what a workspace wants, some are not.
DEFAULTS: dict[str, Any] = {
    "workspace": {"repository": "", "branch": "", "update": "none", "knownHosts": ""},
    "controllers": {
        "workspace": {
            "replicas": 1,
            "containers": {"app": {"image": {"repository": "ghcr.io/owner/image", "tag": "1"}}},
        }
    },
    "route": {"app": {"enabled": False}},
}


@pytest.mark.parametrize(("name", "kind"), [("broad", "Component"), ("bare", "Kustomization")])
def test_a_catalogue_gives_the_files_that_were_kept(
    name: str, kind: str, repository: Path, pytestconfig: pytest.Config
) -> None:
    loaded = catalogue.load(KEPT / f"{name}.yaml")
    schema = Chart(repository / "charts/opencode-workspace").schema
    written = tree.files(loaded, DEFAULTS, schema, kind)
    text = "".join(
        f"== {path}\n{content.decode()}"
        for path, content in sorted(written.items())
        if path.suffix == ".yaml"
    )
    path = KEPT / f"{name}.txt"
    if pytestconfig.getoption("--update-golden"):
        path.write_text(text)

    assert text == path.read_text(), (
        "If this is meant: pytest tests/package --update-golden, and read the difference."
    )
    assert sorted(p.name for p in written if p.suffix == ".json") == [
        "helmrelease.schema.json",
        "workspaces.schema.json",
    ]


def test_what_is_left_to_do_after_adding_is_told_step_by_step() -> None:
    loaded = catalogue.load(KEPT / "broad.yaml")
    plain, every, *_ = loaded.workspaces
    assert edit.steps_after_adding(loaded, plain) == [
        "In the secret store (own-store) these keys must exist: "
        "OPENCODE_PLAIN_DEPLOY_KEY, SHARED_PASSWORD, OPENCODE_COPILOT_AUTH_JSON",
        "A new deploy key: ssh-keygen -t ed25519 -N '' -C opencode-plain -f opencode-plain",
        "Its private half goes under OPENCODE_PLAIN_DEPLOY_KEY, opencode-plain.pub to the repository",
        "Commit and push; Flux does the rest",
    ]
    assert edit.steps_after_adding(loaded, every) == [
        "In the secret store (own-store) these keys must exist: EVERY_TOKEN, SHARED_PASSWORD",
        "Commit and push; Flux does the rest",
    ]


def test_what_stays_after_removing_is_told_step_by_step() -> None:
    plain = catalogue.load(KEPT / "broad.yaml").workspaces[0]
    assert edit.steps_after_removing(plain, "workspaces") == [
        "Commit and push: Flux deletes the pod, the Secret and the route of opencode-plain",
        "The claim opencode-plain in namespace workspaces and its backups stay",
        "To delete the data for good: kubectl --namespace workspaces delete pvc opencode-plain",
    ]


def test_a_host_is_made_from_the_longest_wildcard(tmp_path: Path) -> None:
    path = tmp_path / "workspaces.yaml"
    text = (KEPT / "broad.yaml").read_text()
    # The longest is neither the first nor the last by its letters.
    names = '"*.${SECRET_DOMAIN}", "*.longer.${SECRET_DOMAIN}"'
    path.write_text(
        text.replace(
            names, f'{names}, "*.z.${{SECRET_DOMAIN}}", "one.name.that.is.longer.still.example.com"'
        )
    )
    _, loaded = edit.add(path, "new", repository="git@github.com:owner/new.git", host=None)
    assert loaded.workspaces[-1].host == "new.longer.${SECRET_DOMAIN}"
