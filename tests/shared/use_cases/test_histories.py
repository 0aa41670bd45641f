"""Random histories of one meeting: whatever happens in whatever order, the latest wish comes true, once."""

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ConveneError
from shared.meeting import Status
from tests.app_fixture import World
from tests.examples import CALENDAR, STANDALONE
from tests.tenants import set_switches

GUESTS = [f"guest{number}@fabrikam.com" for number in range(4)]


def attendee(address: str) -> dict[str, Any]:
    return {"emailAddress": {"address": address}, "type": "required"}


patches: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        *({"subject": subject} for subject in ("One", "Two", "Three")),
        *({"body": {"contentType": "html", "content": f"<p>{text}</p>"}} for text in ("Alpha", "Beta")),
        *({"end": {"dateTime": f"2027-01-20T{hour}:00:00"}} for hour in range(14, 19)),
        *({"location": {"displayName": text}} for text in ("Room", "Hall")),
        {"location": None},
    ]
)
steps = st.one_of(
    st.tuples(st.just("patch"), patches),
    st.tuples(st.just("add"), st.sampled_from(GUESTS)),
    st.tuples(st.just("remove"), st.sampled_from(GUESTS)),
    st.tuples(st.just("deliver"), st.none()),
    st.tuples(st.just("redeliver"), st.none()),
    st.tuples(st.just("upkeep"), st.none()),
    st.tuples(st.just("wait"), st.sampled_from([1, 40, 90])),
    st.tuples(st.just("lose"), st.sampled_from(["before", "after"])),
    st.tuples(st.just("throttle"), st.just("7")),
    st.tuples(st.just("race"), patches),
    st.tuples(st.just("race and cancel"), st.none()),
    st.tuples(st.just("cancel"), st.none()),
)


tenants = st.integers(0, 999)


class History:
    """One meeting in the tenant of a seed, what was wanted of it last, and whom it may have been mailed to."""

    def __init__(self, request: dict[str, Any], seed: int) -> None:
        self.world = World()
        set_switches(self.world.tenant.settings, seed)
        self.request = request
        self.meeting_id = ""
        self.links: set[str] = set()

    async def run(self, course: list[tuple[str, Any]]) -> None:
        self.meeting_id = (await self.world.accept(self.request, "key")).id
        for step, value in course:
            try:
                await self._do(step, value)
            except ConveneError:
                continue  # refused, as a cancelled meeting or a missing attendee is; nothing may have come of it
            await self._look()
        self.world.tenant.faults.replace([])
        await self.world.settle()
        await self._look()

    async def _do(self, step: str, value: Any) -> None:
        changes = self.world.app.changes
        match step:
            case "patch":
                await changes.patch(self.meeting_id, value)
            case "add":
                await changes.add_attendee(self.meeting_id, attendee(value))
            case "remove":
                await changes.remove_attendee(self.meeting_id, value)
            case "cancel":
                await changes.cancel(self.meeting_id, "Bye")
            case "race":
                await self._while_under_way(changes.patch(self.meeting_id, value))
            case "race and cancel":
                await self._while_under_way(changes.cancel(self.meeting_id, "Bye"))
            case _:
                await self._happen(step, value)

    async def _happen(self, step: str, value: Any) -> None:
        """Let something happen that nobody wished for."""
        world = self.world
        match step:
            case "deliver":
                await world.deliver()
            case "redeliver":
                await world.app.message_handler.handle(json.dumps({"meeting": self.meeting_id}), None)
            case "upkeep":
                await world.app.upkeep.run()
            case "wait":
                world.clock.advance(seconds=value)
            case "lose":
                world.fault({"times": 1, "when": value, "action": "reset"})
            case _:
                world.fault({"times": 1, "action": {"status": 429, "retryAfter": value}})

    async def _while_under_way(self, change: Coroutine[Any, Any, Any]) -> None:
        """Change the meeting while an attempt waits for Graph."""
        self.world.tenant.settings.latency_seconds = 0.004
        under_way = asyncio.create_task(self.world.deliver())
        await asyncio.sleep(0.002)
        try:
            await change
        finally:
            await under_way
            self.world.tenant.settings.latency_seconds = 0

    async def _look(self) -> None:
        link = (await self.world.ledger.read(self.meeting_id)).outcome.join_url
        self.links |= {link} if link else set()


def check_calendar(history: History, meeting: Any) -> None:
    world, events = history.world, history.world.events()
    invited = [(mail.event_id, mail.to) for mail in world.tenant.sent_mail if mail.kind == "invitation"]
    assert len({event_id for event_id, _ in invited}) <= 1
    assert {mail.to for mail in world.tenant.sent_mail} <= {"AdeleV@contoso.com", *GUESTS}
    if meeting.status is Status.CANCELLED:
        assert not events
        return
    assert meeting.status is Status.SUCCEEDED, meeting.error
    [event] = events
    request = meeting.request
    assert event.properties["subject"] == request["subject"]
    assert (event.properties["location"] or {}).get("displayName", "") == request.get("location", {}).get(
        "displayName", ""
    )
    assert [each["emailAddress"]["address"] for each in event.properties["attendees"]] == [
        each["emailAddress"]["address"] for each in request["attendees"]
    ]
    assert event.end.wall_clock.startswith(request["end"]["dateTime"])
    assert event.link is not None
    assert meeting.outcome.join_url == event.link["joinUrl"]
    assert event.content.casefold().count("meetup-join") == 1
    for word in ("Alpha", "Beta"):
        assert (word in event.content) == (word in request.get("body", {}).get("content", ""))


def check_standalone(history: History, meeting: Any) -> None:
    made = list(history.world.tenant.meetings.values())
    assert not history.world.tenant.sent_mail
    if meeting.status is Status.CANCELLED:
        assert not made
        return
    assert meeting.status is Status.SUCCEEDED, meeting.error
    [only] = made
    assert only.properties["subject"] == meeting.request["subject"]
    assert meeting.outcome.join_url == only.join_url


@pytest.mark.timeout(600)
@given(st.lists(steps, max_size=14), tenants)
def test_a_calendar_meeting_ends_as_it_was_wanted_last(course: list[tuple[str, Any]], seed: int) -> None:
    """One event with the latest request's properties, or none; one link ever; mail only to people concerned."""
    history = History(CALENDAR, seed)
    asyncio.run(history.run(course))
    meeting = asyncio.run(history.world.ledger.read(history.meeting_id))
    assert len(history.links) <= 1
    check_calendar(history, meeting)
    reported = {event["id"] for event in history.world.results.events()}
    assert f"{meeting.id}/{meeting.version}" in reported


@pytest.mark.timeout(600)
@given(st.lists(steps, max_size=12), tenants)
def test_a_standalone_meeting_ends_as_it_was_wanted_last(course: list[tuple[str, Any]], seed: int) -> None:
    """One meeting with the latest subject, or none; one link ever; nobody is mailed."""
    history = History(STANDALONE, seed)
    asyncio.run(history.run([step for step in course if step[0] not in {"add", "remove"}]))
    meeting = asyncio.run(history.world.ledger.read(history.meeting_id))
    assert len(history.links) <= 1
    check_standalone(history, meeting)
