"""`python -m shared.cli`: many meetings from a file, and what becomes of them.

Exit code 0: all succeeded (or with --no-wait: were accepted), 1: at least one did not, 2: the file, the connection or
the arguments are wrong. Submitting a file again makes nothing twice: it takes up where the last run ended.
"""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from shared.cli.files import Line, read_lines
from shared.cli.following import Door, Followed, Submitted, UnreachableError, follow_all, outcome, submit_all
from shared.cli.over_http import OverHttp
from shared.errors import InvalidRequestError, SettingsError
from shared.meeting import is_meeting_id
from shared.settings import read_environment

_SOME_FAILED, _NOT_DONE = 1, 2
_WIDE = 400  # a link that is broken into lines cannot be clicked or copied

_Url = Annotated[str | None, typer.Option(help="The app's address, such as https://NAME.azurewebsites.net.")]
_Key = Annotated[str | None, typer.Option(help="The function key.", envvar="CONVENE_KEY", show_envvar=True)]
_Queue = Annotated[bool, typer.Option("--queue", help="Use MeetingStorage of the environment instead of --url.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
_Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Whether to follow until all are finished.")]

commands = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)


@commands.command()
def submit(
    file: Annotated[Path, typer.Argument(help="Meeting requests, .csv or JSON.", show_default=False)],
    *,
    url: _Url = None,
    key: _Key = None,
    queue: _Queue = False,
    wait: _Wait = True,
    as_json: _Json = False,
) -> None:
    """Submit a file of meeting requests, and follow the meetings until all are finished."""
    try:
        lines = read_lines(file)
    except OSError as error:
        raise _not_done(f"{file} cannot be read: {error.strerror}.") from error
    except InvalidRequestError as error:
        faults = "\n".join(f"  {fault.pointer or '/'}: {fault.message}" for fault in error.faults)
        raise _not_done(f"{file} is not a file of meeting requests:\n{faults}") from error
    followed = _run(url, key, queue=queue, work=lambda door, progress: _submit(door, lines, progress, wait=wait))
    _show(followed, {"succeeded"} if wait else {"succeeded", "queued", "running"}, as_json=as_json)


@commands.command()
def follow(
    ids: Annotated[list[str], typer.Argument(help="The meetings' ids.", show_default=False)],
    *,
    url: _Url = None,
    key: _Key = None,
    queue: _Queue = False,
    as_json: _Json = False,
) -> None:
    """Follow meetings by id until all are finished."""
    if wrong := [each for each in ids if not is_meeting_id(each)]:
        raise _not_done(f"Not the id of a meeting: {', '.join(wrong)}.")
    known = [Submitted(number, meeting_id) for number, meeting_id in enumerate(ids, start=1)]
    followed = _run(url, key, queue=queue, work=lambda door, progress: _follow(door, known, progress))
    _show(followed, {"succeeded"}, as_json=as_json)


async def _submit(door: Door, lines: Sequence[Line], progress: Progress, *, wait: bool) -> list[Followed]:
    task = progress.add_task("submitted", total=len(lines))
    submitted = await submit_all(door, lines, lambda count: progress.advance(task, count))
    if wait:
        return await _follow(door, submitted, progress)
    return [outcome(each, None) for each in submitted]


async def _follow(door: Door, submitted: Sequence[Submitted], progress: Progress) -> list[Followed]:
    task = progress.add_task("finished", total=len(submitted))
    return await follow_all(door, submitted, lambda count: progress.advance(task, count))


type _Work = Callable[[Door, Progress], Awaitable[list[Followed]]]


def _run(url: str | None, key: str | None, *, queue: bool, work: _Work) -> list[Followed]:
    """Return what the work on a door brings, with a progress bar on standard error meanwhile."""
    if queue == (url is not None):
        raise _not_done("Say where the app is: either --url URL or --queue.")
    logging.getLogger().addHandler(logging.NullHandler())  # what fails is in the table

    async def connected() -> list[Followed]:
        door = _queue_door() if queue else OverHttp(url or "", key)
        try:
            with _progress() as progress:
                return await work(door, progress)
        finally:
            await door.close()

    try:
        return asyncio.run(connected())
    except* (UnreachableError, SettingsError) as group:
        raise _not_done(str(_first(group))) from None


def _queue_door() -> Door:
    from shared.cli.over_queue import OverQueue  # the storage clients take half a second to import

    return OverQueue(read_environment())


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True))


def _show(followed: Sequence[Followed], good: set[str], *, as_json: bool) -> None:
    """Print how each ended, and end with the exit code that follows from it."""
    if as_json:
        typer.echo(json.dumps([each.as_json() for each in followed], indent=2))
    else:
        _print_table(followed)
    if any(each.status not in good for each in followed):
        raise typer.Exit(_SOME_FAILED)


def _print_table(followed: Sequence[Followed]) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDE
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("row", "id", "status", "join link or error"):
        table.add_column(column, overflow="fold")
    for each in followed:
        cells = (str(each.number), each.meeting_id or "", each.status, each.join_url or each.error or "")
        table.add_row(*map(Text, cells))
    console.print(table)
    counts = Counter(each.status for each in followed)
    console.print(", ".join(f"{count} {status}" for status, count in counts.items()))


def _not_done(message: str) -> typer.Exit:
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(message))
    return typer.Exit(_NOT_DONE)


def _first(group: BaseExceptionGroup[Any]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


if __name__ == "__main__":
    commands()
