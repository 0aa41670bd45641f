"""`probe`: what a tenant answers where Convene assumes something of Graph."""

import asyncio
import logging
from typing import Annotated

import typer

from shared.cli.output import app_libraries, not_done
from shared.errors import ConveneError

commands = typer.Typer()


@commands.command("probe")
def probe_tenant(
    organizer: Annotated[str, typer.Argument(help="The test mailbox: user principal name or object id.")],
    *,
    attendee: Annotated[str | None, typer.Option(help="A colleague who is invited twice, and cancelled.")] = None,
    other: Annotated[list[str] | None, typer.Option(help="A guest, a shared mailbox, somebody unlicensed.")] = None,
    go: Annotated[bool, typer.Option("--go", help="Do it; without, only say what would be done.")] = False,
) -> None:
    """Ask a tenant what Convene assumes of Graph, and print the answers without personal data."""
    with app_libraries():
        from shared.cli.tenant_probe import probe, report
        from shared.settings import read_environment
        from shared.use_cases.first_tenant import Subjects, plan

    subjects = Subjects(organizer, attendee, tuple(other or ()))
    if not go:
        typer.echo("With --go this would:\n" + "\n".join(f"- {line};" for line in plan(subjects)))
        return
    try:
        settings = read_environment()
    except ConveneError as error:
        raise not_done(f"{error}") from error
    logging.getLogger("shared").addHandler(logging.NullHandler())  # what fails is in the report
    typer.echo(report(asyncio.run(probe(settings, subjects))))
