"""A quota is one of mail: what invites people counts, however it is asked for."""

import json
from typing import Any

import pytest

from tests.app_fixture import World
from tests.attacks.callers import AUTHENTICATED, BOB
from tests.examples import CALENDAR, EXISTING, STANDALONE
from tests.http_client import InProcess

ATTENDEE = {"emailAddress": {"address": "new@contoso.com"}}
VERSIONS: dict[str, tuple[str, str, Any]] = {
    "another subject": ("PATCH", "", {"subject": "Other"}),
    "other guests": ("PATCH", "", {"attendees": [ATTENDEE]}),
    "no guests any more": ("PATCH", "", {"attendees": []}),
    "a guest more": ("POST", "/attendees", ATTENDEE),
    "a guest less": ("DELETE", "/attendees/AdeleV@contoso.com", None),
}


def world(quota: int) -> World:
    callers = {BOB: {"organizers": ["*"], "meetingsPerDay": quota}}
    return World(AUTHENTICATED | {"CALLERS": json.dumps(callers)})


@pytest.mark.parametrize("what", VERSIONS)
async def test_each_version_that_mails_somebody_is_counted(what: str) -> None:
    """A change past the quota is 429, and mails nobody; a cancellation never is."""
    method, below, body = VERSIONS[what]
    for quota, status in ((1, 429), (2, 202)):
        there = world(quota)
        http = InProcess(there)
        made = await http.call("POST", "/meetings", CALENDAR, principal=BOB)
        await there.settle()
        target = f"/meetings/{made.json['id']}"
        answer = await http.call(method, f"{target}{below}", body, principal=BOB)
        assert answer.status == status
        await there.settle()
        assert len(there.sent("PATCH")) == (status == 202)
        if status == 429:
            assert answer.code == "quotaExceeded"
            assert answer.headers["Retry-After"]
        assert (await http.call("DELETE", target, principal=BOB)).status == 202


async def test_a_retry_is_counted() -> None:
    """It invites whom the failed attempt did not."""
    there = world(1)
    http = InProcess(there)
    there.fault({"method": "POST", "path": "/events", "action": {"status": 400}})
    made = await http.call("POST", "/meetings", CALENDAR, principal=BOB)
    await there.settle()
    answer = await http.call("POST", f"/meetings/{made.json['id']}/retry", principal=BOB)
    assert (answer.status, answer.code) == (429, "quotaExceeded")


async def test_whoever_is_invited_to_an_event_of_before_is_not_known_here() -> None:
    """So each change of kind existing is counted."""
    there = world(1)
    http = InProcess(there)
    made = await http.call("POST", "/meetings", EXISTING, principal=BOB)
    change = {"options": {"allowMeetingChat": "enabled"}}
    assert (await http.call("PATCH", f"/meetings/{made.json['id']}", change, principal=BOB)).status == 429


@pytest.mark.parametrize("request_", [STANDALONE, CALENDAR | {"attendees": []}])
async def test_what_invites_nobody_is_changed_at_will(request_: dict[str, Any]) -> None:
    """Its creation is counted, as every meeting is."""
    there = world(1)
    http = InProcess(there)
    made = await http.call("POST", "/meetings", request_, principal=BOB)
    for number in range(3):
        change = {"subject": f"No {number}"}
        assert (await http.call("PATCH", f"/meetings/{made.json['id']}", change, principal=BOB)).status == 202


async def test_a_change_that_changes_nothing_is_not_counted() -> None:
    """Nor one that is refused."""
    there = world(2)
    http = InProcess(there)
    made = await http.call("POST", "/meetings", CALENDAR, principal=BOB)
    target = f"/meetings/{made.json['id']}"
    for _ in range(3):
        await http.call("PATCH", target, {"subject": CALENDAR["subject"]}, principal=BOB)
        assert (await http.call("PATCH", target, {"subject": ""}, principal=BOB)).status == 400
    assert (await http.call("PATCH", target, {"subject": "Other"}, principal=BOB)).status == 202
