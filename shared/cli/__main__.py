"""`python -m shared.cli`: many meetings from a file, what becomes of them, and the ledger out of its tables and back.

Exit code 0: all succeeded (or with --no-wait: were accepted), 1: at least one did not, 2: the file, the connection or
the arguments are wrong. Submitting or importing a file again makes nothing twice: it takes up where the last run ended.
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
from shared.cli.following import Door, Followed, Submitted, follow_all, outcome, submit_all
from shared.cli.over_http import OverHttp
from shared.errors import ConveneError, InvalidRequestError
from shared.ids import is_meeting_id
from shared.meeting import FAILURE_CODES
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


@commands.command()
def retry(
    ids: Annotated[list[str] | None, typer.Argument(help="The meetings' ids.", show_default=False)] = None,
    *,
    url: Annotated[str, typer.Option(help="The app's address, such as https://NAME.azurewebsites.net.")],
    code: Annotated[list[str] | None, typer.Option(help="Every failed meeting with this error.code instead.")] = None,
    key: _Key = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show them.")] = False,
    as_json: _Json = False,
) -> None:
    """Have failed meetings tried again, and follow them until all are finished."""
    if bool(ids) == bool(code):
        raise _not_done("Say which: either ids or --code CODE.")
    if wrong := [each for each in ids or () if not is_meeting_id(each)]:
        raise _not_done(f"Not the id of a meeting: {', '.join(wrong)}.")
    if unknown := [each for each in code or () if each not in FAILURE_CODES]:
        raise _not_done(f"No meeting fails with {', '.join(unknown)}. The codes are {', '.join(FAILURE_CODES)}.")

    async def work(door: OverHttp, progress: Progress) -> list[Followed]:
        return await _retry(door, ids or await door.failed(code or ()), progress, dry_run=dry_run)

    followed = _finished(lambda progress: _at(lambda: OverHttp(url, key), work, progress))
    _show(followed, {"succeeded", "failed"} if dry_run else {"succeeded"}, as_json=as_json)


@commands.command()
def forget(
    ids: Annotated[list[str] | None, typer.Argument(help="The meetings' ids.", show_default=False)] = None,
    *,
    url: Annotated[str, typer.Option(help="The app's address, such as https://NAME.azurewebsites.net.")],
    file: Annotated[Path | None, typer.Option(help="Every meeting of this file of export instead.")] = None,
    key: _Key = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show their ids.")] = False,
) -> None:
    """Remove finished meetings from the app, at once; what is in calendars stays."""
    from shared.cli.ledger_file import meeting_ids

    if bool(ids) == bool(file):
        raise _not_done("Say which: either ids or --file FILE.")
    if wrong := [each for each in ids or () if not is_meeting_id(each)]:
        raise _not_done(f"Not the id of a meeting: {', '.join(wrong)}.")

    async def work(progress: Progress) -> dict[str, str | None]:
        chosen = ids or (meeting_ids(file) if file else [])
        if dry_run:
            return dict.fromkeys(chosen)
        advance, door = _counting(progress, "forgotten", len(chosen)), OverHttp(url, key)
        refusals: dict[str, str | None] = {}
        try:
            for each in chosen:
                refusals[each] = await door.forget(each)
                advance(1)
        finally:
            await door.close()
        return refusals

    refusals = _finished(work)
    for each, refusal in refusals.items():
        if dry_run or refusal:
            typer.echo(f"{each} {refusal or ''}".rstrip())
    refused = sum(refusal is not None for refusal in refusals.values())
    typer.echo(f"{0 if dry_run else len(refusals) - refused} forgotten, {refused} refused")
    if refused:
        raise typer.Exit(_SOME_FAILED)


_Person = Annotated[str | None, typer.Option(help="Only what names this address or reference.", show_default=False)]


@commands.command("export")
def export_ledger(
    file: Annotated[Path, typer.Argument(help="A new file.", show_default=False)], *, person: _Person = None
) -> None:
    """Write the meetings and schedules of MeetingStorage into a file, which holds subjects, addresses and links."""
    from shared.cli.ledger_file import opened, write_records

    async def export(progress: Progress) -> Counter[str]:
        async with opened(read_environment()) as backup:
            return await write_records(backup, file, _counting(progress, "written", None), person)

    written = _finished(export)
    typer.echo(f"{written['meeting']} meetings and {written['schedule']} schedules are in {file}.")


@commands.command("import")
def import_ledger(
    file: Annotated[Path, typer.Argument(help="What export has written.", show_default=False)],
    *,
    person: _Person = None,
) -> None:
    """Put a file's meetings and schedules back into MeetingStorage; those that are there stay as they are."""
    from shared.cli.ledger_file import check_file, opened, put_back

    async def put(progress: Progress) -> Counter[str]:
        advance = _counting(progress, "put back", check_file(file))
        async with opened(read_environment()) as backup:
            return await put_back(backup, file, advance, person)

    done = _finished(put)
    typer.echo(f"{done['put']} were put back, {done['there']} were there already.")


