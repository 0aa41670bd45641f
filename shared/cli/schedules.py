"""`schedules`: meetings from a rule."""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from shared.cli.http_client import HttpClient, path_of
from shared.cli.options import AllowHttp, Connection, Json, Key, Url, over_http
from shared.cli.output import clock, not_done, print_json, print_rows, print_warnings

commands = typer.Typer(no_args_is_help=True)
_Id = Annotated[str, typer.Argument(help="The schedule's id.", show_default=False)]
_COLUMNS = ("status", "start", "time zone", "organizer", "subject")


@commands.command("list")
def list_schedules(
    *,
    most: Annotated[int, typer.Option("--top", help="The most to list, newest first.", min=1, max=10_000)] = 25,
    url: Url = None,
    key: Key = None,
    allow_http: AllowHttp = False,
    as_json: Json = False,
) -> None:
    """List schedules."""

    async def work(client: HttpClient, _: Progress) -> list[dict[str, Any]]:
        return await client.list_all("/schedules", "schedules", {}, most)

    _print(over_http(Connection(url, key, allow_http), work), as_json=as_json)


@commands.command()
def get(
    schedule: _Id, *, url: Url = None, key: Key = None, allow_http: AllowHttp = False, as_json: Json = False
) -> None:
    """Show a schedule."""

    async def work(client: HttpClient, _: Progress) -> list[dict[str, Any]]:
        return [await client.get(path_of("schedules", schedule))]

    _print(over_http(Connection(url, key, allow_http), work), as_json=as_json)


@commands.command()
def create(
    file: Annotated[Path, typer.Argument(help="A schedule as JSON.", show_default=False)],
    *,
    url: Url = None,
    key: Key = None,
    allow_http: AllowHttp = False,
    as_json: Json = False,
) -> None:
    """Create a schedule; the same file again creates nothing."""
    try:
        data = file.read_bytes()
        document = json.loads(data)
    except OSError as error:
        raise not_done(f"{file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise not_done(f"{file} is not JSON: {error}.") from error

    key_of_file = f"file-{hashlib.sha256(data).hexdigest()[:40]}"

    async def work(client: HttpClient, _: Progress) -> list[dict[str, Any]]:
        return [await client.send("POST", "/schedules", document, key_of_file)]

    created = over_http(Connection(url, key, allow_http), work)
    print_warnings(f"{each['pointer']}: {each['message']}" for each in created[0].get("warnings", ()))
    _print(created, as_json=as_json)


@commands.command()
def delete(schedule: _Id, *, url: Url = None, key: Key = None, allow_http: AllowHttp = False) -> None:
    """Delete a schedule; the meetings that it has made stay."""

    async def work(client: HttpClient, _: Progress) -> dict[str, Any]:
        return await client.send("DELETE", path_of("schedules", schedule))

    over_http(Connection(url, key, allow_http), work)


def _print(schedules: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json(schedules)
        return
    rows = [
        (
            (
                each["status"],
                clock(each["start"]),
                each["timeZone"],
                each["request"].get("organizer") or "",
                each["request"].get("subject") or "",
            ),
            (each["id"], *each["recurrence"].splitlines(), _next(each["nextOccurrences"])),
        )
        for each in schedules
    ]
    print_rows(_COLUMNS, rows)


def _next(occurrences: list[dict[str, Any]]) -> str:
    return "next: " + ", ".join(clock(each["start"]) for each in occurrences) if occurrences else ""
