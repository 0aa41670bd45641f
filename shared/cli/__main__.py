"""Submit meeting requests, follow the meetings, and export or import the ledger.

Exit code 0: everything succeeded, or with --no-wait was accepted.

Exit code 1: at least one meeting failed, or an organizer is not ready.

Exit code 2: the file, the connection or the arguments are wrong.

A repeated submit or import creates nothing twice: it continues where the last run ended.
"""

from typing import Annotated

import typer

from shared import VERSION
from shared.cli import availability, export, meetings, probe, readiness, schedules, submit

commands = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
for _module in (submit, meetings, availability, readiness, export, probe):
    commands.add_typer(_module.commands)
commands.add_typer(schedules.commands, name="schedules", help="Meetings from a rule: list, get, create, delete.")


def _print_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"convene {VERSION}")
        raise typer.Exit


@commands.callback(help=__doc__)
def _convene(
    *,
    _: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that stand before the command."""


def main() -> None:
    """Run a command."""
    commands(prog_name="convene")


if __name__ == "__main__":
    main()
