"""A cancellation is what its sender meant, and its comment is text."""

import json

import pytest

from shared.errors import InvalidRequestError
from shared.meeting.messages import decode_message
from tests.app_fixture import World
from tests.examples import CALENDAR, MEETING_ID
from tests.http_client import InProcess

CONTROL = ["ring \a", "\x00", "\x1b[31m", "\x7f"]


@pytest.mark.parametrize("comment", CONTROL)
async def test_a_comment_has_no_control_characters(comment: str) -> None:
    """Over HTTP and through the queue: Exchange may refuse them, and then the meeting would not be cancelled."""
    there = World()
    http = InProcess(there)
    made = (await http.call("POST", "/meetings", CALENDAR)).json["id"]
    answer = await http.call("DELETE", f"/meetings/{made}", {"comment": comment})
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (400, "/comment")
    assert answer.json["errors"][0]["code"] == "forbiddenCharacter"
    assert not (await there.ledger.read(made)).cancellation
    event = {"specversion": "1.0", "id": "1", "source": "/x", "type": "meeting.cancelled"}
    with pytest.raises(InvalidRequestError) as raised:
        decode_message(json.dumps(event | {"data": {"id": MEETING_ID, "comment": comment}}))
    assert [fault.pointer for fault in raised.value.faults] == ["/data/comment"]


async def test_a_comment_may_have_lines() -> None:
    """And every letter of every script."""
    there = World()
    http = InProcess(there)
    made = (await http.call("POST", "/meetings", CALENDAR)).json["id"]
    await there.settle()
    comment = "Krank.\r\n\tNächste Woche \u05d0\u05d1 <3 & 😀"
    assert (await http.call("DELETE", f"/meetings/{made}", {"comment": comment})).status == 202
    await there.settle()
    assert there.sent("POST", "/cancel") == [{"comment": comment}]


async def test_a_path_that_ends_in_a_slash_cancels_nothing() -> None:
    """It is what hosts make of an attendee's address of two dots."""
    there = World()
    http = InProcess(there)
    made = (await http.call("POST", "/meetings", CALENDAR)).json["id"]
    answer = await http.call("DELETE", f"/meetings/{made}/")
    assert (answer.status, answer.json["errors"][0]["code"]) == (400, "trailingSlash")
    assert not (await there.ledger.read(made)).cancellation
