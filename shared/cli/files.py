"""Files of meeting requests, and the keys that make submitting one twice harmless."""

import csv
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from shared.errors import Fault, InvalidRequestError
from shared.use_cases.batch import BatchItem, read_csv_items, read_json_items
from shared.use_cases.batch.csv_rows import csv_reader
from shared.use_cases.batch.items import with_key, with_keys
from shared.validation.json_text import decode_json

# What `submit --output` adds to a CSV file; ignored when that file is submitted.
RESULT_COLUMNS = ("meetingId", "status", "joinUrl", "error")
_NO_LIMIT = sys.maxsize


@dataclass(frozen=True, slots=True)
class Line:
    """One request of a file.

    Attributes:
        number: the row of a CSV file, where the header is row 1; in JSON the place, from 1.
        item: the request, with a key whether or not the file gives one.
    """

    number: int
    item: BatchItem


def read_lines(file: Path) -> list[Line]:
    """Return the requests of a file, of any number.

    A `.csv` file is as `shared.use_cases.batch.csv_rows` describes. Any other is JSON: what `POST /meetings/batch`
    takes, a list of requests, or one request, each as the queue takes it, with or without `idempotencyKey`.

    Raises:
        OSError: the file cannot be read.
        InvalidRequestError: it is not a file of meeting requests.
    """
    data = file.read_bytes()
    if file.suffix.casefold() == ".csv":
        items = read_csv_items(_without_results(data), _NO_LIMIT, file.name)
    else:
        items = with_keys(_json_items(decode_json(data, storable=False)), file.name)
    return [Line(item.row or place, item) for place, item in enumerate(items, start=1)]


def drop_result_columns(rows: list[list[str]]) -> list[list[str]]:
    """Return the rows of a CSV file without RESULT_COLUMNS, which are dropped where all four are there."""
    ours = {name.casefold() for name in RESULT_COLUMNS}
    header = [name.strip().casefold() for name in (rows[0] if rows else ())]
    if not ours.issubset(header):
        return rows
    places = {place for place, name in enumerate(header) if name in ours}
    return [[cell for place, cell in enumerate(row) if place not in places] for row in rows]


def _without_results(data: bytes) -> bytes:
    """Return a CSV file without RESULT_COLUMNS."""
    reader = csv_reader(data)
    try:
        rows = list(reader)
    except csv.Error:  # read_csv_items says where
        return data
    stripped = drop_result_columns(rows)
    if stripped == rows:
        return data
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=reader.dialect.delimiter).writerows(stripped)
    return text.getvalue().encode()


def _json_items(document: Any) -> list[BatchItem]:
    if isinstance(document, dict) and "meetings" in document:
        return read_json_items(document, _NO_LIMIT)
    requests = cast("list[Any]", document) if isinstance(document, list) else [document]
    if not requests:
        raise InvalidRequestError([Fault("", "required", "The file has no request.")])
    return [_queue_item(request) for request in requests]


def _queue_item(request: Any) -> BatchItem:
    if not isinstance(request, dict):
        return BatchItem(request)
    members = cast("dict[str, Any]", request)
    if "idempotencyKey" not in members:
        return BatchItem(members)
    document = {name: members[name] for name in members if name != "idempotencyKey"}
    return with_key(BatchItem(document), members["idempotencyKey"])
