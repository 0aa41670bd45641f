"""CSV files as spreadsheets save them."""

import csv
import io
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.errors import Fault, InvalidRequestError
from shared.meeting_request import StandaloneRequest, parse_request
from shared.use_cases.batch import COLUMNS, BatchItem, read_csv_items
from shared.use_cases.batch.csv_rows import in_row
from shared.validation.date_times import instant_of

HEADER = ["idempotencyKey", "organizer", "subject", "start", "end", "timeZone", "attendees"]
ROW = ["k", "AlexW@contoso.com", "Visit", "2027-01-20T13:00:00", "2027-01-20 13:30", "Europe/Berlin", ""]
FORMAT = "Format the cells of the column as yyyy-mm-dd hh:mm."
SEVERAL = "Separate several by semicolons."
DOCUMENT: dict[str, Any] = {
    "organizer": "AlexW@contoso.com",
    "subject": "Visit",
    "start": {"dateTime": "2027-01-20T13:00:00", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2027-01-20T13:30", "timeZone": "Europe/Berlin"},
}


def table(*rows: list[str], separator: str = ",", encoding: str = "utf-8", line_end: str = "\r\n") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator=line_end).writerows(rows)
    return text.getvalue().encode(encoding)


def one(**cells: str) -> BatchItem:
    """Return the item of a table with one row."""
    cells = {"kind": ""} | cells
    [item] = read_csv_items(table(list(cells), list(cells.values())))
    return item


def pointers(data: bytes) -> list[tuple[str, str]]:
    with pytest.raises(InvalidRequestError) as caught:
        read_csv_items(data)
    return [(fault.pointer, fault.code) for fault in caught.value.faults]


def faults_in(item: BatchItem) -> list[Fault]:
    """Return everything that is wrong with a row, where its reader finds it."""
    faults = list(item.faults)
    if item.document != {}:
        try:
            parse_request(item.document)
        except InvalidRequestError as error:
            faults += (in_row(item, fault) for fault in error.faults)
    return faults


def found_in(item: BatchItem) -> set[tuple[str, str]]:
    return {(fault.pointer, fault.code) for fault in faults_in(item)}


def messages_of(item: BatchItem) -> list[str]:
    return [fault.message for fault in faults_in(item)]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
def test_every_spreadsheets_csv(separator: str, encoding: str, line_end: str) -> None:
    """Comma, semicolon or tab, with and without a byte order mark, lines ended in any way."""
    data = table(HEADER, ROW, separator=separator, encoding=encoding, line_end=line_end)
    assert read_csv_items(data) == [BatchItem(DOCUMENT, "k", row=2)]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_line_that_names_the_separator(separator: str, mark: str) -> None:
    """Excel reads `sep=;` before the header, does not show it, and counts rows from the header."""
    data = mark.encode() + f"sep={separator}\r\n".encode() + table(HEADER, ROW, separator=separator)
    assert read_csv_items(data) == [BatchItem(DOCUMENT, "k", row=2)]


@pytest.mark.parametrize(
    ("cell", "date_time"),
    [
        ("2027-01-20 9:00", "2027-01-20T09:00"),
        ("2027-01-20T9:05:30", "2027-01-20T09:05:30"),
        (" 2027-01-20 09:00 ", "2027-01-20T09:00"),
    ],
)
def test_an_hour_of_one_digit(cell: str, date_time: str) -> None:
    """Excel writes hours before ten so."""
    assert one(organizer="AlexW@contoso.com", start=cell).document["start"] == {"dateTime": date_time}


def test_missing_last_cells_are_empty() -> None:
    """Spreadsheets leave out the empty cells at the end of a row."""
    [item] = read_csv_items(table([*HEADER, "location", "body"], ROW[:6]))
    assert (item.document, item.faults) == (DOCUMENT, ())


