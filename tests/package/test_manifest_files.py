"""Has every rendered object a file of its own?"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from opencode_workspace.report import text


def document(group: str, namespace: str) -> dict[str, Any]:
    metadata = {"name": "a", "namespace": namespace}
    return {"apiVersion": f"{group}/v1", "kind": "Policy", "metadata": metadata}


def test_objects_of_one_kind_and_name_do_not_overwrite_each_other() -> None:
    documents = [document("x.io", "n"), document("y.io", "n"), document("y.io", "m")]
    assert list(text.files("ws", documents)) == [
        PurePosixPath("ws/policy-a.yaml"),
        PurePosixPath("ws/policy-y.io-n-a.yaml"),
        PurePosixPath("ws/policy-y.io-m-a.yaml"),
    ]
