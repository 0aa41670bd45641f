"""What does not fit into the storage is refused when it comes; what was accepted ends, whatever Graph adds to it."""

import json
from collections.abc import Callable
from typing import Any, override

import httpx
import pytest

from shared.meeting import Status
from shared.meeting.ledger import Field
from shared.use_cases.schedules import Schedules
from tests.app_fixture import World
from tests.examples import CALENDAR, STANDALONE
from tests.http_client import Answer, InProcess
from tests.shared.use_cases.test_schedule_run import schedule_document

# Escaping makes five characters of one, and the table counts two bytes for each.
GROWS: dict[str, Any] = {"body": {"contentType": "html", "content": "&" * 130_000}}
GUEST = {"emailAddress": {"address": "MeganB@contoso.com"}}
CALLER = "00000000-0000-0000-0000-00000000000a"
ONE_A_DAY = {
    "CALLERS": json.dumps({CALLER: {"organizers": ["@contoso.com"], "meetingsPerDay": 1}}),
    "WEBSITE_AUTH_ENABLED": "True",
}


async def largest_accepted(http: InProcess, request: Callable[[int], dict[str, Any]]) -> int:
    """Return the most characters that are valid, by halving."""
    least, most = 0, 250_000
    while most - least > 1:
        middle = (least + most) // 2
        status = (await http.call("POST", "/meetings/validate", request(middle))).status
        least, most = (middle, most) if status == 200 else (least, middle)
    return least


def with_body(size: int) -> dict[str, Any]:
    return CALENDAR | {"body": {"contentType": "html", "content": "&" * size}}


def assert_too_large(answer: Answer) -> None:
    assert (answer.status, answer.code) == (413, "tooLarge"), answer.text
    assert "640 KiB" in answer.json["detail"]


@pytest.mark.parametrize("path", ["/meetings", "/meetings/validate"])
async def test_what_grows_too_large_is_refused(path: str) -> None:
    """A request within 256 KiB that would take more than its record has is a 413, and leaves nothing behind."""
    world = World()
    assert_too_large(await InProcess(world).call("POST", path, CALENDAR | GROWS))
    assert not any(world.table.partitions.values())
    await world.app.upkeep.run()


async def test_what_is_refused_is_not_counted() -> None:
    """It takes no place of the caller's daily quota."""
    world = World(ONE_A_DAY)
    http = InProcess(world)
    for _ in range(3):
        assert_too_large(await http.call("POST", "/meetings", CALENDAR | GROWS, principal=CALLER))
    assert (await http.call("POST", "/meetings", CALENDAR, principal=CALLER)).status == 202


async def test_an_item_of_a_batch_is_refused_alone() -> None:
    """The other items of the batch are taken."""
    items = [{"request": CALENDAR | GROWS}, {"request": CALENDAR}]
    answer = await InProcess(World()).call("POST", "/meetings/batch", {"meetings": items})
    assert answer.status == 207
    assert [result["status"] for result in answer.json["results"]] == [413, 202]


async def test_changes_do_not_add_up_to_too_much() -> None:
    """One change after another, each of nearly 256 KiB: the one that would not fit is a 413, and changes nothing."""
    world = World()
    meeting = await world.made(CALENDAR)
    http = InProcess(world)
    people = [{"emailAddress": {"address": f"{'a' * 60}{n}@{'b' * 60}.{'c' * 60}.com"}} for n in range(499)]
    assert (await http.call("PATCH", f"/meetings/{meeting.id}", {"attendees": people})).status == 202
    before = await world.ledger.read(meeting.id)
    body = {"body": with_body(50_000)["body"]}
    assert_too_large(await http.call("PATCH", f"/meetings/{meeting.id}", body))
    assert await world.ledger.read(meeting.id) == before
    await world.settle()
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED


