"""The fields of Flux's objects that are read here, and what they must be when they are there.

Types follow the CRDs of Flux 2.9; a null counts as absent, as it does for the API server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opencode_workspace import schema
from opencode_workspace.errors import UserError, UserErrors

_TEXT = {"type": ["string", "null"]}
_TEXTS = {"type": ["object", "null"], "additionalProperties": {"type": "string"}}
_FREE = {"type": ["object", "null"]}


def _object(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": ["object", "null"], "required": [*required], "properties": properties}


def _required(shape: Mapping[str, Any]) -> dict[str, Any]:
    return {**shape, "type": [name for name in shape["type"] if name != "null"]}


_METADATA = _required(_object("namespace", namespace=_required(_TEXT)))
_SHAPES: Mapping[str, dict[str, Any]] = {
    "Kustomization": _object(
        "spec",
        metadata=_METADATA,
        spec=_required(
            _object(
                "path",
                path=_required(_TEXT),
                targetNamespace=_TEXT,
                postBuild=_object(substitute=_TEXTS),
                commonMetadata=_object(labels=_TEXTS, annotations=_TEXTS),
            )
        ),
    ),
    "HelmRelease": _object(
        "spec",
        metadata=_METADATA,
        spec=_required(_object(releaseName=_TEXT, chartRef=_object(name=_TEXT), values=_FREE)),
    ),
}


def check(document: Mapping[str, Any]) -> None:
    """Raises UserErrors for a Kustomization of Flux or a HelmRelease that cannot be read as one.

    document: a Kubernetes object, with kind and metadata.name.
    """
    mistakes = [
        UserError(
            f"{document['kind']} {document['metadata']['name']!r}: "
            f"/{'/'.join(map(str, violation.pointer))}: {violation.message}",
            remedy="Correct it, or run `opencode-workspace generate`",
        )
        for violation in schema.validate(document, _SHAPES[document["kind"]])
    ]
    if mistakes:
        raise UserErrors(mistakes)
