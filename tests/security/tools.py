"""The checkers that `make tools` puts beside Helm."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from opencode_workspace import yamlio

REPOSITORY = Path(__file__).parents[2]
Document = Mapping[str, Any]

# Grades of kube-score: 10 is fine, 7 almost, 5 a warning, 1 critical.
_FINE = 10


class Finding(NamedTuple):
    """What a checker has against an object.

    check: id of the check. where: kind of the object, and the container if the checker names one.
    what: its own words.
    """

    check: str
    where: str
    what: str


def _run(tool: str, *arguments: str, text: str, accepted: tuple[int, ...]) -> Any:
    binary = REPOSITORY / ".cache/tools/bin" / tool
    if not os.access(binary, os.X_OK):
        raise FileNotFoundError(f"{binary} is not there: run `make tools`")
    done = subprocess.run(
        [binary, *arguments], input=text, capture_output=True, text=True, check=False
    )
    if done.returncode not in accepted:
        raise ValueError(f"{tool} ended with {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def pod_security(pods: Iterable[Document]) -> list[list[str]]:
    """For each pod (metadata and spec) why Pod Security restricted refuses it; empty when it does not.

    Raises ValueError for a pod with a field that Kubernetes does not know.
    """
    text = json.dumps([{"metadata": pod.get("metadata", {}), "spec": pod["spec"]} for pod in pods])
    verdicts: list[list[str]] = _run("podsecurity", text=text, accepted=(0,))
    return verdicts


def kube_score(documents: Iterable[Document]) -> set[Finding]:
    """Findings of kube-score about the objects of one release.

    Beside its default checks it looks for seccomp profiles and undeclared ports. The other optional checks
    ask for requests equal to limits, which a workspace that is idle for most of the day must not have.
    """
    kept = [dict(document) for document in documents]
    # 1: it found something.
    scored = _run(
        "kube-score",
        *("score", "--output-format", "json", "--kubernetes-version", "v1.31"),
        *("--enable-optional-test", "container-seccomp-profile"),
        *("--enable-optional-test", "container-ports-check"),
        "-",
        text=yamlio.dump_all(kept),
        accepted=(0, 1),
    )
    return {
        Finding(check["check"]["id"], _where(scores, comment), comment["summary"])
        for scores in scored
        for check in scores["checks"]
        if not check["skipped"] and check["grade"] < _FINE
        # A check that speaks of the whole object gives no comment.
        for comment in check["comments"] or [{"path": "", "summary": check["check"]["name"]}]
    }


def checkov(documents: Iterable[Document]) -> set[Finding]:
    """Findings of checkov's checks for Kubernetes about the objects of one release.

    It reads folders only, and looks for none of its own settings there or online.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "release.yaml").write_text(yamlio.dump_all([dict(d) for d in documents]))
        # 1: it found something.
        report = _run(
            "checkov",
            *("--directory", folder, "--framework", "kubernetes"),
            *("--output", "json", "--compact", "--quiet", "--skip-download"),
            text="",
            accepted=(0, 1),
        )
    summary = report["summary"]
    if summary["parsing_errors"] or not summary["passed"]:
        raise ValueError(f"checkov did not read the objects: {summary}")
    return {
        Finding(failed["check_id"], failed["resource"].split(".")[0], failed["check_name"])
        for failed in report["results"]["failed_checks"]
    }


def _where(scores: Document, comment: Document) -> str:
    kind: str = scores["type_meta"]["kind"]
    return f"{kind}/{comment['path']}" if comment["path"] else kind
