"""`readiness`: whether the app can create meetings for organizers, and what an administrator has to do for it."""

from typing import Annotated, Any

import typer
from rich.progress import Progress

from shared.cli.http_client import HttpClient, path_of
from shared.cli.options import AllowHttp, Connection, Json, Key, Url, over_http
from shared.cli.output import SOME_FAILED, app_libraries, in_turn, print_json, print_note, print_rows, run
from shared.cli.remedies import with_commands

commands = typer.Typer()


@commands.command()
def readiness(
    organizers: Annotated[list[str], typer.Argument(help="User principal names or object ids.", show_default=False)],
    *,
    url: Url = None,
    key: Key = None,
    allow_http: AllowHttp = False,
    as_json: Json = False,
) -> None:
    """Check organizers: by the app at --url, or without one by Graph itself, with the app's settings."""
    reports = _by_graph(organizers) if url is None else _by_app(organizers, Connection(url, key, allow_http))
    if as_json:
        print_json(reports)
    else:
        _print(reports)
    if not all(report["ready"] for report in reports):
        raise typer.Exit(SOME_FAILED)


def _by_app(organizers: list[str], to: Connection) -> list[dict[str, Any]]:
    async def work(client: HttpClient, progress: Progress) -> list[dict[str, Any]]:
        return await in_turn(
            progress, "checked", organizers, lambda each: client.get(path_of("organizers", each, "readiness"))
        )

    return over_http(to, work)


def _by_graph(organizers: list[str]) -> list[dict[str, Any]]:
    print_note("Neither --url nor CONVENE_URL is given: this asks Graph directly, with the app's settings.")
    with app_libraries():
        from shared.cli.direct_readiness import examine
        from shared.settings import read_environment

    async def work(progress: Progress) -> list[dict[str, Any]]:
        return await examine(read_environment(), organizers, progress)

    return run(work)


def _print(reports: list[dict[str, Any]]) -> None:
    """Print a row for each check; below it the detail, and the remedy whole, so that its command can be copied."""
    rows = [
        (
            (report["organizer"], check["name"], "ok" if check["ok"] else "NOT OK"),
            (check["detail"], *with_commands(check["remedy"] or "").splitlines()),
        )
        for report in reports
        for check in report["checks"]
    ]
    print_rows(("organizer", "check", "result"), rows)
