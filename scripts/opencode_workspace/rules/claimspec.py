"""What the API server takes of a claim."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_workspace.rules.objection import Objection
from opencode_workspace.rules.quantities import amount
from opencode_workspace.rules.source import Document, mapping

_MODES = ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod")


def of_claim(spec: Document) -> Iterator[Objection]:
    """Access modes and a size that no claim may have."""
    modes = spec.get("accessModes") or ()
    if not modes:
        yield Objection(("spec",), "accessModes is missing", is_missing=True)
    for index, mode in enumerate(modes if isinstance(modes, list) else ()):
        if isinstance(mode, str) and mode not in _MODES and "${" not in mode:
            message = f"'{mode}' is not one of {', '.join(_MODES)}"
            yield Objection(("spec", "accessModes", index), message, mode)
    if isinstance(modes, list) and len(modes) > 1 and _MODES[-1] in modes:
        message = f"{_MODES[-1]} excludes all other modes"
        yield Objection(("spec", "accessModes"), message, _MODES[-1])
    pointer = ("spec", "resources", "requests", "storage")
    size = mapping(mapping(spec.get("resources")).get("requests")).get("storage")
    if size is None:
        yield Objection(("spec",), "resources.requests.storage is missing", is_missing=True)
    elif "${" not in str(size) and not (amount(size) or 0) > 0:
        yield Objection(pointer, f"'{size}' is not a size such as 5Gi", str(size))
