"""The options that commands share, and the client that they name."""

from collections.abc import Awaitable, Callable
from typing import Annotated, NamedTuple

import typer
from rich.progress import Progress

from shared.cli.http_client import HttpClient
from shared.cli.output import app_libraries, not_done, run
from shared.cli.polling import AppClient
from shared.ids import is_record_id

type Work[C: AppClient, T] = Callable[[C, Progress], Awaitable[T]]

Url = Annotated[
    str | None,
    typer.Option(
        help="The app's address, such as https://NAME.azurewebsites.net/api.", envvar="CONVENE_URL", show_envvar=True
    ),
]
Key = Annotated[str | None, typer.Option(help="The function key.", envvar="CONVENE_KEY", show_envvar=True)]
AllowHttp = Annotated[
    bool, typer.Option("--allow-http", help="Send the key even over http:// to another machine, unencrypted.")
]
Queue = Annotated[
    bool, typer.Option("--queue", help="Use the storage of MeetingStorage in the environment instead of --url.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Whether to follow until all meetings are finished.")]
Ids = Annotated[list[str], typer.Argument(help="The meetings' ids.", show_default=False)]


class Connection(NamedTuple):
    """Where the app is, as the options say."""

    url: str | None
    key: str | None
    allow_http: bool
    queue: bool = False


def over_http[T](to: Connection, work: Work[HttpClient, T]) -> T:
    """Run work over HTTP, and return its result."""
    url = to.url
    if url is None:
        raise not_done("Say where the app is: --url URL, or CONVENE_URL in the environment.")
    return _with(lambda: HttpClient(url, to.key, allow_http=to.allow_http), work)


def over_either[T](to: Connection, context: typer.Context, work: Work[AppClient, T]) -> T:
    """Run work over HTTP or the app's storage, and return its result; --queue wins over a URL of the environment."""
    source = context.get_parameter_source("url")
    named = source is not None and source.name == "COMMANDLINE"
    if named if to.queue else to.url is None:
        raise not_done("Say where the app is: either --url URL or --queue.")
    return _with(_queue_client, work) if to.queue else over_http(to, work)


def require_ids(ids: list[str]) -> None:
    """End the command if one of the ids cannot be a meeting's."""
    if wrong := [each for each in ids if not is_record_id(each)]:
        raise not_done(f"Not the id of a meeting: {', '.join(wrong)}.")


def _with[C: AppClient, T](open_client: Callable[[], C], work: Work[C, T]) -> T:
    async def connected(progress: Progress) -> T:
        client = open_client()
        try:
            return await work(client, progress)
        finally:
            await client.close()

    return run(connected)


def _queue_client() -> AppClient:
    with app_libraries():
        from shared.cli.queue_client import QueueClient  # the storage clients take half a second to import
        from shared.settings import read_environment

        return QueueClient(read_environment())
