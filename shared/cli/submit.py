"""`submit` and `follow`: submit a file of meeting requests, and follow meetings until they are finished."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from shared.cli.csv_results import write_results
from shared.cli.files import Line, read_lines
from shared.cli.options import AllowHttp, Connection, Ids, Json, Key, Queue, Url, Wait, over_either, require_ids
from shared.cli.output import counting, not_done, print_outcomes, print_warnings
from shared.cli.polling import AppClient, Outcome, Submitted, follow_all, known_warning, numbered, outcome, submit_all
from shared.errors import InvalidRequestError

commands = typer.Typer()


@commands.command()
def submit(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Meeting requests, .csv or JSON.", show_default=False)],
    *,
    url: Url = None,
    key: Key = None,
    allow_http: AllowHttp = False,
    queue: Queue = False,
    wait: Wait = True,
    output: Annotated[
        Path | None,
        typer.Option(help="A CSV file to write, with the rows and their join links; may be the file itself."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Submit a file of meeting requests, and follow the meetings until all are finished."""
    lines = _read(file)
    if output:
        _require_writable(file, output)
    data = file.read_bytes()
    now = datetime.now(UTC)
    print_warnings(f"row {line.number}: {warning}" for line in lines if (warning := known_warning(line, now)))

    async def work(client: AppClient, progress: Progress) -> list[Outcome]:
        return await _submit(client, lines, progress, wait=wait)

    outcomes = over_either(Connection(url, key, allow_http, queue), context, work)
    if output:
        try:
            write_results(data, outcomes, output)
        except OSError as error:
            print_outcomes(outcomes, {each.status for each in outcomes}, as_json=as_json)
            raise not_done(f"{output} cannot be written: {error.strerror}.") from error
    print_outcomes(outcomes, {"succeeded"} if wait else {"succeeded", "queued", "running"}, as_json=as_json)


@commands.command()
def follow(
    context: typer.Context,
    ids: Ids,
    *,
    url: Url = None,
    key: Key = None,
    allow_http: AllowHttp = False,
    queue: Queue = False,
    as_json: Json = False,
) -> None:
    """Follow meetings by id until all are finished."""
    require_ids(ids)

    async def work(client: AppClient, progress: Progress) -> list[Outcome]:
        return await followed(client, numbered(ids), progress)

    print_outcomes(over_either(Connection(url, key, allow_http, queue), context, work), {"succeeded"}, as_json=as_json)


async def followed(client: AppClient, submitted: Sequence[Submitted], progress: Progress) -> list[Outcome]:
    """Follow meetings with a progress bar."""
    return await follow_all(client, submitted, counting(progress, "finished", len(submitted)))


async def _submit(client: AppClient, lines: Sequence[Line], progress: Progress, *, wait: bool) -> list[Outcome]:
    submitted = await submit_all(client, lines, counting(progress, "submitted", len(lines)))
    if wait:
        return await followed(client, submitted, progress)
    return [outcome(each, None) for each in submitted]


def _read(file: Path) -> list[Line]:
    try:
        return read_lines(file)
    except OSError as error:
        raise not_done(f"{file} cannot be read: {error.strerror}.") from error
    except InvalidRequestError as error:
        faults = "\n".join(f"  {fault.pointer or '/'}: {fault.message}" for fault in error.faults)
        raise not_done(f"{file} is not a file of meeting requests:\n{faults}") from error


def _require_writable(file: Path, output: Path) -> None:
    """End the command before it submits anything, if the results could not be written afterwards."""
    if file.suffix.casefold() != ".csv":
        raise not_done(f"--output needs a .csv file of requests; {file} is not one. Use --json for others.")
    if output.is_dir() or not os.access(output.absolute().parent, os.W_OK):
        raise not_done(f"{output} cannot be written.")
