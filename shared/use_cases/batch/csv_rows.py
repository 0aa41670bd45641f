"""Meeting requests as the rows of a CSV file, such as a spreadsheet saves.

RFC 4180 in UTF-8, with or without a byte order mark. Cells are separated by commas, semicolons or tabs; the header
row shows by which, or a line `sep=;` before it, as Excel knows it. The header holds names of COLUMNS in any order and
any case. An empty cell is a field that is not given, and so are missing ones at the end of a row; a row of blank cells
is skipped. A cell is plain text, whatever it begins with.

    idempotencyKey      the row's key; without it the key follows from what the row holds, so that a file that is sent
                        twice invites nobody twice
    kind                calendar (also when empty), standalone, existing
    organizer           user principal name or object id
    organizerPool       instead of organizer: several of them, separated by semicolons
    reference, language, subject, eventId
                        as in the JSON request
    start, end          2027-01-20T13:00:00, 2027-01-20 13:00 or 2027-01-20 9:00, without an offset
    timeZone            of both, a Windows or IANA name
    location            the place's name
    body                plain text
    attendees, optionalAttendees
                        separated by semicolons, each `AdeleV@contoso.com` or `Adele Vance <AdeleV@contoso.com>`

What else a request can hold needs JSON. A fault's pointer is `/rows/<row>/<column>`, the row as a spreadsheet counts
it: the header is row 1. Faults of the header are at `/columns/<name>`.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from shared.errors import Fault, InvalidRequestError
from shared.meeting_request import LARGEST_REQUEST
from shared.meeting_request.people import MAX_ATTENDEES
from shared.meeting_request.pools import MOST_CANDIDATES
from shared.use_cases.batch.items import MOST_ITEMS, TOO_LARGE, BatchItem, count_fault, with_key, with_keys
from shared.validation.date_times import DateTimeTimeZone
from shared.validation.findings import Finding, findings_of, pointer_to, quoted
from shared.validation.member_names import closest
from shared.validation.time_zones import is_skipped

if TYPE_CHECKING:
    from _csv import Reader as _Reader

COLUMNS = (
    "idempotencyKey",
    "kind",
    "organizer",
    "organizerPool",
    "reference",
    "language",
    "subject",
    "start",
    "end",
    "timeZone",
    "location",
    "body",
    "attendees",
    "optionalAttendees",
    "eventId",
)
# Columns whose values never begin or end with a blank.
_TRIMMED = ("idempotencyKey", "kind", "organizer", "language", "start", "end", "timeZone", "eventId")
_AS_THEY_ARE = ("kind", "organizer", "reference", "language", "subject", "eventId")
_NEEDED_BY_CALENDAR = ("subject", "start", "end", "timeZone")
_SEPARATORS = ",;\t"
_LONGEST_HEADER = 10_000
_LARGEST_CELL = 4 * 1024 * 1024
_MOST_COLUMNS = 100
_CANONICAL = {name.casefold(): name for name in COLUMNS}
_SEPARATOR_LINE = re.compile(r"sep=([,;\t])\r?\n?", re.IGNORECASE)
_LONGEST_TIME = 64
_SPREADSHEET_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d{1,2})(:\d\d(?::\d\d)?(?:\.\d+)?)", re.ASCII)
_LISTS = ("organizerPool", "attendees", "optionalAttendees")
_CELL_FORMAT = "Format the cells of the column as yyyy-mm-dd hh:mm."


def read_csv_items(data: bytes, most: int = MOST_ITEMS, file_name: str = "") -> list[BatchItem]:
    """Return the rows of a CSV file as the items of a batch. The faults of a row are in its item.

    Args:
        data: the file.
        most: how many rows there may be.
        file_name: a part of the keys of rows that have none.

    Raises:
        InvalidRequestError: the file is not CSV, its header is wrong, or it has no row or more than `most`.
    """
    reader = csv_reader(data)
    numbered: list[tuple[int, list[str]]] = []
    try:
        header = [_CANONICAL.get(name.strip().casefold(), name.strip()) for name in next(reader, [])]
        for number, row in enumerate(reader, start=2):
            if any(map(str.strip, row)):
                numbered.append((number, row))
            if len(numbered) > most:
                break
    except csv.Error as error:
        message = f"The text is not CSV: {error} (line {reader.line_num})."
        raise InvalidRequestError([Fault("", "malformedCsv", message)]) from error
    faults = list(_header_faults(header))
    if fault := count_fault("/rows", len(numbered), most):
        faults.append(fault)
    if faults:
        raise InvalidRequestError(faults)
    return list(
        with_keys((_item(header, row, number, reader.dialect.delimiter) for number, row in numbered), file_name)
    )


def in_row(item: BatchItem, fault: Fault) -> Fault:
    """Return a fault of an item's request with the place of its cell; unchanged if the item is not a row."""
    if item.row is None or fault.pointer.startswith("/rows/"):
        return fault
    column = _column(item, fault.pointer)
    pointer = f"/rows/{item.row}/{column}".rstrip("/")
    member, _, predicate = fault.message.partition(" ")
    if not column:
        return Fault(pointer, fault.code, fault.message)
    # A cell holds one time; in a cell with several values, the message quotes the value.
    names_cell = member in {column, "dateTime", "displayName", "address"}
    message = f"{column} {predicate}" if names_cell else f"{column}: {fault.message}"
    if fault.code == "invalidDateTime" and column in {"start", "end"}:
        message += f" {_CELL_FORMAT}"
    if fault.code in {"invalidAddress", "tooFew"} and column in _LISTS:
        message += " Separate several by semicolons."
    return Fault(pointer, fault.code, message)


