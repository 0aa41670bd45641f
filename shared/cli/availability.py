"""`availability`: when people and rooms are free."""

from typing import Annotated, Any

import typer
from rich.progress import Progress

from shared.cli.http_client import HttpClient
from shared.cli.options import AllowHttp, Connection, Json, Key, Url, over_http
from shared.cli.output import SOME_FAILED, clock, print_json, print_rows

commands = typer.Typer()
_COLUMNS = ("start", "end", "organizers", "rooms")
_UNKNOWN_COLUMNS = ("unknown", "code")


@commands.command()
def availability(
    organizers: Annotated[
        list[str] | None, typer.Argument(help="User principal names or object ids.", show_default=False)
    ] = None,
    *,
    start: Annotated[str, typer.Option(help="When the window begins, such as 2027-01-20T09:00.", show_default=False)],
    end: Annotated[str, typer.Option(help="When it ends, at most 62 days later.", show_default=False)],
    duration: Annotated[str, typer.Option(help="How long each slot is (ISO 8601), such as PT30M.", show_default=False)],
    step: Annotated[str, typer.Option(help="From the start of one slot to that of the next (ISO 8601).")] = "PT15M",
    time_zone: Annotated[str, typer.Option(help="The zone of start and end, by its Windows or IANA name.")] = "UTC",
    rooms: Annotated[
        list[str] | None, typer.Option("--room", help="The address of a room; may be given several times.")
    ] = None,
    working_hours: Annotated[bool, typer.Option("--working-hours", help="Only within working hours.")] = False,
    url: Url = None,
    key: Key = None,
    allow_http: AllowHttp = False,
    as_json: Json = False,
) -> None:
    """Find the slots in which people and rooms are free."""
    request = {
        "organizers": organizers or [],
        "rooms": rooms or [],
        "start": {"dateTime": start, "timeZone": time_zone},
        "end": {"dateTime": end, "timeZone": time_zone},
        "duration": duration,
        "step": step,
        "withinWorkingHours": working_hours,
    }

    async def work(client: HttpClient, _: Progress) -> dict[str, Any]:
        return await client.send("POST", "/availability", request)

    answer = over_http(Connection(url, key, allow_http), work)
    if as_json:
        print_json(answer)
    else:
        _print(answer, working_hours=working_hours)
    if answer["unknown"]:
        raise typer.Exit(SOME_FAILED)


def _print(answer: dict[str, Any], *, working_hours: bool) -> None:
    rows = [
        ((clock(slot["start"]), clock(slot["end"]), ", ".join(slot["organizers"]), ", ".join(slot["rooms"])), ())
        for slot in answer["slots"]
    ]
    if rows:
        print_rows(_COLUMNS, rows)
    else:
        typer.echo("No slot is free within working hours." if working_hours else "No slot is free.")
    if answer["unknown"]:
        unknown = [((each["address"], each["code"]), (each["message"],)) for each in answer["unknown"]]
        print_rows(_UNKNOWN_COLUMNS, unknown)
