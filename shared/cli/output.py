"""What the commands print: tables, JSON, progress, and why a command failed."""

import asyncio
import json
import logging
import shutil
import unicodedata
from collections import Counter
from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Any, Final

import typer
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from shared.cli.polling import Outcome, error_text
from shared.errors import ConveneError

SOME_FAILED: Final = 1
NOT_DONE: Final = 2
_COLORS = {"succeeded": "green", "ok": "green", "failed": "red", "refused": "red", "NOT OK": "red", "cancelled": "dim"}
_NARROWEST = 8
_WHOLE = frozenset({"row", "status", "start", "check", "result"})  # columns that are never cut
_INDENT = "  "
# Right-to-left overrides and isolates can show one text as another.
_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: str) -> str:
    """Return untrusted text with a replacement character for each one that controls the terminal."""
    spaced = " ".join(text.splitlines())
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(each) in {"Cc", "Cs"} or each in _REORDERING else each
        for each in spaced
    )


def clock(time: str) -> str:
    """Return a time (ISO 8601) as a table shows it: date, hour and minute."""
    return time[:16].replace("T", " ")


def print_json(value: Any) -> None:
    """Print a value as JSON, in ASCII."""
    typer.echo(json.dumps(value, indent=2))


def print_rows(columns: Sequence[str], rows: Iterable[tuple[Sequence[str], Sequence[str]]]) -> None:
    """Print a table that fits the terminal; what is cut ends in an ellipsis.

    Args:
        columns: the headings.
        rows: the cells of each row, and the lines below it, such as a join link, which are never cut: a link that is
            broken into lines cannot be clicked or copied.
    """
    console = Console(highlight=False)
    table = [([*map(plain, cells)], [*map(plain, below)]) for cells, below in rows]
    widths = _widths(columns, [cells for cells, _ in table], shutil.get_terminal_size().columns)
    console.print(Text(_line(columns, widths), style="bold"), soft_wrap=True)
    for cells, below in table:
        line = Text(_line(cells, widths))
        for cell in cells:
            if cell in _COLORS:
                line.highlight_words([cell], _COLORS[cell])
        console.print(line, soft_wrap=True)
        for text in filter(None, below):
            console.print(Text(_INDENT + text), soft_wrap=True)


def print_outcomes(outcomes: Sequence[Outcome], good: set[str], *, as_json: bool) -> None:
    """Print the outcome of each request, and end with the exit code that follows from them."""
    if as_json:
        print_json([each.as_json() for each in outcomes])
    else:
        rows = [(_cells(str(each.number), each.status, each.request), _below(each)) for each in outcomes]
        print_rows(("row", *_MEETING_COLUMNS), rows)
        print_counts(each.status for each in outcomes)
    if any(each.status not in good for each in outcomes):
        raise typer.Exit(SOME_FAILED)


def print_meetings(meetings: Sequence[dict[str, Any]]) -> None:
    """Print meetings as the app answers them; below each row the id, the join link, and why the meeting failed."""
    rows = [
        (
            _cells("", each["status"], (each["request"] or {}) | {"organizer": each["organizer"] or ""})[1:],
            (each["id"] or "", each["joinUrl"] or "", error_text(each["error"], each["id"]) or ""),
        )
        for each in meetings
    ]
    print_rows(_MEETING_COLUMNS, rows)
    print_counts(each["status"] for each in meetings)


def print_counts(statuses: Iterable[str]) -> None:
    """Print the number of meetings with each status."""
    counts = Counter(statuses)
    typer.echo(", ".join(f"{count} {plain(status)}" for status, count in counts.items()) or "none")


def print_warnings(warnings: Iterable[str]) -> None:
    """Print warnings, a line each, on standard error, so that tables and JSON stay clean."""
    for each in warnings:
        print_note(f"Warning: {each}")


def not_done(message: str) -> typer.Exit:
    """Print why a command failed, and return the exit that ends it."""
    print_note(message)
    return typer.Exit(NOT_DONE)


def print_note(message: str) -> None:
    """Print a text on standard error."""
    text = Text("\n".join(map(plain, message.split("\n"))))
    Console(stderr=True, highlight=False).print(text, soft_wrap=True)


def run[T](work: Callable[[Progress], Awaitable[T]]) -> T:
    """Run work with a progress bar on standard error, and return its result."""
    logging.getLogger().addHandler(logging.NullHandler())  # what fails is in the table

    async def shown() -> T:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True)) as progress:
            return await work(progress)

    try:
        return asyncio.run(shown())
    except* (ConveneError, OSError) as group:
        error = _first(group)
        raise not_done(f"{error.filename}: {error.strerror}." if isinstance(error, OSError) else str(error)) from None


def counting(progress: Progress, what: str, total: int | None) -> Callable[[int], None]:
    """Return a function that advances a progress bar; without a total the bar only counts."""
    task = progress.add_task(what, total=total)
    return lambda count: progress.advance(task, count)


async def in_turn[T, R](
    progress: Progress, what: str, items: Sequence[T], work: Callable[[T], Awaitable[R]]
) -> list[R]:
    """Do work for one item after the other with a progress bar, and return the results."""
    advance = counting(progress, what, len(items))
    results: list[R] = []
    for each in items:
        results.append(await work(each))
        advance(1)
    return results


@contextmanager
def app_libraries() -> Generator[None]:
    """Say what to install when the block needs the app's libraries and only the client is installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise not_done(
            f"This needs the app's libraries, and {error.name} is not installed: "
            "run it as .venv/bin/convene in a clone of the repository, after `make setup`."
        ) from error


_MEETING_COLUMNS = ("status", "start", "organizer", "subject")


def _cells(number: str, status: str, request: Any) -> tuple[str, ...]:
    """Return the cells of a meeting from its request, which may be anything."""
    members = request if isinstance(request, dict) else {}
    start = members.get("start")
    start = start.get("dateTime") if isinstance(start, dict) else members.get("startDateTime")
    return (
        number,
        status,
        clock(str(start or "")),
        str(members.get("organizer") or ""),
        str(members.get("subject") or ""),
    )


def _below(each: Outcome) -> tuple[str, ...]:
    return each.meeting_id or "", each.join_url or "", each.error or ""


def _widths(columns: Sequence[str], rows: Sequence[Sequence[str]], most: int) -> list[int]:
    """Return a width for each column; the widest give way until the line fits."""
    widths = [max(map(cell_len, cells)) for cells in zip(columns, *rows, strict=True)]
    gaps = len(_INDENT) * (len(widths) - 1)
    cut = [place for place, column in enumerate(columns) if column not in _WHOLE]
    while sum(widths) + gaps > most and max(widths[place] for place in cut) > _NARROWEST:
        widths[max(cut, key=widths.__getitem__)] -= 1
    return widths


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return _INDENT.join(map(_fitted, cells, widths)).rstrip()


def _fitted(text: str, width: int) -> str:
    return set_cell_size(text, width) if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


def _first(group: BaseExceptionGroup[Any]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