def csv_reader(data: bytes) -> "_Reader":
    """Return a reader of a CSV file's rows, by the separator that its header shows.

    Raises:
        InvalidRequestError: the file is not UTF-8.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"The file is not UTF-8: byte {error.start} is invalid. Save it as CSV UTF-8."
        raise InvalidRequestError([Fault("", "malformedCsv", message)]) from error
    csv.field_size_limit(_LARGEST_CELL)  # without it a cell has at most 128 KiB, half of what a request may have
    named = _SEPARATOR_LINE.match(text)
    separator = named[1] if named else _separator(text)
    return csv.reader(io.StringIO(text[named.end() if named else 0 :], newline=""), delimiter=separator, strict=True)


def _separator(text: str) -> str:
    """Return the separator that gives the most known columns of the header, the comma in a tie."""

    def known(separator: str) -> int:
        try:
            header = next(csv.reader(io.StringIO(text[:_LONGEST_HEADER], newline=""), delimiter=separator), [])
        except csv.Error:
            return 0
        return sum(name.strip().casefold() in _CANONICAL for name in header[:_MOST_COLUMNS])

    return max(_SEPARATORS, key=known)


def _header_faults(header: list[str]) -> Iterator[Fault]:
    if len(header) > _MOST_COLUMNS:
        yield Fault("/columns", "tooMany", f"The file has {len(header)} columns; it can have {len(COLUMNS)}.")
        return
    for name, times in Counter(filter(None, header)).items():
        pointer = pointer_to(("columns", name))
        if name not in COLUMNS:
            meant = closest(name, COLUMNS)
            hint = f"did you mean {meant}?" if meant else f"there are: {', '.join(COLUMNS)}."
            yield Fault(pointer, "unknownColumn", f"{quoted(name)} is not a column; {hint}")
        if times > 1:
            yield Fault(pointer, "duplicateColumn", f"The column {quoted(name)} occurs {times} times.")
    if not {"organizer", "organizerPool"} & {*header}:
        yield Fault("/columns/organizer", "required", "The column organizer or organizerPool is required.")
    for name in () if "kind" in header else _NEEDED_BY_CALENDAR:
        if name not in header:
            yield Fault(f"/columns/{name}", "required", f"The column {name} is required.")


def _item(header: list[str], row: list[str], number: int, separator: str) -> BatchItem:
    size = sum(map(len, row))
    if size > LARGEST_REQUEST:
        message = f"The row has {size} characters, more than the {LARGEST_REQUEST} of the largest request."
        return BatchItem({}, faults=(Fault(f"/rows/{number}", TOO_LARGE, message),), row=number)
    if extra := [cell for cell in row[len(header) :] if cell]:
        message = (
            f"The row has {len(row)} cells, the header has {len(header)}: {quoted(extra[0])} is in no column. A cell "
            f"that contains the separator {quoted(separator)} must be in double quotes."
        )
        return BatchItem({}, faults=(Fault(f"/rows/{number}", "wrongCellCount", message),), row=number)
    named = list(zip(header, row, strict=False))
    if unnamed := [cell for name, cell in named if cell and not name]:
        message = f"The row has {quoted(unnamed[0])} in a column without a name."
        return BatchItem({}, faults=(Fault(f"/rows/{number}", "unknownColumn", message),), row=number)
    trimmed = ((name, cell.strip() if name in _TRIMMED else cell) for name, cell in named)
    cells = {name: cell for name, cell in trimmed if cell}
    document, findings = _request(cells)
    item = BatchItem(document, faults=tuple(finding.as_fault() for finding in findings), row=number)
    item = with_key(item, cells.get("idempotencyKey"))
    return replace(item, faults=tuple(dict.fromkeys(in_row(item, fault) for fault in item.faults)))


def _request(cells: Mapping[str, str]) -> tuple[dict[str, Any], list[Finding]]:
    """Return the request in a row's cells, and the faults of cells that are not part of it."""
    document: dict[str, Any] = {name: cells[name] for name in _AS_THEY_ARE if name in cells}
    if cells.get("kind") == "standalone":
        times, findings = _timestamps(cells)
    else:
        times, findings = {name: _time(cells, name) for name in ("start", "end") if name in cells}, []
    document |= times
    if "organizerPool" in cells:
        candidates = islice(filter(None, map(str.strip, cells["organizerPool"].split(";"))), MOST_CANDIDATES + 1)
        document["organizerPool"] = {"candidates": [*candidates]}
    if "location" in cells:
        document["location"] = {"displayName": cells["location"]}
    if "body" in cells:
        document["body"] = {"contentType": "text", "content": cells["body"]}
    if "attendees" in cells or "optionalAttendees" in cells:
        document["attendees"] = [
            *_attendees(cells.get("attendees", ""), "required"),
            *_attendees(cells.get("optionalAttendees", ""), "optional"),
        ]
    return document, findings


