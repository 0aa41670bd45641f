"""`probe`: what a tenant answers where Convene assumes something of Graph."""

from typing import Annotated

import typer
from rich.progress import Progress

from shared.cli.output import app_libraries, run

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
        from shared.use_cases.first_tenant import Subjects, TenantAnswer, plan

    subjects = Subjects(organizer, attendee, tuple(other or ()))
    if not go:
        typer.echo("With --go this would:\n" + "\n".join(f"- {line};" for line in plan(subjects)))
        return

    async def work(_: Progress) -> list[TenantAnswer]:
        return await probe(read_environment(), subjects)

    typer.echo(report(run(work)))