def test_the_same_rows_have_the_same_keys() -> None:
    """A file that is sent twice invites nobody twice: without a key of its own a row has one from what it holds.

    A row that was inserted has its own, and so has each of two equal rows.
    """
    rows = [["", *ROW[1:]], ["", "AlexW@contoso.com", "Other", *ROW[3:]], ["", *ROW[1:]]]
    keys = [item.key for item in read_csv_items(table(HEADER, *rows))]
    assert len({*keys}) == len(rows)
    assert None not in keys
    assert [item.key for item in read_csv_items(table(HEADER, *rows, separator=";"))] == keys
    assert [item.key for item in read_csv_items(table(HEADER, ROW, *rows))] == ["k", *keys]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            {"start": "1/20/2027 1:00 PM"},
            f"start must be a time such as 2026-11-20T13:00:00, not '1/20/2027 1:00 PM'. {FORMAT}",
        ),
        (
            {"end": "2027-01-20 9:00 AM"},
            f"end must be a time such as 2026-11-20T13:00:00, not '2027-01-20 9:00 AM'. {FORMAT}",
        ),
        ({"kind": "meeting"}, "kind must be one of calendar, standalone, existing, not 'meeting'."),
        ({"idempotencyKey": "a b"}, "idempotencyKey must be 1 to 255 visible ASCII characters, not 'a b'."),
        (
            {"attendees": "Adele"},
            f"attendees must be one mail address, not 'Adele': An email address must have an @-sign. {SEVERAL}",
        ),
        (
            {"organizer": "", "organizerPool": "a@x.example,b@x.example"},
            f"organizerPool: candidates must have at least 2 items, not 1. {SEVERAL}",
        ),
        ({"": "9"}, "The row has '9' in a column without a name."),
    ],
)
def test_a_message_names_the_column_and_the_value(cells: dict[str, str], message: str) -> None:
    """Whoever looks at a row of twenty cells knows which one to change, and to what."""
    whole = dict(zip(HEADER[1:6], ROW[1:6], strict=True)) | cells
    assert messages_of(one(**whole)) == [message]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("organiser", "'organiser' is not a column; did you mean organizer?"),
        ("Time zone", "'Time zone' is not a column; did you mean timeZone?"),
        ("Betreff", f"'Betreff' is not a column; there are: {', '.join(COLUMNS)}."),
    ],
)
def test_an_unknown_column_is_told_with_the_one_that_was_meant(name: str, message: str) -> None:
    """Of those that there are."""
    with pytest.raises(InvalidRequestError) as caught:
        read_csv_items(table([*HEADER, name], ROW))
    assert [fault.message for fault in caught.value.faults] == [message]


def test_the_order_and_case_of_columns_do_not_matter() -> None:
    """People write their headers."""
    header, row = [name.upper() for name in reversed(HEADER)], list(reversed(ROW))
    assert read_csv_items(table([f" {name} " for name in header], row))[0].document == DOCUMENT


def test_empty_rows_are_none_and_count_as_rows() -> None:
    """The number is the one that the spreadsheet shows."""
    items = read_csv_items(table(HEADER, ROW, [""] * len(HEADER), [], ROW, [" "] * len(HEADER)))
    assert [item.row for item in items] == [2, 5]


def test_columns_without_a_name_are_ignored_while_they_are_empty() -> None:
    """Spreadsheets save those that were in use once."""
    [item] = read_csv_items(table([*HEADER, "", ""], [*ROW, "", ""]))
    assert item.document == DOCUMENT
    [item] = read_csv_items(table([*HEADER, "", ""], [*ROW, "", "x"]))
    assert [(fault.pointer, fault.code) for fault in item.faults] == [("/rows/2", "unknownColumn")]


@pytest.mark.parametrize(
    "text", ['=cmd|" /C calc"!A0', "+1+1", "-2", "@SUM(A1)", "=HYPERLINK(1)", "{{7*7}}", "%s", " x "]
)
def test_a_cell_is_plain_text(text: str) -> None:
    """Whatever a spreadsheet would make of it."""
    assert one(organizer="AlexW@contoso.com", subject=text).document["subject"] == text


def test_attendees_are_separated_by_semicolons() -> None:
    """Addresses, alone or after a name; those of the second column are optional."""
    item = one(
        organizer="AlexW@contoso.com",
        attendees='a@x.example; Bea B. <b@x.example> ;"C, c" <c@x.example>;;',
        optionalAttendees="d@x.example",
    )
    assert item.document["attendees"] == [
        {"emailAddress": {"address": "a@x.example"}, "type": "required"},
        {"emailAddress": {"address": "b@x.example", "name": "Bea B."}, "type": "required"},
        {"emailAddress": {"address": "c@x.example", "name": "C, c"}, "type": "required"},
        {"emailAddress": {"address": "d@x.example"}, "type": "optional"},
    ]


def test_location_and_body() -> None:
    """A place's name, and plain text with its line breaks."""
    document = one(organizer="AlexW@contoso.com", location="Room 7", body="<b>one</b>\ntwo").document
    assert document["location"] == {"displayName": "Room 7"}
    assert document["body"] == {"contentType": "text", "content": "<b>one</b>\ntwo"}


