"""Tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from opencode_workspace.comparison import Change
from opencode_workspace.report.summary import Row

_COLOURS = {"added": "green", "removed": "red", "changed": "yellow"}


def preview_table(rows: Sequence[Row]) -> Table:
    """One section a workspace, one line a property: a row each would not fit 80 columns."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_header=False)
    table.add_column("workspace", style="bold", no_wrap=True)
    table.add_column("property", style="dim", no_wrap=True)
    table.add_column("value", overflow="fold")
    for row in rows:
        for index, (name, value) in enumerate(_properties(row)):
            table.add_row(Text("" if index else row.workspace), name, value)
        table.add_section()
    return table


def _properties(row: Row) -> list[tuple[str, Text]]:
    counts = ", ".join(f"{n} {kind}" if n > 1 else kind for kind, n in row.objects.items())
    warnings = Text("\n".join(row.warnings) or "none", style="yellow" if row.warnings else "green")
    return [
        ("host", Text(row.host)),
        ("repository", Text(row.repository)),
        ("image", Text(row.image)),
        ("volume", Text(row.volume)),
        ("objects", Text(f"{sum(row.objects.values())}: {counts}")),
        ("warnings", warnings),
    ]


def changes(found: Sequence[Change], revision: str) -> Group:
    """One line an object, its fields below it."""
    lines = []
    for change in found:
        kind, namespace, name = change.key
        place = f"{namespace}/{name}" if namespace else name
        lines.append(Text(f"{change.verb:8} {kind} {place}", style=_COLOURS[change.verb]))
        lines += [Text(f"           {detail}") for detail in change.details]
    lines.append(Text(f"{len(found)} objects change since {revision}"))
    return Group(*lines)