async def test_one_attendee_more_can_be_one_too_many() -> None:
    """The largest meeting that is accepted takes no further attendee with a long name, and stays as it is."""
    world = World()
    http = InProcess(world)
    size = await largest_accepted(http, with_body)
    meeting = await world.made(with_body(size))
    guest = {"emailAddress": {"address": "MeganB@contoso.com", "name": "x" * 200}}
    assert_too_large(await http.call("POST", f"/meetings/{meeting.id}/attendees", guest))
    assert (await http.call("DELETE", f"/meetings/{meeting.id}/attendees/AdeleV@contoso.com")).status == 202
    await world.settle()
    assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED


async def test_the_largest_that_is_accepted_succeeds_and_is_cancelled() -> None:
    """Its outcome, its claims and its error have room: it is created, changed and cancelled as any other."""
    world = World()
    http = InProcess(world)
    size = await largest_accepted(http, with_body)
    assert 50_000 < size < 130_000
    made = await world.made(with_body(size) | {"attendees": [GUEST]})
    assert (made.status, bool(made.outcome.join_url)) == (Status.SUCCEEDED, True)
    await world.app.upkeep.run()
    assert (await http.call("PATCH", f"/meetings/{made.id}", {"subject": "Another"})).status == 202
    await world.settle()
    assert (await http.call("DELETE", f"/meetings/{made.id}", {"comment": "x" * 4096})).status == 202
    await world.settle()
    assert (await world.ledger.read(made.id)).status is Status.CANCELLED


@pytest.mark.parametrize(
    "message",
    [
        CALENDAR | GROWS,
        {"specversion": "1.0", "type": "meeting.requested", "source": "s", "id": "1", "data": CALENDAR | GROWS},
    ],
    ids=["request", "event"],
)
async def test_on_the_queue_it_ends_as_a_failed_meeting(message: dict[str, Any]) -> None:
    """Nobody is there to be answered: the record says `tooLarge`, and so does the result."""
    world = World()
    await world.app.message_handler.handle(json.dumps(message), "m1")
    [event] = world.results.events()
    assert event["data"]["error"]["code"] == "tooLarge"
    [failed] = (await world.ledger.find(Field.STATUS, "failed", 9)).items
    assert failed.error is not None
    assert failed.error.code == "tooLarge"
    await world.app.upkeep.run()


async def test_a_change_on_the_queue_leaves_its_meeting_alone() -> None:
    """It becomes a failed meeting beside the one that it was about."""
    world = World()
    meeting = await world.made(CALENDAR)
    world.results.messages.clear()
    data = {"id": meeting.id, "patch": GROWS}
    event = {"specversion": "1.0", "type": "meeting.updated", "source": "s", "id": "2", "data": data}
    await world.app.message_handler.handle(json.dumps(event), "m2")
    assert await world.ledger.read(meeting.id) == meeting
    [told] = world.results.events()
    assert told["data"]["error"]["code"] == "tooLarge"


async def test_a_schedule_of_such_meetings_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """And where one is there all the same, its occurrences are failed meetings, and the schedule goes on."""
    world = World()
    http = InProcess(world)
    document = schedule_document(recurrence="RRULE:FREQ=HOURLY")
    document["request"] |= {"body": with_body(65_500)["body"]}
    assert_too_large(await http.call("POST", "/schedules", document))
    monkeypatch.setattr("shared.use_cases.schedules.require_room", _any_size)
    assert isinstance(world.app.schedules, Schedules)
    schedule = (await world.app.schedules.create(document)).schedule
    world.clock.advance(hours=2)
    await world.app.schedule_run.run()
    failed = (await world.ledger.find(Field.STATUS, "failed", 9)).items
    assert {each.error and each.error.code for each in failed} == {"tooLarge"}
    assert (await world.app.schedules.read(schedule.id)).cursor > schedule.cursor


def _any_size(_: object) -> None:
    """Stand for a bound that was higher when the schedule was created."""


