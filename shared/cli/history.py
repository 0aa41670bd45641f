"""`history`: what has happened to a meeting."""

from typing import Annotated, Any

import typer
from rich.progress import Progress

from shared.cli.http_client import HttpClient, path_of
from shared.cli.options import AllowHttp, Connection, Json, Key, Url, over_http, require_ids
from shared.cli.output import print_json, print_rows

commands = typer.Typer()


@commands.command()
def history(
    meeting_id: Annotated[str, typer.Argument(metavar="ID", help="The meeting's id.", show_default=False)],
    *,
    url: Url = None,
    key: Key = None,
    allow_http: AllowHttp = False,
    as_json: Json = False,
) -> None:
    """Show what has happened to a meeting, the oldest first."""
    require_ids([meeting_id])

    async def work(client: HttpClient, _: Progress) -> dict[str, Any]:
        return await client.get(path_of("meetings", meeting_id, "history"))

    entries = over_http(Connection(url, key, allow_http), work)["entries"]
    if as_json:
        print_json(entries)
    else:
        # A sentence may be longer than a line, and is never cut.
        print_rows(("at", "event"), [((each["at"], each["event"]), (each["detail"],)) for each in entries])
