"""`list`, `get`, `cancel`, `retry`, `forget` and `history`: existing meetings."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic.alias_generators import to_snake
from rich.progress import Progress

from shared.cli.http_client import HttpClient, ProblemError, path_of
from shared.cli.options import AllowHttp, Connection, Ids, Json, Key, Url, Wait, over_http, require_ids
from shared.cli.output import (
    SOME_FAILED,
    app_libraries,
    in_turn,
    not_done,
    plain,
    print_json,
    print_meetings,
    print_outcomes,
    print_rows,
)
from shared.cli.polling import Outcome, Submitted, numbered, outcome
from shared.cli.submit import followed
from shared.meeting import FAILURE_CODES, Status

commands = typer.Typer()


@commands.command("list")
def list_meetings(
    *,
    organizer: Annotated[str | None, typer.Option(help="Those of an organizer.")] = None,
    reference: Annotated[str | None, typer.Option(help="Those with your reference.")] = None,
    join_url: Annotated[str | None, typer.Option("--join-url", help="The one with a join link.")] = None,
    join_meeting_id: Annotated[str | None, typer.Option("--join-meeting-id", help="The one with a meeting ID.")] = None,
    event_id: Annotated[str | None, typer.Option("--event-id", help="The one of a calendar event.")] = None,
    schedule: Annotated[str | None, typer.Option(help="Those of a schedule, by its id.")] = None,
    status: Annotated[Status | None, typer.Option(help="Only those with a status.")] = None,
    starts_from: Annotated[str | None, typer.Option("--from", help="Only those that start then or later.")] = None,
    starts_before: Annotated[str | None, typer.Option("--to", help="Only those that start before.")] = None,
    most: Annotated[int, typer.Option("--top", help="The most to list.", min=1, max=10_000)] = 25,
    url: Url = None,
    key: Key = None,
    allow_http: AllowHttp = False,
    as_json: Json = False,
) -> None:
    """List meetings by one of their properties, status or start.

    They come newest first; with --from or --to by their start. Both take a date, which begins in UTC, or a time with an
    offset, such as 2027-01-20T13:00:00-08:00.
    """
    filters = {
        "organizer": organizer,
        "reference": reference,
        "joinUrl": join_url,
        "joinMeetingId": join_meeting_id,
        "eventId": event_id,
        "schedule": schedule,
        "status": status,
        "from": starts_from,
        "to": starts_before,
    }
    query = {name: str(value) for name, value in filters.items() if value is not None}
    if not query:
        raise not_done(f"Say which: {', '.join(f'--{to_snake(name).replace("_", "-")}' for name in filters)}.")

    async def work(client: HttpClient, _: Progress) -> list[dict[str, Any]]:
        return await client.list_all("/meetings", "meetings", query, most)

    _print(over_http(Connection(url, key, allow_http), work), as_json=as_json)


@commands.command()
def get(
    ids: Ids,
    *,
    url: Url = None,
    key: Key = None,
    allow_http: AllowHttp = False,
    as_json: Json = False,
) -> None:
    """Show meetings as they are now."""
    require_ids(ids)

    async def work(client: HttpClient, _: Progress) -> list[dict[str, Any]]:
        return [await client.get(path_of("meetings", each)) for each in ids]

    _print(over_http(Connection(url, key, allow_http), work), as_json=as_json)


@commands.command()
def cancel(
    ids: Ids,
    *,
    comment: Annotated[str | None, typer.Option(help="A comment for the attendees.")] = None,
    wait: Wait = True,
    url: Url = None,
    key: Key = None,
    allow_http: AllowHttp = False,
    as_json: Json = False,
) -> None:
    """Cancel meetings, and follow them until all are finished."""
    require_ids(ids)
    document = None if comment is None else {"comment": comment}

    async def work(client: HttpClient, progress: Progress) -> list[Outcome]:
        async def one(meeting: Submitted) -> Submitted:
            try:
                await client.send("DELETE", path_of("meetings", meeting.meeting_id or ""), document)
            except ProblemError as error:
                return meeting.rejected(error)
            return meeting

        submitted = await in_turn(progress, "cancelled", numbered(ids), one)
        return await followed(client, submitted, progress) if wait else [outcome(each, None) for each in submitted]

    good = {"cancelled"} if wait else {"cancelled", "queued", "running"}
    print_outcomes(over_http(Connection(url, key, allow_http), work), good, as_json=as_json)


@commands.command()
def retry(
    ids: Annotated[list[str] | None, typer.Argument(help="The meetings' ids.", show_default=False)] = None,
    *,
    code: Annotated[list[str] | None, typer.Option(help="Every failed meeting with this error.code instead.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show them.")] = False,
    url: Url = None,
    key: Key = None,
    allow_http: AllowHttp = False,
    as_json: Json = False,
) -> None:
    """Retry failed meetings, and follow them until all are finished."""
    if bool(ids) == bool(code):
        raise not_done("Say which: either ids or --code CODE.")
    require_ids(ids or [])
    if unknown := [each for each in code or () if each not in FAILURE_CODES]:
        raise not_done(f"No meeting fails with {', '.join(unknown)}. The codes are {', '.join(FAILURE_CODES)}.")

    async def work(client: HttpClient, progress: Progress) -> list[Outcome]:
        return await _retry(client, ids or await client.failed(code or ()), progress, dry_run=dry_run)

    outcomes = over_http(Connection(url, key, allow_http), work)
    print_outcomes(outcomes, {"succeeded", "failed"} if dry_run else {"succeeded"}, as_json=as_json)


@commands.command()
def forget(
    ids: Annotated[list[str] | None, typer.Argument(help="The meetings' ids.", show_default=False)] = None,
    *,
    file: Annotated[Path | None, typer.Option(help="Every meeting of this file of export instead.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show their ids.")] = False,
    url: Url = None,
    key: Key = None,
    allow_http: AllowHttp = False,
    as_json: Json = False,
) -> None:
    """Remove finished meetings from the app, at once; what is in calendars stays."""
    if bool(ids) == bool(file):
        raise not_done("Say which: either ids or --file FILE.")
    require_ids(ids or [])
    chosen = ids or _ids_of(file)

    async def work(client: HttpClient, progress: Progress) -> dict[str, str | None]:
        return dict(zip(chosen, await in_turn(progress, "forgotten", chosen, client.forget), strict=True))

    refusals = dict.fromkeys(chosen) if dry_run else over_http(Connection(url, key, allow_http), work)
    refused = sum(refusal is not None for refusal in refusals.values())
    if as_json:
        print_json([{"id": each, "forgotten": not dry_run and not why, "error": why} for each, why in refusals.items()])
    else:
        for each, refusal in refusals.items():
            if dry_run or refusal:
                typer.echo(f"{each} {plain(refusal or '')}".rstrip())
        typer.echo(f"{0 if dry_run else len(refusals) - refused} forgotten, {refused} refused")
    if refused:
        raise typer.Exit(SOME_FAILED)


@commands.command()
def history(
    meeting_id: Annotated[str, typer.Argument(metavar="ID", help="The meeting's id.", show_default=False)],
    *,
    url: Url = None,
    key: Key = None,
    allow_http: AllowHttp = False,
    as_json: Json = False,
) -> None:
    """Show what has happened to a meeting, oldest first."""
    require_ids([meeting_id])

    async def work(client: HttpClient, _: Progress) -> dict[str, Any]:
        return await client.get(path_of("meetings", meeting_id, "history"))

    entries = over_http(Connection(url, key, allow_http), work)["entries"]
    if as_json:
        print_json(entries)
    else:
        # A sentence may be longer than a line, and is never cut.
        print_rows(("at", "event"), [((each["at"], each["event"]), (each["detail"],)) for each in entries])


def _ids_of(file: Path | None) -> list[str]:
    with app_libraries():
        from shared.cli.ledger_file import LedgerFileError, meeting_ids
    try:
        return meeting_ids(file) if file else []
    except OSError as error:
        raise not_done(f"{file} cannot be read: {error.strerror}.") from error
    except LedgerFileError as error:
        raise not_done(str(error)) from error


async def _retry(client: HttpClient, ids: Sequence[str], progress: Progress, *, dry_run: bool) -> list[Outcome]:
    if dry_run:
        return [outcome(each, (await client.poll(each)).meeting) for each in numbered(ids)]
    return await followed(client, await in_turn(progress, "retried", numbered(ids), client.retry), progress)


def _print(meetings: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json(meetings)
    else:
        print_meetings(meetings)
