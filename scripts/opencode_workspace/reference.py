"""The values table in the chart's README: written from values.schema.json and values.yaml.

`python -m opencode_workspace.reference` writes it, with `--check` it only says whether it is fresh.
"""

from __future__ import annotations

import html
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import click

from opencode_workspace import files, yamlio
from opencode_workspace.chart import Chart
from opencode_workspace.errors import EXIT_FINDINGS, UserError

START = "<!-- values: written by `make docs` from values.schema.json and values.yaml -->"
END = "<!-- end of values -->"

Node = Mapping[str, Any]

# Where the reader looks for defaults: these are spelled out at each place they stand at in values.yaml.
# Every other object is one row there, and is described once below the table.
_SPELLED_OUT = {
    "config",
    "container",
    "containerSecurityContext",
    "image",
    "initContainer",
    "networkPolicy",
    "podOptions",
    "podSecurityContext",
    "resources",
    "route",
    "service",
}
_HEADER = "| value | type | default | what |\n|---|---|---|---|\n"
_FIELDS = "| field | type | what |\n|---|---|---|\n"
_LONGEST_DEFAULT = 48
# Two tables that differ in less are easier to read apart.
_LARGE = 10

# The name that a person chooses, such as that of a volume.
ANY = "<name>"

# What tells more of a node than its description does; without them it is a key that is refused.
_CONTENT = {"$ref", "type", "enum", "const"}

# YAML text that needs no quotes, and looks as if it needed none.
_PLAIN = re.compile(
    r"(?!(?:true|false|yes|no|on|off|null)$)[A-Za-z/][A-Za-z0-9@./_-]*|[0-9]+(?:m|[A-Z]i?)"
)


def text(schema: Node, defaults: Mapping[str, Any]) -> str:
    """Markdown: one table of the values with their defaults, then one of the fields of each kind of object.

    schema: values.schema.json, draft-07, a description on every node. defaults: values.yaml.
    """
    return _Reference(schema).text(defaults)


def replaced(readme: str, table: str, source: str) -> str:
    """`readme` with `table` between the two markers. Raises UserError naming `source` when they are not there."""
    before, start, rest = readme.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise UserError(
            "the markers of the values table are not there",
            source,
            f"Put the lines `{START}` and `{END}` where the table belongs",
        )
    return f"{before}{START}\n\n{table}\n{END}{after}"


