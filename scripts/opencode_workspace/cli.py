"""The command `opencode-workspace`: arguments in, exit codes out, nothing else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NoReturn

import click

from opencode_workspace import __version__, interruption
from opencode_workspace.errors import EXIT_FINDINGS, EXIT_UNUSABLE, UserError

if TYPE_CHECKING:
    from opencode_workspace.catalogue import Catalogue

# Imports of the modules that do the work stand in the commands: `--help` must not pay for them.

# Owned by `preview`: what an earlier one left there is removed.
PREVIEW = Path("build/preview")

CatalogueOption = click.option(
    "--catalogue",
    "catalogue_path",
    type=click.Path(path_type=Path),
    default=Path("flux/workspaces.yaml"),
    show_default=True,
    help="The catalogue of workspaces.",
)
EngineOption = click.option(
    "--engine",
    type=click.Choice(["auto", "embedded", "cli"]),
    default="auto",
    show_default=True,
    help="Helm as a library, the helm command, or whichever there is.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="opencode-workspace")
def commands() -> None:
    """Persistent OpenCode workspaces on a Flux-managed cluster, from one catalogue."""


@commands.command()
@CatalogueOption
@click.option(
    "--check", is_flag=True, help="Write nothing; exit 1 when files are stale, missing or orphaned."
)
def generate(catalogue_path: Path, check: bool) -> None:
    """Write the Flux tree that the catalogue asks for."""
    from opencode_workspace import catalogue as catalogues
    from opencode_workspace import generate as generator

    catalogue = catalogues.load(catalogue_path)
    planned = generator.plan(catalogue)
    if not check:
        generator.write(catalogue, planned)
    for verb, paths in (
        ("missing", planned.missing),
        ("stale", planned.stale),
        ("orphaned", planned.orphaned),
    ):
        for path in paths:
            click.echo(
                f"{verb}: {catalogue.directory / path}"
                if check
                else f"{_DONE[verb]}: {catalogue.directory / path}"
            )
    if check and not planned.is_clean:
        raise UserError(
            "the tree is not what the catalogue asks for",
            str(catalogue.path),
            "Run `opencode-workspace generate`",
            exit_code=EXIT_FINDINGS,
        )
    click.echo(
        f"{len(planned.content)} files for {len(catalogue.workspaces)} workspaces are as the catalogue asks"
    )


_DONE = {"missing": "created", "stale": "updated", "orphaned": "removed"}


@commands.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="For people, for programs, as annotations of GitHub Actions, or as SARIF 2.1.0.",
)
@click.argument("path", type=click.Path(path_type=Path), default=Path("flux"))
def check(path: Path, form: str) -> None:
    """Apply every rule that needs no cluster to the folder PATH (default flux)."""
    from opencode_workspace import check as checker
    from opencode_workspace.report import findings, findings_text
    from opencode_workspace.workers import leaving_garbage

    with leaving_garbage(), findings_text.progress() as progress:
        report = checker.run(path, progress=progress)
    if form == "text":
        findings_text.show(report)
    else:
        click.echo(findings.FORMATS[form](report), nl=False)
    for reason in report.unchecked:
        click.echo(f"error: {reason}", err=True)
    for failure in report.failures:
        click.echo(f"error: {failure}", err=True)
    sys.exit(report.exit_code)


@commands.command()
@CatalogueOption
@EngineOption
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write one file an object into this folder.",
)
@click.argument("names", nargs=-1)
def render(catalogue_path: Path, engine: Any, output: Path | None, names: tuple[str, ...]) -> None:
    """Show the objects that Flux would create, of all workspaces or of those named."""
    from opencode_workspace import batches, files, yamlio
    from opencode_workspace import catalogue as catalogues
    from opencode_workspace.report import text

    catalogue = catalogues.load(catalogue_path)
    # Printed or written when all of it is there: half an output could be applied.
    if output is None:
        shared, texts = batches.over(catalogue, names, text.stream, engine=engine)
        _print([yamlio.dump_all(shared), *texts])
        return
    shared, parts = batches.over(catalogue, names, text.files_of, engine=engine)
    content = text.files("shared", shared)
    for workspace_files in parts:
        content.update(workspace_files)
    stale = [path for path in _others(output, content) if path.match("*/*.yaml")]
    if stale:
        raise UserError(
            f"holds {stale[0]}, which is not of this render"
            + f", and {len(stale) - 1} more" * (len(stale) > 1),
            str(output),
            "Name an empty folder, or remove what is there",
        )
    files.replace(output, content, remove=())
    click.echo(f"{len(content)} objects in {output}")


@commands.command()
@CatalogueOption
@EngineOption
@click.argument("names", nargs=-1)
def preview(catalogue_path: Path, engine: Any, names: tuple[str, ...]) -> None:
    """Show in one table what will be deployed; write a page and the manifests to build/preview."""
    from rich.console import Console

    from opencode_workspace import catalogue as catalogues
    from opencode_workspace import files, flux
    from opencode_workspace.report import page, summary, terminal, text

    catalogue = catalogues.load(catalogue_path)
    cluster = flux.reconcile(catalogue, names, engine=engine)
    rows = [summary.row(catalogue, reconciliation) for reconciliation in cluster.reconciliations]
    content = text.files("shared", cluster.shared)
    for reconciliation in cluster.reconciliations:
        content.update(text.files_of(reconciliation))
    content[PurePosixPath("index.html")] = page.preview_page(rows, cluster).encode()
    files.replace(PREVIEW, content, remove=_others(PREVIEW, content))
    Console().print(terminal.preview_table(rows))
    click.echo(f"Every object: {PREVIEW}/<workspace>/, as a page: {PREVIEW}/index.html")


@commands.command()
@CatalogueOption
@click.argument("name")
def values(catalogue_path: Path, name: str) -> None:
    """Show the chart's values of one workspace, merged as Helm does."""
    from opencode_workspace import catalogue as catalogues
    from opencode_workspace import flux, yamlio

    catalogue = catalogues.load(catalogue_path)
    click.echo(yamlio.dump(flux.merged_values(catalogue, name)), nl=False)


