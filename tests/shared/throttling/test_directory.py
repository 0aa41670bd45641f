"""Users in the directory: whatever throttles one of them throttles all."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.errors import HeldBackError, ThrottledError
from shared.graph.organizers import Organizers
from shared.throttling.directory import Directory
from shared.throttling.mailbox_gate import MailboxGate
from tests.shared.graph.wire import OBJECT_ID, ORGANIZER, Wire


async def test_what_throttles_one_user_throttles_all() -> None:
    """Graph counts these calls by app and tenant: no other user is asked before Retry-After."""
    now, wire = datetime(2027, 1, 20, tzinfo=UTC), Wire()
    gate = MailboxGate(4, lambda: now)
    one, another = (Directory(Organizers(wire.client), gate) for _ in range(2))
    wire.answers(429, {"error": {"code": "TooManyRequests", "message": "x"}}, retry_after="25")
    with pytest.raises(ThrottledError):
        await one.object_id(ORGANIZER)
    wire.answers(200, {"id": OBJECT_ID})
    now += timedelta(seconds=24)
    with pytest.raises(HeldBackError) as held_back:
        await another.address(OBJECT_ID)
    assert held_back.value.delay == timedelta(seconds=1)
    assert len(wire.requests) == 1
    now += timedelta(seconds=1)
    assert await another.object_id(ORGANIZER) == OBJECT_ID
