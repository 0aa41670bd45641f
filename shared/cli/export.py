"""`export` and `import`: the ledger as a file, and back into its tables."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from shared.cli.options import Json
from shared.cli.output import app_libraries, counting, print_json, run

commands = typer.Typer()


_Person = Annotated[str | None, typer.Option(help="Only what names this address or reference.", show_default=False)]


@commands.command("export")
def export_ledger(
    file: Annotated[Path, typer.Argument(help="A new file.", show_default=False)],
    *,
    person: _Person = None,
    as_json: Json = False,
) -> None:
    """Write the meetings and schedules of MeetingStorage into a file, which holds subjects, addresses and links."""
    with app_libraries():
        from shared.cli.ledger_file import opened, write_records
        from shared.settings import read_environment

    async def export(progress: Progress) -> Counter[str]:
        async with opened(read_environment()) as backup:
            return await write_records(backup, file, counting(progress, "written", None), person)

    written = run(export)
    if as_json:
        print_json({"meetings": written["meeting"], "schedules": written["schedule"], "file": str(file)})
    else:
        typer.echo(f"{written['meeting']} meetings and {written['schedule']} schedules are in {file}.")


@commands.command("import")
def import_ledger(
    file: Annotated[Path, typer.Argument(help="What export has written.", show_default=False)],
    *,
    person: _Person = None,
    as_json: Json = False,
) -> None:
    """Put a file's meetings and schedules back into MeetingStorage; existing ones stay unchanged."""
    with app_libraries():
        from shared.cli.ledger_file import check_file, opened, put_back
        from shared.settings import read_environment

    async def put(progress: Progress) -> Counter[str]:
        advance = counting(progress, "put back", check_file(file))
        async with opened(read_environment()) as backup:
            return await put_back(backup, file, advance, person)

    done = run(put)
    if as_json:
        print_json({"putBack": done["put"], "alreadyThere": done["there"]})
    else:
        typer.echo(f"{done['put']} were put back, {done['there']} were there already.")