def _time(cells: Mapping[str, str], name: str) -> dict[str, str]:
    zone = {"timeZone": cells["timeZone"]} if "timeZone" in cells else {}
    cell = cells[name]
    found = _SPREADSHEET_TIME.fullmatch(cell) if len(cell) <= _LONGEST_TIME else None
    return {"dateTime": f"{found[1]}T{found[2]:0>2}{found[3]}" if found else cell} | zone


def _timestamps(cells: Mapping[str, str]) -> tuple[dict[str, str], list[Finding]]:
    """Return start and end as an onlineMeeting has them, in UTC; neither, if one of them is wrong."""
    times: dict[str, str] = {}
    findings: list[Finding] = []
    for name in ("start", "end"):
        if name not in cells:
            continue
        try:
            time = DateTimeTimeZone.model_validate(_time(cells, name))
        except ValidationError as error:
            findings += [Finding((name, *each.location), each.code, each.message) for each in findings_of(error, name)]
            continue
        if is_skipped(time.wall, time.time_zone):
            message = f"does not exist in {time.time_zone}: the clocks skip it"
            findings.append(Finding((name, "dateTime"), "nonexistentTime", message))
        _, dot, digits = time.date_time.partition(".")
        times[f"{name}DateTime"] = f"{time.instant[0].replace(tzinfo=None).isoformat()}{dot}{digits}Z"
    return ({} if findings else times), findings


def _attendees(cell: str, kind: str) -> Iterator[dict[str, Any]]:
    """Yield the attendees of a cell, at most one more than a meeting may have."""
    parts = filter(None, (found[0].strip() for found in re.finditer("[^;]+", cell)))
    for part in islice(parts, MAX_ATTENDEES + 1):
        name, _, address = part.partition("<")
        name = name.strip().removeprefix('"').removesuffix('"').strip()
        if not address.endswith(">") or not set('<>"').isdisjoint(name + address[:-1]):
            yield {"emailAddress": {"address": part}, "type": kind}
            continue
        email = {"address": address[:-1].strip()}
        yield {"emailAddress": email | ({"name": name} if name else {}), "type": kind}


def _column(item: BatchItem, pointer: str) -> str:
    """Return the column of a fault, whose pointer names a member of the request."""
    name, *inside = pointer.split("/")[1:] or [""]
    if name in {"start", "end"} and inside[:1] == ["timeZone"]:
        return "timeZone"
    if name in {"startDateTime", "endDateTime"}:
        return name.removesuffix("DateTime")
    if name == "attendees" and inside and item.document["attendees"][int(inside[0])]["type"] == "optional":
        return "optionalAttendees"
    return name
