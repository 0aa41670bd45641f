"""What is stored fits: whatever a request, Graph and an operator's day put into a record, it can be written and end."""

from datetime import timedelta
from typing import Any

import pytest

from shared.errors import Fault, RequestTooLargeError, RowRefusedError
from shared.graph.resources import LONGEST_STRING
from shared.meeting import (
    Cancellation,
    Claim,
    DialIn,
    DialInNumbers,
    JoinInformation,
    Meeting,
    MeetingError,
    Outcome,
    Status,
)
from shared.meeting.applied import Applied
from shared.meeting.ledger import Ledger
from shared.meeting.messages import LONGEST_COMMENT
from shared.meeting.record_size import LARGEST_REQUEST_STORED, require_room, utf16_bytes
from shared.meeting_request.people import MAX_ATTENDEES
from tests.examples import NOW, queued_meeting
from tests.fakes import InMemoryTable

LINK = "https://teams.microsoft.com/l/meetup-join/" + "x" * 400
# A quote takes two characters where it is stored as JSON: the most that a character of Graph's takes.
LONG = '"' * LONGEST_STRING
# Of an event with the most attendees that was changed to other ones, and has not answered yet.
_INVITED = frozenset(f"{number:016x}" for number in range(2 * MAX_ATTENDEES))
APPLIED = Applied(attendees=_INVITED, confirmed_attendees=_INVITED)
LARGEST = LARGEST_REQUEST_STORED // 2 - len('{"subject": ""}')


def request_of(characters: int) -> dict[str, Any]:
    return {"subject": "x" * characters}


def full_outcome() -> Outcome:
    """Return an outcome in which every member that the model has is as long as it can be read from Graph."""
    members: dict[str, Any] = {
        name: LONG for name, field in Outcome.model_fields.items() if field.annotation == str | None
    }
    members |= {
        "join_url": LINK,
        "is_online_meeting": True,
        "dial_in": DialIn(**dict.fromkeys(DialIn.model_fields, LONG)),
        "dial_in_numbers": DialInNumbers(toll_numbers=(LONG,) * 500, toll_free_numbers=(LONG,) * 500),
        "join_information": JoinInformation(content_type="html", content="&" * 4 * 1024 * 1024),
        "expires_at": NOW,
    }
    return Outcome(**members)


def full_meeting(**members: Any) -> Meeting:
    """Return a meeting with the largest request and everything that comes after its acceptance at its largest."""
    return queued_meeting(
        **{
            "request": request_of(LARGEST),
            "outcome": full_outcome(),
            "applied": APPLIED,
            "applied_messages": ("0" * 64,) * 50,
            "cancellation": Cancellation(comment='"' * LONGEST_COMMENT),
            "claim": Claim(owner="x" * 36, expires_at=NOW),
            "organizer_id": LONG,
        }
        | members
    )


def test_every_member_of_an_outcome_is_in_the_example() -> None:
    """A member that is added to the model is tested as well: none is left as it is by default."""
    assert {name for name, value in full_outcome() if not value} == set()


async def test_the_largest_request_is_accepted_and_one_character_more_is_not() -> None:
    """The bound counts bytes of UTF-16 of the request as it is stored."""
    ledger = Ledger(InMemoryTable())
    await ledger.insert(queued_meeting(request=request_of(LARGEST)))
    with pytest.raises(RequestTooLargeError):
        await ledger.insert(queued_meeting(request=request_of(LARGEST + 1)))
    with pytest.raises(RequestTooLargeError):
        require_room({"subject": "😀" * (LARGEST // 2 + 1)})
    assert utf16_bytes("😀") == 4


async def test_a_change_is_bounded_as_a_creation_is() -> None:
    """A meeting cannot grow past the bound by one change after another."""
    ledger = Ledger(InMemoryTable())
    meeting = await ledger.insert(queued_meeting())
    with pytest.raises(RequestTooLargeError):
        await ledger.write(meeting, meeting.next_version(NOW, request=request_of(LARGEST + 1)))
    assert await ledger.read(meeting.id) == meeting


async def test_an_accepted_meeting_can_always_be_written() -> None:
    """Whatever is added to the largest request, the record fits, and keeps the join link and what Graph was told."""
    ledger = Ledger(InMemoryTable())
    meeting = await ledger.insert(queued_meeting(request=request_of(LARGEST)))
    written = await ledger.write(meeting, full_meeting())
    assert await ledger.read(meeting.id) == written
    assert written.request == meeting.request
    assert written.outcome.join_url == LINK
    assert written.applied == APPLIED
    assert written.outcome.join_information is None


async def test_an_accepted_meeting_can_always_end() -> None:
    """A failure with the longest texts and a hundred faults is written beside all the rest."""
    ledger = Ledger(InMemoryTable())
    meeting = await ledger.insert(queued_meeting(request=request_of(LARGEST)))
    error = MeetingError(
        code="graphRejected",
        message=LONG,
        remedy=LONG,
        errors=tuple(Fault("/" + "x" * 5000, "wrongType", LONG) for _ in range(100)),
    )
    ended = await ledger.write(meeting, full_meeting(status=Status.FAILED, error=error))
    assert (ended.status, ended.error and ended.error.code) == (Status.FAILED, "graphRejected")
    assert ended.outcome.join_url == LINK
    assert ended.error is not None
    assert ended.error.more_faults


async def test_what_fits_is_stored_whole() -> None:
    """Nothing is left out of a meeting of the usual size."""
    ledger = Ledger(InMemoryTable())
    meeting = await ledger.insert(queued_meeting())
    information = JoinInformation(content_type="html", content="<p>Join</p>" * 1000)
    outcome = Outcome(join_url=LINK, join_information=information, web_link="x" * 1500)
    assert (await ledger.write(meeting, meeting.changed(outcome=outcome))).outcome == outcome


async def test_a_failed_meeting_is_recorded_without_a_request_that_does_not_fit() -> None:
    """Nobody waits for a meeting whose request was too large: it is there, and says how it ended."""
    ledger = Ledger(InMemoryTable())
    ended = await ledger.insert(full_meeting(status=Status.FAILED, request=request_of(2 * LARGEST)))
    assert (ended.status, ended.request) == (Status.FAILED, None)
    assert await ledger.read(ended.id) == ended


class _Picky(InMemoryTable):
    """Refuses every row with a subject in it, for a reason that nobody foresaw."""

    picky = False

    async def write(self, partition: str, operations: Any) -> list[str]:
        if self.picky and any('"subject"' in str(each) for each in operations):
            raise RowRefusedError("the table never takes these rows: InvalidInput")
        return await super().write(partition, operations)


async def test_a_refused_row_ends_its_meeting() -> None:
    """A meeting that is not finished raises; a finished one is written without what was asked for."""
    table = _Picky()
    ledger = Ledger(table)
    meeting = await ledger.insert(queued_meeting())
    table.picky = True
    with pytest.raises(RowRefusedError):
        await ledger.write(meeting, meeting.changed(attempts=1))
    ended = await ledger.write(meeting, meeting.changed(status=Status.FAILED, updated_at=NOW + timedelta(hours=1)))
    assert (ended.request, (await ledger.read(meeting.id)).status) == (None, Status.FAILED)