@pytest.mark.parametrize(
    ("start", "zone", "instant"),
    [
        ("2027-01-20T13:00:00", "Europe/Berlin", "2027-01-20T12:00:00Z"),
        ("2027-07-20 13:00", "Europe/Berlin", "2027-07-20T11:00:00Z"),
        ("2027-07-20T13:00:00.1234567", "Pacific Standard Time", "2027-07-20T20:00:00.1234567Z"),
        ("2027-10-31T02:30:00", "Europe/Berlin", "2027-10-31T00:30:00Z"),
        ("2027-07-20T13:00:00", "UTC", "2027-07-20T13:00:00Z"),
    ],
)
def test_a_standalone_meeting_has_instants(start: str, zone: str, instant: str) -> None:
    """From the wall clock's time and its zone, on the right side of every change of the clocks."""
    item = one(kind="standalone", organizer="AlexW@contoso.com", start=start, timeZone=zone)
    request = parse_request(item.document)
    assert isinstance(request, StandaloneRequest)
    assert instant_of(request.start_date_time or "") == instant_of(instant)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"start": "soon"}, {("start", "invalidDateTime")}),
        ({"start": "2027-01-20T13:00:00Z"}, {("start", "invalidDateTime")}),
        ({"start": "2027-03-28T02:30:00", "end": "2027-03-28T04:00"}, {("start", "nonexistentTime")}),
        ({"end": "2027-01-20"}, {("end", "invalidDateTime")}),
        ({"end": "2027-01-20 12:00"}, {("end", "endBeforeStart")}),
        ({"start": ""}, {("start", "required")}),
        ({"timeZone": ""}, {("timeZone", "required")}),
        ({"timeZone": "Mars/Base"}, {("timeZone", "invalidTimeZone")}),
    ],
)
@pytest.mark.parametrize("kind", ["", "calendar", "standalone"])
def test_faulty_times_are_told_at_their_column(
    kind: str, cells: dict[str, str], expected: set[tuple[str, str]]
) -> None:
    """Of a calendar meeting and of a standalone one alike."""
    whole = dict(zip(HEADER[1:6], ROW[1:6], strict=True)) | {"kind": kind} | cells
    assert found_in(one(**whole)) == {(f"/rows/2/{column}", code) for column, code in expected}


def test_every_fault_of_a_row_is_told() -> None:
    """Those of its cells, of its key, and of the request that they make, each at its column."""
    item = one(
        idempotencyKey="with space",
        kind="standalone",
        organizer="nobody",
        subject="two\nlines",
        start="soon",
        timeZone="Mars/Base",
        location="Room 7",
    )
    assert {pointer.rpartition("/")[2] for pointer, _ in found_in(item)} == {
        "idempotencyKey",
        "organizer",
        "subject",
        "start",
        "timeZone",
        "location",
    }


def test_a_faulty_attendee_is_told_at_the_column_that_names_it() -> None:
    """Required and optional ones are one list in the request, and two columns in the file."""
    whole = dict(zip(HEADER[1:6], ROW[1:6], strict=True))
    item = one(**whole, attendees="a@x.example", optionalAttendees="b@x.example; x@")
    assert found_in(item) == {("/rows/2/optionalAttendees", "invalidAddress")}
    assert found_in(one(**whole, attendees="a@x.example; x@")) == {("/rows/2/attendees", "invalidAddress")}
    assert found_in(one(**whole, kind="Calendar")) == {("/rows/2/kind", "notOneOf")}


def test_a_row_with_a_cell_too_many_is_faulty() -> None:
    """An unquoted separator would move every cell behind it; the other rows stand."""
    bad, good = read_csv_items(table(HEADER, [*["x"] * len(HEADER), "y"], ROW))
    assert [(fault.pointer, fault.code) for fault in bad.faults] == [("/rows/2", "wrongCellCount")]
    [message] = messages_of(bad)
    assert message.startswith("The row has 8 cells, the header has 7: 'y' is in no column. A cell that contains the ")
    assert message.endswith("the separator ',' must be in double quotes.")
    assert (good.row, good.faults) == (3, ())


def test_a_pool_whose_separator_is_that_of_the_file() -> None:
    """Without quotes it is two cells, and the fault says what to do; in quotes the row is right."""
    header = "organizerPool;subject;start;end;timeZone"
    times = "Visit;2127-01-20 13:00;2127-01-20 14:00;UTC"
    [split] = read_csv_items(f"{header}\na@x.example;b@x.example;{times}\n".encode())
    assert [(fault.pointer, fault.code) for fault in split.faults] == [("/rows/2", "wrongCellCount")]
    [message] = messages_of(split)
    assert message.endswith("A cell that contains the separator ';' must be in double quotes.")
    [whole] = read_csv_items(f'{header}\n"a@x.example;b@x.example";{times}\n'.encode())
    assert whole.faults == ()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", [(f"/columns/{name}", "required") for name in HEADER[1:6]] + [("/rows", "required")]),
        (table(HEADER), [("/rows", "required")]),
        (table(HEADER, [], [""] * len(HEADER)), [("/rows", "required")]),
        (table(HEADER, *[ROW] * 101), [("/rows", "tooMany")]),
        (
            table([*HEADER, "Betreff", "subject", "SUBJECT", "a/b"], [*ROW, "x", "y", "z", ""]),
            [
                ("/columns/subject", "duplicateColumn"),
                ("/columns/Betreff", "unknownColumn"),
                ("/columns/a~1b", "unknownColumn"),
            ],
        ),
        (
            table(["subject", "start"], ["x", "y"]),
            [(f"/columns/{n}", "required") for n in ("organizer", "end", "timeZone")],
        ),
        (table(["kind", "subject"], ["standalone", "y"]), [("/columns/organizer", "required")]),
        (table(HEADER, ROW, encoding="utf-16"), [("", "malformedCsv")]),
        ("organizer\nMüller".encode("latin-1"), [("", "malformedCsv")]),
        (b'organizer,kind\n"open,x\ny,z\n', [("", "malformedCsv")]),
        (b'organizer,kind\n"a"b,x\n', [("", "malformedCsv")]),
        (b"," * 1000, [("/columns", "tooMany"), ("/rows", "required")]),
    ],
)
def test_what_is_no_table_of_requests(data: bytes, expected: list[tuple[str, str]]) -> None:
    """One refusal that lists everything that is wrong with the file."""
    assert pointers(data) == expected