@commands.command("probe")
def probe_tenant(
    organizer: Annotated[str, typer.Argument(help="The test mailbox: user principal name or object id.")],
    *,
    attendee: Annotated[str | None, typer.Option(help="A colleague who is invited twice, and cancelled.")] = None,
    other: Annotated[list[str] | None, typer.Option(help="A guest, a shared mailbox, somebody unlicensed.")] = None,
    go: Annotated[bool, typer.Option("--go", help="Do it; without, only say what would be done.")] = False,
) -> None:
    """Ask a tenant what Convene assumes of Graph, and print the answers without personal data."""
    from shared.cli.probe import probe, report
    from shared.use_cases.first_tenant import Subjects, plan

    subjects = Subjects(organizer, attendee, tuple(other or ()))
    if not go:
        typer.echo("With --go this would:\n" + "\n".join(f"- {line};" for line in plan(subjects)))
        return
    try:
        settings = read_environment()
    except ConveneError as error:
        raise _not_done(f"{error}") from error
    logging.getLogger("shared").addHandler(logging.NullHandler())  # what fails is in the report
    typer.echo(report(asyncio.run(probe(settings, subjects))))


async def _retry(door: OverHttp, ids: Sequence[str], progress: Progress, *, dry_run: bool) -> list[Followed]:
    if dry_run:
        known = [Submitted(number, each) for number, each in enumerate(ids, start=1)]
        return [outcome(each, (await door.look(each)).meeting) for each in known]
    advance = _counting(progress, "retried", len(ids))
    retried: list[Submitted] = []
    for number, each in enumerate(ids, start=1):
        retried.append(await door.retry(number, each))
        advance(1)
    return await _follow(door, retried, progress)


async def _submit(door: Door, lines: Sequence[Line], progress: Progress, *, wait: bool) -> list[Followed]:
    submitted = await submit_all(door, lines, _counting(progress, "submitted", len(lines)))
    if wait:
        return await _follow(door, submitted, progress)
    return [outcome(each, None) for each in submitted]


async def _follow(door: Door, submitted: Sequence[Submitted], progress: Progress) -> list[Followed]:
    return await follow_all(door, submitted, _counting(progress, "finished", len(submitted)))


def _counting(progress: Progress, what: str, total: int | None) -> Callable[[int], None]:
    """Return what moves a bar of its own on; without a total it only counts."""
    task = progress.add_task(what, total=total)
    return lambda count: progress.advance(task, count)


type _Work[D: Door] = Callable[[D, Progress], Awaitable[list[Followed]]]


def _run(url: str | None, key: str | None, *, queue: bool, work: _Work[Door]) -> list[Followed]:
    """Return what the work at one of the two doors brings."""
    if queue == (url is not None):
        raise _not_done("Say where the app is: either --url URL or --queue.")
    if queue:
        return _finished(lambda progress: _at(_queue_door, work, progress))
    return _finished(lambda progress: _at(lambda: OverHttp(url or "", key), work, progress))


async def _at[D: Door](open_door: Callable[[], D], work: _Work[D], progress: Progress) -> list[Followed]:
    door = open_door()
    try:
        return await work(door, progress)
    finally:
        await door.close()


def _finished[T](work: Callable[[Progress], Awaitable[T]]) -> T:
    """Return what the work brings, with a progress bar on standard error meanwhile."""
    logging.getLogger().addHandler(logging.NullHandler())  # what fails is in the table

    async def shown() -> T:
        with _progress() as progress:
            return await work(progress)

    try:
        return asyncio.run(shown())
    except* (ConveneError, OSError) as group:
        error = _first(group)
        raise _not_done(f"{error.filename}: {error.strerror}." if isinstance(error, OSError) else str(error)) from None


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