class _Reference:
    def __init__(self, schema: Node) -> None:
        self._schema = schema
        self._definitions: Mapping[str, Node] = schema["definitions"]
        self._wanted: list[str] = []

    def text(self, defaults: Mapping[str, Any]) -> str:
        parts = [_HEADER + "".join(self._values((), self._schema, defaults))]
        # A table may ask for further ones while it is written.
        for name in self._wanted:
            parts.append(self._kind(name))
        return "\n".join(parts)

    def _values(
        self, path: tuple[str, ...], node: Node, default: Any, *, described: bool = False
    ) -> Iterator[str]:
        """described: these fields are in another table too, so that only those with a default stand here."""
        whole = self._is_one_row(node)
        name, node = self._resolved(node)
        inside = default if isinstance(default, Mapping) else {}
        if kinds := _kinds(node):
            name = inside.get("type", kinds[-1])
            node = self._definitions[name]
        fields = dict(node.get("properties", {}))
        place = f"`{'.'.join(path)}`"
        if path and (whole or not (fields or inside) or (name and name not in _SPELLED_OUT)):
            yield self._row(place, node, name, _default(default))
            return
        free = _free(node)
        if name or (path and free and not described):
            yield self._row(place, node, name, "")
        if described := described or bool(name):
            fields = {key: below for key, below in fields.items() if key in inside}
        for key, below in fields.items():
            yield from self._values((*path, key), below, inside.get(key), described=described)
        others = [key for key in inside if key not in fields] if free else []
        for key in others:
            yield from self._values((*path, key), free[0], inside[key])

    def _kind(self, name: str) -> str:
        node = self._definitions[name]
        more = ""
        if base := self._base(name):
            known = self._definitions[base]["properties"]
            own = {key: below for key, below in node["properties"].items() if key not in known}
            more = f"What {self._type(self._definitions[base], base)} has, and:\n\n"
            node = {**node, "properties": own}
        rows = "".join(self._fields((), node))
        return (
            f'<details id="{name}"><summary><b>{name}</b>: {_escaped(node["description"])}</summary>\n\n'
            f"{more}{_FIELDS}{rows}\n</details>\n"
        )

    def _base(self, name: str) -> str:
        """A large definition all of whose fields `name` has too; "" when there is none."""
        own = self._definitions[name].get("properties", {})
        for other, node in self._definitions.items():
            fields = node.get("properties", {})
            if _LARGE <= len(fields) < len(own) and fields.items() <= own.items():
                return other
        return ""

    def _fields(self, path: tuple[str, ...], node: Node) -> Iterator[str]:
        kinds = _kinds(node)
        for kind in kinds:
            yield self._row(f"`type: {kind}`", self._definitions[kind], kind)
        for key, below in _members(node):
            if not _CONTENT & below.keys() or (kinds and key == "type"):
                continue
            name, resolved = self._resolved(below)
            inline = resolved.get("items", {})
            if not name and any(_members(resolved)) and not self._is_one_row(below):
                yield from self._fields((*path, key), resolved)
            elif not name and "$ref" not in inline and any(_members(inline)):
                yield from self._fields((*path, f"{key}[]"), inline)
            else:
                yield self._row(f"`{'.'.join((*path, key))}`", resolved, name)

    def _row(self, place: str, node: Node, name: str, *more: str) -> str:
        cells = (place, self._type(node, name), *more, _escaped(node["description"]))
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"

    def _type(self, node: Node, name: str) -> str:
        if name:
            if name not in self._wanted:
                self._wanted.append(name)
            return f"[{name}](#{name})"
        if "const" in node:
            return f"`{_flow(node['const'])}`"
        if "enum" in node:
            return ", ".join(f"`{_flow(value)}`" for value in node["enum"])
        kinds = [node["type"]] if isinstance(node["type"], str) else node["type"]
        return " or ".join(self._simple(kind, node) for kind in kinds)

    def _simple(self, kind: str, node: Node) -> str:
        if kind == "array":
            name, item = self._resolved(node["items"])
            return f"list of {self._type(item, name)}"
        if kind == "object":
            free = [self._resolved(below) for below in _free(node)]
            return f"map of {self._type(free[0][1], free[0][0])}" if free else "map"
        return kind

    def _is_one_row(self, node: Node) -> bool:
        """Whether `node` refers to a plain map, such as that of labels."""
        return (
            "$ref" in node
            and not self._resolved(node)[0]
            and "items" not in self._resolved(node)[1]
        )

    def _resolved(self, node: Node) -> tuple[str, Node]:
        """`node`, or what it refers to, and the name of the table that describes it, or ""."""
        if "$ref" not in node:
            return "", node
        name = node["$ref"].rpartition("/")[2]
        found = self._definitions[name]
        return name if "properties" in found or _kinds(found) else "", found


def _members(node: Node) -> Iterator[tuple[str, Node]]:
    yield from node.get("properties", {}).items()
    yield from ((ANY, below) for below in _free(node))


def _free(node: Node) -> list[Node]:
    """Schemas of members whose names a person chooses."""
    patterns: Mapping[str, Node] = node.get("patternProperties", {})
    other = node.get("additionalProperties")
    # Of an open object nothing is known.
    known: list[Node] = []
    if isinstance(other, Mapping) and _CONTENT & other.keys():
        known.append(other)
    # Two patterns of one meaning make one row.
    return [*{json.dumps(below): below for below in patterns.values()}.values(), *known]


def _kinds(node: Node) -> list[str]:
    """Definitions that a chain of if, then and else chooses from."""
    found = []
    while "if" in node:
        found.append(node["then"]["$ref"].rpartition("/")[2])
        node = node["else"]
    return [*found, node["$ref"].rpartition("/")[2]] if found else []


def _default(value: Any) -> str:
    if value is None:
        return ""
    shown = _flow(value)
    return f"`{shown}`" if len(shown) <= _LONGEST_DEFAULT else "see values.yaml"


def _flow(value: Any) -> str:
    """`value` on one line, as it may stand in values.yaml."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(below)}" for key, below in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _escaped(text: str) -> str:
    """`text` in which Markdown sees no HTML."""
    return html.escape(text, quote=False)


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when the table is stale.")
@click.argument("path", type=click.Path(path_type=Path), default=Path("charts/opencode-workspace"))
def main(path: Path, check: bool) -> None:
    """Write the values table in the README of the chart at PATH."""
    try:
        chart = Chart(path)
        readme = path / "README.md"
        before = yamlio.read_text(readme)
        after = replaced(before, text(chart.schema, chart.values), str(readme))
        if check and before != after:
            raise UserError(
                "the values table is stale", str(readme), "Run `make docs`", exit_code=EXIT_FINDINGS
            )
        if before != after:
            files.replace(path, {PurePosixPath("README.md"): after.encode()}, remove=())
    except UserError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