def test_a_cell_may_be_as_long_as_a_request() -> None:
    """Python's own limit of 128 KiB is no limit of ours."""
    body = "x" * 200_000
    assert one(organizer="AlexW@contoso.com", body=body).document["body"]["content"] == body


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_nothing_but_refusals_comes_of_nonsense(data: bytes) -> None:
    """Whatever the bytes, there are items or faults."""
    with pytest.raises(InvalidRequestError):
        read_csv_items(data)


_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20)
_PERSON = st.fixed_dictionaries(
    {"address": st.emails()},
    optional={"name": _TEXT.map(str.strip).filter(lambda text: text and not set(text) & set('<>";'))},
).filter(lambda email: not set(email["address"]) & set('<>";'))


@st.composite
def _requests(draw: st.DrawFn) -> dict[str, Any]:
    texts = {
        name: draw(_TEXT) for name in draw(st.sets(st.sampled_from(["reference", "language", "subject", "eventId"])))
    }
    times = {
        name: {"dateTime": draw(_TEXT), "timeZone": "Europe/Berlin"}
        for name in draw(st.sets(st.sampled_from(["start", "end"])))
    }
    for time in times.values():
        assume(" " not in time["dateTime"])
    document: dict[str, Any] = {"organizer": draw(_TEXT)} | texts | times
    if draw(st.booleans()):
        document["location"] = {"displayName": draw(_TEXT)}
    if draw(st.booleans()):
        document["body"] = {"contentType": "text", "content": draw(_TEXT)}
    people = draw(st.lists(_PERSON, max_size=3)), draw(st.lists(_PERSON, max_size=2))
    if any(people):
        kinds = ("required", "optional")
        document["attendees"] = [
            {"emailAddress": person, "type": kind}
            for kind, group in zip(kinds, people, strict=True)
            for person in group
        ]
    return document


def _without_outer_blanks(document: dict[str, Any]) -> dict[str, Any]:
    """Return a request without the blanks around what never begins or ends with one."""
    kept = dict(document)
    for name in ("organizer", "language", "eventId"):
        if text := kept.pop(name, "").strip():
            kept[name] = text
    for name in ("start", "end"):
        if name in kept and (text := kept.pop(name)["dateTime"].strip()):
            kept[name] = {"dateTime": text, "timeZone": "Europe/Berlin"}
    return kept


def _cells(document: dict[str, Any]) -> dict[str, str]:
    """Return the row that a person would write for a request."""

    def people(kind: str) -> str:
        chosen = [each["emailAddress"] for each in document.get("attendees", ()) if each["type"] == kind]
        return ";".join(f"{one['name']} <{one['address']}>" if "name" in one else one["address"] for one in chosen)

    cells = {name: document[name] for name in COLUMNS if isinstance(document.get(name), str)}
    cells |= {name: document[name]["dateTime"] for name in ("start", "end") if name in document}
    cells |= {"timeZone": "Europe/Berlin", "attendees": people("required"), "optionalAttendees": people("optional")}
    cells["location"] = document.get("location", {}).get("displayName", "")
    cells["body"] = document.get("body", {}).get("content", "")
    return cells


@given(st.lists(_requests(), min_size=1, max_size=5), st.permutations(COLUMNS), st.sampled_from(",;\t"), st.booleans())
def test_requests_survive_the_way_through_a_table(
    documents: list[dict[str, Any]],
    columns: list[str],
    separator: str,
    marked: bool,  # noqa: FBT001
) -> None:
    """Whatever stands in the cells, a table that a CSV writer writes is read as the same requests."""
    rows = [[_cells(document).get(name, "") for name in columns] for document in documents]
    data = table(list(columns), *rows, separator=separator, encoding="utf-8-sig" if marked else "utf-8")
    assert [item.document for item in read_csv_items(data)] == [_without_outer_blanks(each) for each in documents]
