"""A change whose answer did not come takes effect when a newer one is there already, and must not undo it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from shared.bootstrap import App
from shared.meeting import Meeting, Status
from tests.app_fixture import World
from tests.examples import CALENDAR, EXISTING

ADELE = CALENDAR["attendees"][0]
MEGAN = {"emailAddress": {"address": "MeganB@contoso.com"}}
BODY = {"contentType": "html", "content": "<p>Old words</p>"}


class SlowPatch(httpx.AsyncBaseTransport):
    """The way to Graph; the first PATCH stays on it until somebody lets it through, or just before the next one."""

    def __init__(self, way: httpx.AsyncBaseTransport, *, overtaken: bool) -> None:
        self._way = way
        self._overtaken = overtaken
        self._held: httpx.Request | None = None
        self._patches = 0
        self.status = 0  # of the PATCH that was held

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH":
            self._patches += 1
            if self._patches == 1:
                await request.aread()
                self._held = request
                raise httpx.ReadTimeout("no answer in time", request=request)
            if not self._overtaken:
                await self.let_through()
        return await self._way.handle_async_request(request)

    async def let_through(self) -> None:
        held, self._held = self._held, None
        if held:
            self.status = (await self._way.handle_async_request(held)).status_code


class Unwilling(httpx.AsyncBaseTransport):
    """A Graph that refuses each PATCH with an etag."""

    def __init__(self, way: httpx.AsyncBaseTransport, happening: Callable[[], None]) -> None:
        self._way = way
        self._happening = happening

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if "If-Match" not in request.headers:
            return await self._way.handle_async_request(request)
        self._happening()
        error = {"error": {"code": "ErrorIrresolvableConflict", "message": "The change key does not match."}}
        return httpx.Response(412, json=error, request=request)


def host(world: World, way: Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport]) -> App:
    wires = world.wires()
    return world.new_host(replace(wires, graph=way(wires.graph)))


async def overtaken(world: World, request: dict[str, Any], first: dict[str, Any], second: dict[str, Any]) -> SlowPatch:
    """Make a meeting, change it twice while the first change is on its way, and return that way."""
    made = await world.made(request)
    way = SlowPatch(world.wires().graph, overtaken=True)
    app = host(world, lambda _: way)
    await app.changes.patch(made.id, first)
    await world.deliver(app)
    await app.changes.patch(made.id, second)
    world.app = app
    await world.settle()
    done = await world.ledger.read(made.id)
    assert (done.status, done.version) == (Status.SUCCEEDED, 3), done.error
    return way


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"subject": "Second"}, {"subject": "Third"}),
        ({"subject": "Second"}, {"subject": CALENDAR["subject"]}),
        ({"location": {"displayName": "Room"}}, {"location": None}),
        ({"end": {"dateTime": "2027-01-20T15:00:00"}}, {"end": {"dateTime": "2027-01-20T16:00:00"}}),
        ({"body": {"content": "Second"}}, {"body": {"content": "Third"}}),
        ({"attendees": [ADELE, MEGAN]}, {"attendees": [ADELE]}),
        ({"attendees": [MEGAN]}, {"attendees": [ADELE]}),
    ],
)
async def test_a_late_change_does_not_undo_a_newer_one(first: dict[str, Any], second: dict[str, Any]) -> None:
    """The event stays as it was wanted last, and nobody hears of the older version."""
    world = World()
    way = await overtaken(world, CALENDAR | {"body": BODY}, first, second)
    [event] = world.events()
    as_wanted = (event.properties, event.start, event.end, event.content)
    mails = list(world.tenant.sent_mail)
    await way.let_through()
    assert way.status == 412
    [event] = world.events()
    assert (event.properties, event.start, event.end, event.content) == as_wanted
    assert world.tenant.sent_mail == mails


async def test_a_late_change_that_comes_just_before_the_newer_one_is_undone() -> None:
    """It takes effect, so that the newer one was meant for another event: it is tried again on this one."""
    world = World()
    made = await world.made(CALENDAR)
    world.app = host(world, lambda graph: SlowPatch(graph, overtaken=False))
    await world.app.changes.patch(made.id, {"subject": "Second", "location": {"displayName": "Room"}})
    await world.deliver()
    await world.app.changes.patch(made.id, {"subject": "Third", "location": None})
    await world.settle()
    assert (await world.ledger.read(made.id)).status is Status.SUCCEEDED
    [event] = world.events()
    assert (event.properties["subject"], event.properties["location"]["displayName"]) == ("Third", "")
    assert [seen.status for seen in world.tenant.requests if seen.method == "PATCH"] == [200, 412, 200]


@pytest.mark.parametrize(("etag_changes", "attempts"), [(False, 2), (True, 4)])
async def test_a_change_gets_through_where_graph_takes_no_etag(etag_changes: bool, attempts: int) -> None:  # noqa: FBT001
    """An etag that is refused although the event still has it is not sent again; after three, none is sent."""
    world = World()
    made = await world.made(CALENDAR)
    [event] = world.events()

    def refused() -> None:
        if etag_changes:
            event.change_key = world.tenant.identifiers.change_key()

    world.app = host(world, lambda graph: Unwilling(graph, refused))
    changed = await _changed(world, made, {"subject": "New"})
    assert event.properties["subject"] == "New"
    assert changed.attempts - made.attempts == attempts
    again = await _changed(world, changed, {"subject": "Newer"})  # nothing is kept of it for the next version
    assert again.attempts - changed.attempts == attempts


async def test_an_existing_event_is_made_online_as_it_was_read() -> None:
    """The etag that was read is sent; without being taken, it is left out as well."""
    world = World()
    await world.made(EXISTING)
    [patch] = [seen for seen in world.tenant.requests if seen.method == "PATCH"]
    assert patch.headers["if-match"].startswith('W/"')
    world = World()
    world.app = host(world, lambda graph: Unwilling(graph, lambda: None))
    assert (await world.made(EXISTING)).status is Status.SUCCEEDED
    [patch] = [seen for seen in world.tenant.requests if seen.method == "PATCH"]
    assert "if-match" not in patch.headers


async def _changed(world: World, meeting: Meeting, patch: dict[str, Any]) -> Meeting:
    await world.app.changes.patch(meeting.id, patch)
    await world.settle()
    changed = await world.ledger.read(meeting.id)
    assert changed.status is Status.SUCCEEDED, changed.error
    return changed
