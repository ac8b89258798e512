"""Where secrets are, or could leak from, in rendered objects."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.pods import containers, pod_of

Document = Mapping[str, Any]
Place = tuple[str, ...]

PASSWORD = {"name": "OPENCODE_SERVER_PASSWORD", "key": "SERVER_PASSWORD"}

# Keys, tokens by their prefix, and URLs with a password in them.
_MATERIAL = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\b(?:gh[pousr]_|github_pat_|glpat-|sk-(?:ant|proj)-|xox[abpr]-|AKIA)[A-Za-z0-9_-]{8,}"
    r"|\b(?:AGE-SECRET-KEY-1|eyJhbGciOi)[A-Za-z0-9._-]{8,}"
    r"|://[^/\s:@]+:[^/\s@]+@"
)
# The kubelet puts the value in place of $(NAME), where `ps` and the events of the pod show it.
_EXPANSION = re.compile(
    r"\$\((?:OPENCODE_SERVER_PASSWORD|\w*(?:TOKEN|PASSWORD|SECRET|DEPLOY_KEY|AUTH_JSON))\)"
)


def leaks(document: Document) -> list[str]:
    """Secret values, and places that would show one, in any object; one line each."""
    name = f"{document['kind']} {document['metadata']['name']}"
    found = [
        f"{name}: {'/'.join(place)} holds a secret"
        for place, text in texts(document)
        if _MATERIAL.search(text)
    ]
    if document["kind"] == "Secret":
        found.append(f"{name}: a Secret in the tree has its value in Git")
    return found + [f"{name}: {line}" for line in _shown(document)]


def _shown(document: Document) -> Iterator[str]:
    pod = pod_of(document)
    for container in containers(pod) if pod else ():
        place = f"container {container['name']}"
        fields = [*container.get("command", ()), *container.get("args", ())]
        fields += [entry["value"] for entry in container.get("env", ()) if "value" in entry]
        yield from (
            f"{place}: {text!r} shows a secret" for text in fields if _EXPANSION.search(text)
        )
        for source in container.get("envFrom", ()):
            if "secretRef" in source:
                yield f"{place}: the whole Secret {source['secretRef']['name']} is its environment"
        for entry in container.get("env", ()):
            reference = entry.get("valueFrom", {}).get("secretKeyRef")
            if reference and {"name": entry["name"], "key": reference["key"]} != PASSWORD:
                yield f"{place}: {entry['name']} has the secret {reference['key']}"


def texts(node: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Every string in `node`, keys too, with its place."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield (*place, "key"), str(key)
            yield from texts(value, (*place, str(key)))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from texts(value, (*place, str(index)))
    elif isinstance(node, str):
        yield place, node