@commands.command()
@CatalogueOption
@EngineOption
@click.argument("revision", default="HEAD")
def diff(catalogue_path: Path, engine: Any, revision: str) -> None:
    """Show what changes in the cluster between a Git REVISION (default HEAD) and the work tree."""
    from rich.console import Console

    from opencode_workspace import comparison
    from opencode_workspace.report import terminal

    changes = comparison.since(revision, catalogue_path, engine=engine)
    Console().print(terminal.changes(changes, revision))


@commands.command()
@CatalogueOption
@click.argument("name")
@click.option(
    "--repository",
    required=True,
    help="ssh or https URL of the Git repository, without a password.",
)
@click.option(
    "--host",
    help="Host name; when not given, below the longest wildcard of the gateway's certificate.",
)
def new(catalogue_path: Path, name: str, repository: str, host: str | None) -> None:
    """Add the workspace NAME to the catalogue, and generate."""
    from opencode_workspace import edit

    text, catalogue = edit.add(catalogue_path, name, repository=repository, host=host)
    _save(catalogue, text)
    for step in edit.steps_after_adding(catalogue, catalogue.select([name])[0]):
        click.echo(step)


@commands.command()
@CatalogueOption
@click.argument("name")
def remove(catalogue_path: Path, name: str) -> None:
    """Take the workspace NAME out of the catalogue, and generate."""
    from opencode_workspace import catalogue as catalogues
    from opencode_workspace import edit

    (workspace,) = catalogues.load(catalogue_path).select([name])
    text, catalogue = edit.remove(catalogue_path, name)
    _save(catalogue, text)
    for step in edit.steps_after_removing(workspace, catalogue.cluster["namespace"]):
        click.echo(step)


def _save(catalogue: Catalogue, text: str) -> None:
    """Writes catalogue and tree in one transaction."""
    from opencode_workspace import generate as generator

    planned = generator.plan(catalogue)
    generator.write(catalogue, planned, text)


def _print(texts: Iterable[str]) -> None:
    try:
        for part in texts:
            click.echo(part, nl=False)
    except BrokenPipeError:
        # The reader has what it wanted; Python must not complain at exit that it cannot flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _others(folder: Path, content: Mapping[PurePosixPath, bytes]) -> list[PurePosixPath]:
    present = (path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir())
    return [PurePosixPath(path) for path in present if PurePosixPath(path) not in content]


def main() -> NoReturn:
    """Runs the command; a mistake of the user is one message and exit code 1 or 2, never a traceback."""
    try:
        commands.main(standalone_mode=False)
    except UserError as error:
        _fail(str(error), error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(EXIT_UNUSABLE)
    except (KeyboardInterrupt, click.Abort):
        _fail(interruption.message(), EXIT_UNUSABLE)
    except OSError as error:
        _fail(f"{error.filename or 'the system'}: {error.strerror}", EXIT_UNUSABLE)
    sys.exit(0)


def _fail(message: str, code: int) -> NoReturn:
    for line in message.splitlines():
        click.echo(f"error: {line}", err=True)
    sys.exit(code)
