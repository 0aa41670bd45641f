"""A CSV file of requests with the result of each row: its own columns, and five more.

    idempotencyKey   so that the file, whatever its name, never makes a meeting twice
    meetingId, status, joinUrl, error

Submitting such a file ignores the last four.
"""

import codecs
import csv
import io
from collections.abc import Sequence
from pathlib import Path

from shared.cli.files import RESULT_COLUMNS, drop_result_columns
from shared.cli.polling import Outcome
from shared.use_cases.batch.csv_rows import csv_reader

_KEY = "idempotencyKey"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_results(data: bytes, outcomes: Sequence[Outcome], output: Path) -> None:
    """Write a CSV file with the results of its rows; `output` may be the file itself.

    A row that was refused keeps the meetingId and the joinUrl that the file has.

    Args:
        data: the file of requests.
        outcomes: by row, as a spreadsheet counts them.
        output: replaced as a whole, once everything is written.

    Raises:
        OSError: it cannot be written.
    """
    reader = csv_reader(data)
    read = list(reader)
    header, *rows = drop_result_columns(read)
    names = [name.strip().casefold() for name in read[0]]
    by_row = {each.number: each for each in outcomes}
    known = {name.strip().casefold(): place for place, name in enumerate(header)}
    place = known.get(_KEY.casefold())
    text = io.StringIO(newline="")
    if data.removeprefix(codecs.BOM_UTF8)[:4].lower() == b"sep=":
        text.write(f"sep={reader.dialect.delimiter}\r\n")
    writer = csv.writer(text, delimiter=reader.dialect.delimiter)
    writer.writerow([*header, *(() if place is not None else (_KEY,)), *RESULT_COLUMNS])
    for number, (row, before) in enumerate(zip(rows, read[1:], strict=True), start=2):
        each = by_row.get(number)
        if each is None or any(row[len(header) :]):  # more cells than columns: there is no place for ours
            writer.writerow(row)
            continue
        cells = [*row[: len(header)], *[""] * (len(header) - len(row))]
        if place is None:
            cells.append(each.key or "")
        else:
            cells[place] = cells[place] or each.key or ""
        kept = {} if each.meeting_id else dict(zip(names, before, strict=False))
        meeting_id, join_url = each.meeting_id or kept.get("meetingid"), each.join_url or kept.get("joinurl")
        results = (meeting_id, each.status, join_url, each.error)
        writer.writerow([*cells, *map(_cell, results)])
    beside = output.with_name(f".{output.name}.part")
    encoding = "utf-8-sig" if data.startswith(codecs.BOM_UTF8) else "utf-8"
    beside.write_text(text.getvalue(), encoding=encoding, newline="")
    beside.replace(output)


def _cell(text: str | None) -> str:
    """Return a text as a cell that a spreadsheet does not read as a formula."""
    return f"'{text}" if text and text.startswith(_FORMULA) else text or ""
