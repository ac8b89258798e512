"""A project with many workspaces, as different as those of many people."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What follows `host:` in the entry of a workspace; taken in turn, so that neighbours differ.
# Equal ones would cost one of them: what passed once is not looked at again.
_KINDS = (
    ("git@github.com:team/{name}.git", ""),
    ("https://git.example.com/team/{name}.git", "update: fetch\nparked: true"),
    (
        "ssh://git@git.example.com:2222/team/{name}.git",
        "branch: release/{number}\nvolume: {size}Gi\nsecretKeys: {{serverPassword: PASSWORD_{number}}}\n"
        "values:\n  workspace: {{knownHosts: '[git.example.com]:2222 ssh-ed25519 "
        "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl'}}",
    ),
    (
        "git@github.com:team/{name}.git",
        'image: {{repository: ghcr.io/team/image-{number}, tag: "1.{number}"}}',
    ),
    (
        "https://git.example.com/team/{name}.git",
        "values:\n  workspace: {{clone: {{depth: {size}}}}}\n  controllers:\n    workspace:\n"
        "      containers:\n        app:\n          env: {{NUMBER: \"{number}\", NAME: '{name}'}}\n"
        "          resources: {{limits: {{memory: {size}Gi}}}}",
    ),
    (
        "git@github.com:team/{name}.git",
        "values:\n  controllers:\n    workspace:\n      containers:\n        helper-{number}:\n"
        "          image: {{repository: ghcr.io/team/helper, tag: v{number}}}\n"
        '          command: [sleep, "{number}"]\n'
        "          securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}\n"
        "  persistence:\n    cache-{number}:\n      type: emptyDir\n      sizeLimit: {size}Gi\n"
        "      advancedMounts: {{workspace: {{app: [{{path: /cache/{number}}}]}}}}",
    ),
    # `check` has something to say about these two: the namespace refuses it; a placeholder's name.
    ("git@github.com:team/{name}.git", "values: {{defaultPodOptions: {{hostNetwork: true}}}}"),
    ("git@github.com:owner/{name}.git", ""),
)


def synthetic(folder: Path, size: int) -> None:
    """A copy of flux/ and the chart in `folder`, with `size` workspaces."""
    shutil.copytree(ROOT / "flux", folder / "flux", ignore=shutil.ignore_patterns("apps"))
    shutil.copytree(ROOT / "charts", folder / "charts")
    catalogue = folder / "flux/workspaces.yaml"
    head = catalogue.read_text().partition("\nworkspaces:\n")[0]
    catalogue.write_text(f"{head}\nworkspaces:\n{''.join(_entries(size))}")


def names(size: int) -> list[str]:
    """Those of the workspaces."""
    return [f"team-{number:04}" for number in range(size)]


def _entries(size: int) -> Iterator[str]:
    for number, (name, kind) in enumerate(zip(names(size), itertools.cycle(_KINDS), strict=False)):
        facts = {"name": name, "number": number, "size": 1 + number % 50}
        repository, rest = (text.format(**facts) for text in kind)
        lines = [f"repository: {repository}", f"host: {name}.opencode.${{SECRET_DOMAIN}}"]
        yield f"  {name}:\n"
        yield from (f"    {line}\n" for line in [*lines, *rest.splitlines()])
