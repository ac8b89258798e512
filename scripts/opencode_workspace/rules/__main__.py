"""`python -m opencode_workspace.rules` writes the page about the rules; `--check` only says whether it is fresh."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from opencode_workspace import files, yamlio
from opencode_workspace.errors import EXIT_FINDINGS, UserError
from opencode_workspace.rules.documentation import page


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when the page is stale.")
@click.argument("path", type=click.Path(path_type=Path), default=Path("docs/rules.md"))
def main(path: Path, check: bool) -> None:
    """Write the page about the rules, docs/rules.md by default."""
    try:
        if not check:
            files.write_text(path, page())
        elif yamlio.read_text(path) != page():
            raise UserError(
                "the page about the rules is stale",
                str(path),
                "Run `make docs`",
                exit_code=EXIT_FINDINGS,
            )
    except UserError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
