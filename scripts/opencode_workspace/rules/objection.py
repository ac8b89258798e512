"""What the API server has against an object."""

from __future__ import annotations

from typing import NamedTuple

from opencode_workspace.violation import Steps


class Objection(NamedTuple):
    """A place and what is wrong there.

    word: what to look for in a release's values. is_missing: whether it is something that is not there.
    """

    pointer: Steps
    message: str
    word: str = ""
    is_missing: bool = False
