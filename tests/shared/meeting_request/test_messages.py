"""Messages about faults: each names the field and the value, and what was meant where that can be told."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from functions.http.problems import as_problem
from shared.errors import Fault, InvalidRequestError
from shared.meeting_request import parse_request
from shared.validation.findings import shown
from tests.shared.meeting_request.requests import (
    calendar_document,
    existing_document,
    faults_of,
    full_calendar_document,
    options,
    standalone_document,
)

WRONG: list[Any] = ["\u2603 wrong", "a\nb", "", " ", "x" * 5000, 4711, -1, 0.5, True, [], {}, [7], {"wrong": 7}]
# Of a text that is too long the message has its length; of one that is blank there is nothing to show.
VALUE_SAYS_NOTHING = {"blank", "tooLong", "forbiddenCharacter"}
DOCUMENTS = [
    full_calendar_document(),
    calendar_document(
        recurrence={
            "pattern": {"type": "relativeYearly", "interval": 1, "daysOfWeek": ["monday"], "index": "last", "month": 3},
            "range": {"type": "numbered", "startDate": "2026-11-20", "numberOfOccurrences": 3},
        }
    ),
    standalone_document(
        startDateTime="2026-11-20T13:00:00Z",
        endDateTime="2026-11-20T14:00:00Z",
        subject="x",
        joinMeetingIdSettings={"isPasscodeRequired": True},
        **options(),
    ),
    existing_document(options={"allowRecording": True}),
]


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where something stands in a document."""
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from paths(child, (*path, key))


def with_value(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(document)
    parent = changed
    for part in path[:-1]:
        parent = parent[part]
    parent[path[-1]] = value
    return changed


def faults_at(document: Any, path: tuple[Any, ...], value: Any) -> list[Fault]:
    """Return the faults at exactly this place when it has another value."""
    pointer = "/" + "/".join(map(str, path))
    try:
        parse_request(with_value(document, path, value))
    except InvalidRequestError as error:
        return [fault for fault in error.faults if fault.pointer == pointer]
    return []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.get("kind", "calendar"))
@pytest.mark.parametrize("value", WRONG, ids=repr)
def test_every_message_names_the_field_and_the_value(document: Any, value: Any) -> None:
    """Whatever stands wherever: a new field is covered as soon as one of the documents has it."""
    told = 0
    for path in paths(document):
        for fault in faults_at(document, path, value):
            told += 1
            name = f"{path[-2]}[{path[-1]}]" if isinstance(path[-1], int) else path[-1]
            assert fault.message.startswith(f"{name} "), fault
            if fault.code not in VALUE_SAYS_NOTHING and not isinstance(value, (list, dict)):
                given = str(value) if isinstance(value, float | int) and not isinstance(value, bool) else shown(value)
                assert given in fault.message, fault
    assert told


@pytest.mark.parametrize(
    ("document", "hints"),
    [
        (calendar_document(Subject="x"), {"/Subject": "subject"}),
        (calendar_document(organiser="x", subjekt="x"), {"/organiser": "organizer", "/subjekt": "subject"}),
        (calendar_document(attendee=[]), {"/attendee": "attendees"}),
        (calendar_document(options={"allowRecordings": True}), {"/options/allowRecordings": "allowRecording"}),
        (calendar_document(options={"lobbyBypassSettings": {"Scope": "everyone"}}),
         {"/options/lobbyBypassSettings/Scope": "scope"}),
        (calendar_document(attendees=[{"emailAddress": {"address": "a@b.co"}, "emailAdress": 1}]),
         {"/attendees/0/emailAdress": "emailAddress"}),
        (standalone_document(startDatetime="x"), {"/startDatetime": "startDateTime"}),
        (existing_document(event_id="x"), {"/event_id": "eventId"}),
        # What can stand elsewhere only is not meant here.
        (calendar_document(dateTime="x", displayname="x", kinds=1, nothing=1), {"/kinds": "kind"}),
    ],
)  # fmt: skip
def test_a_field_that_is_spelled_like_another_is_told_with_it(document: Any, hints: dict[str, str]) -> None:
    """With one that can stand in the same object."""
    found = {
        fault.pointer: fault.message.partition("did you mean ")[2].removesuffix("?")
        for fault in faults_of(document)
        if "did you mean " in fault.message
    }
    assert found == hints


def test_detail_says_how_many_faults_there_are_beside_its_own() -> None:
    """It has the first three, and the number of the rest."""
    for others, words in ((0, ""), (1, " There is 1 more fault."), (4, " There are 4 more faults.")):
        faults = [Fault(f"/{number}", "c", f"Fault {number}.") for number in range(3 + others)]
        assert as_problem(InvalidRequestError(faults)).detail == f"Fault 0. Fault 1. Fault 2.{words}"
    faults = [Fault(f"/{number}", "c", f"Fault {number}.") for number in range(300)]
    assert as_problem(InvalidRequestError(faults)).detail.endswith(" There are more than 97 more faults.")