class HostileGraph(httpx.AsyncBaseTransport):
    """Puts a hostile value in the place of members of Graph's answers, however deep they stand."""

    def __init__(self, inner: httpx.AsyncBaseTransport, members: dict[str, Any]) -> None:
        self._inner = inner
        self._members = members

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        content = await answer.aread()
        if not content.startswith(b"{"):
            return answer
        # With escapes, as Graph writes what is not ASCII: so half of a surrogate pair gets through.
        text = json.dumps(self._changed(json.loads(content)))
        headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
        return httpx.Response(answer.status_code, headers=headers, content=text.encode())

    def _changed(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._changed(each) for each in value]
        if not isinstance(value, dict):
            return value
        return {name: self._members.get(name, self._changed(each)) for name, each in value.items()}


HALF_A_PAIR = "an emoji that was cut \ud83d"
HOSTILE: dict[str, dict[str, Any]] = {
    "a huge link": {"webLink": "https://outlook.office365.com/" + "x" * 900_000},
    "a huge number": {"tollNumber": "5" * 900_000, "conferenceId": "5" * 900_000},
    "many numbers": {"tollNumbers": ["5" * 2000] * 1500, "tollFreeNumbers": ["5" * 2000] * 300},
    "a huge text to join with": {"joinInformation": {"content": "data:text/html," + "%26" * 900_000}},
    "every text that only informs": dict.fromkeys(
        ("webLink", "iCalUId", "threadId", "joinMeetingId", "meetingOptionsWebUrl", "dialinUrl"), '"' * 600_000
    ),
    "half a pair": {"webLink": HALF_A_PAIR, "iCalUId": HALF_A_PAIR, "subject": HALF_A_PAIR},
    "half a pair in the text to join with": {"joinInformation": {"content": HALF_A_PAIR, "contentType": "html"}},
}


@pytest.mark.parametrize("request_", [CALENDAR | {"language": "de-DE"}, STANDALONE], ids=["calendar", "standalone"])
@pytest.mark.parametrize("members", HOSTILE.values(), ids=HOSTILE)
async def test_what_graph_says_always_fits(members: dict[str, Any], request_: dict[str, Any]) -> None:
    """The meeting succeeds at the first attempt, with its link; what cannot be stored of the rest is left out."""
    world = World()
    wires = world.wires()
    world.app = world.new_host(
        type(wires)(
            wires.table,
            wires.mailboxes,
            wires.requests,
            wires.poison,
            wires.results,
            HostileGraph(wires.graph, members),
        )
    )
    made = await world.made(request_)
    assert (made.status, made.attempts, bool(made.outcome.join_url)) == (Status.SUCCEEDED, 1, True)
    [event] = world.results.events()
    json.dumps(event, ensure_ascii=False).encode()
    answer = await InProcess(world).call("GET", f"/meetings/{made.id}")
    assert answer.status == 200


@pytest.mark.parametrize("text", [HALF_A_PAIR, "x" * 900_000, '"' * 900_000], ids=["half a pair", "huge", "quotes"])
async def test_what_graph_refuses_with_always_fits(text: str) -> None:
    """An error with a hostile code, message and request id ends the meeting as Graph's refusal, at once."""
    world = World()
    wires = world.wires()
    members = {"error": {"code": text, "message": text, "innerError": {"request-id": text}}}
    world.app = world.new_host(
        type(wires)(
            wires.table,
            wires.mailboxes,
            wires.requests,
            wires.poison,
            wires.results,
            HostileGraph(wires.graph, members),
        )
    )
    world.fault({"method": "POST", "path": "events", "action": {"status": 400, "code": "x", "message": "y"}})
    made = await world.made(CALENDAR)
    assert made.error is not None
    assert (made.status, made.attempts, made.error.code) == (Status.FAILED, 1, "graphRejected")
    assert len(made.error.message) < 4000
    [event] = world.results.events()
    json.dumps(event, ensure_ascii=False).encode()
