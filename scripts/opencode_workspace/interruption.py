"""What Ctrl-C is answered with: whether files had been changed by then."""

from __future__ import annotations

_changed = False


def files_changed() -> None:
    """Takes down that a change of files has been completed, so that nobody is told otherwise."""
    global _changed  # it holds for the whole process, like Ctrl-C
    _changed = True


def message() -> str:
    """The line for a person who has interrupted the command."""
    if _changed:
        return "interrupted; by then the files had been changed, all of them"
    return "interrupted; nothing was changed"
