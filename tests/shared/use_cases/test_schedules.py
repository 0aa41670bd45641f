"""Schedules: kept, repeated, looked at, changed, paused, ended."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic.alias_generators import to_camel

from shared.access.callers import Caller
from shared.access.origin import Origin
from shared.errors import (
    InvalidRequestError,
    KeyReusedError,
    OrganizerNotAllowedError,
    ScheduleNotFoundError,
    StorageUnavailableError,
    VersionMismatchError,
)
from shared.meeting import Meeting, MeetingResponse, Status
from shared.meeting.ledger import Field
from shared.schedules import ScheduleRequest, ScheduleResponse
from shared.schedules.parse import READ_ONLY
from shared.validation.paging import read_page
from tests.app_fixture import World
from tests.examples import CALENDAR
from tests.shared.schedules.documents import MEETING, schedule_document


def made(world: World) -> dict[str, Meeting]:
    """Return the meetings in the ledger by their starts."""
    rows = [row for partition in world.table.partitions.values() for key, row in partition.items() if "meeting." in key]
    meetings = [Meeting.model_validate_json(str(row.values["document0"])) for row in rows]
    return {each.request["start"]["dateTime"]: each for each in meetings if each.request}


def starts(world: World) -> list[str]:
    return sorted(made(world))


async def test_a_schedule_is_kept_and_shows_what_comes() -> None:
    """Everything that was asked for, and the next five with the time at which each is made."""
    world = World()
    created = await world.app.schedules.create(schedule_document())
    shown = ScheduleResponse.of(created.schedule, world.clock()).as_json()
    assert shown["request"] == MEETING | {"kind": "calendar"}
    assert {name: shown[name] for name in ("status", "version", "paused", "leadTime")} == {
        "status": "active", "version": 1, "paused": False, "leadTime": "P2D",
    }  # fmt: skip
    assert len(shown["nextOccurrences"]) == 5
    assert shown["nextOccurrences"][0] == {
        "start": "2026-11-23T10:00:00+01:00",
        "end": "2026-11-23T10:30:00+01:00",
        "makeAt": "2026-11-21T09:00:00Z",
        "meetingId": None,
    }
    read = await world.app.schedules.read(created.schedule.id)
    assert ScheduleResponse.of(read, world.clock()).as_json() == shown


async def test_what_is_made_is_named_among_the_next() -> None:
    """The meeting's id stands beside its occurrence, and leads to it."""
    world = World()
    schedule = (await world.app.schedules.create(schedule_document())).schedule
    world.clock.advance(hours=2)
    await world.app.schedule_run.run()
    shown = ScheduleResponse.of(await world.app.schedules.read(schedule.id), world.clock()).as_json()["nextOccurrences"]
    assert [each["meetingId"] is not None for each in shown] == [True, False, False, False, False]
    meeting = await world.ledger.read(shown[0]["meetingId"])
    assert (meeting.schedule, meeting.reference) == (schedule.id, None)
    assert MeetingResponse.of(meeting).as_json()["schedule"] == schedule.id


async def test_its_meetings_are_found_by_it_and_keep_their_own_reference() -> None:
    """The schedule takes nothing from them, and a change does not either; other meetings have none."""
    world = World()
    document = schedule_document(request=MEETING | {"reference": "visits"})
    schedule = (await world.app.schedules.create(document)).schedule
    other = await world.made(CALENDAR)
    world.clock.advance(hours=2)
    await world.app.schedule_run.run()
    await world.settle()
    [meeting] = (await world.ledger.find(Field.SCHEDULE, schedule.id, 9)).items
    assert (meeting.schedule, meeting.reference) == (schedule.id, "visits")
    await world.app.changes.patch(meeting.id, {"subject": "Other"})
    await world.settle()
    assert [each.id for each in (await world.ledger.find(Field.SCHEDULE, schedule.id, 9)).items] == [meeting.id]
    assert other.schedule is None


async def test_what_cannot_be_made_carries_the_schedule_too() -> None:
    """It is the failed meeting that somebody looks for."""
    world = World()
    schedule = (await world.app.schedules.create(schedule_document())).schedule
    world.settings = World({"ALLOWED_ORGANIZERS": "@fabrikam.com"}).settings
    world.app = world.new_host()
    world.clock.advance(hours=2)
    await world.app.schedule_run.run()
    [failed] = (await world.ledger.find(Field.SCHEDULE, schedule.id, 9)).items
    assert failed.status is Status.FAILED
    assert failed.error
    assert failed.error.code == "organizerNotAllowed"


@pytest.mark.parametrize(
    ("subject", "messages"),
    [
        ("Rounds of {date} at {time}, week {week}", []),
        ("No braces, {} and { and ${jndi:ldap://x}", []),
        ("Visit of {name}", ["'{name}', which stays as it is: the placeholders are {date}, {time}, {week}."]),
        ("{Date} {weeks}", ["'{Date}', which stays as it is: did you mean {date}?", "'{weeks}', which stays as it is"]),
        ("{{date}} ${time}", ["'{{date}}', which stays as it is", "'${time}', which stays as it is"]),
        ("{name} {name}", ["'{name}', which stays as it is"]),
    ],
)
async def test_a_word_in_braces_that_is_no_placeholder_is_a_warning(subject: str, messages: list[str]) -> None:
    """It stays as it is: the schedule is made, and every answer about it names the word."""
    world = World()
    created = await world.app.schedules.create(schedule_document(request=MEETING | {"subject": subject}))
    shown = ScheduleResponse.of(created.schedule, world.clock()).as_json()
    assert {(each["pointer"], each["code"]) for each in shown["warnings"]} <= {
        ("/request/subject", "unknownPlaceholder")
    }
    assert len(shown["warnings"]) == len(messages)
    for warning, words in zip(shown["warnings"], messages, strict=True):
        assert warning["message"].startswith(f"subject has {words}")


async def test_a_patch_changes_what_it_names() -> None:
    """A merge patch, also inside the request; what it does not name stays, and null takes away."""
    world = World()
    document = schedule_document(request=MEETING | {"reference": "visits", "importance": "high"})
    schedule = (await world.app.schedules.create(document)).schedule
    paused = await world.app.schedules.patch(schedule.id, {"paused": True})
    assert paused.request == schedule.request.model_copy(update={"paused": True})
    assert paused.version == 2
    changed = await world.app.schedules.patch(
        schedule.id, {"paused": None, "leadTime": "P400D", "request": {"reference": None, "importance": "low"}}
    )
    assert (changed.request.paused, changed.request.lead) == (False, timedelta(days=400))
    kept = {name: value for name, value in schedule.request.request.items() if name != "reference"}
    assert changed.request.request == kept | {"importance": "low"}
    assert (await world.app.schedules.patch(schedule.id, {"paused": False, "version": 7})).version == changed.version


async def test_an_answer_can_be_sent_back() -> None:
    """As a whole, by PUT or PATCH, it changes nothing; what only an answer has is ignored, each member of it."""
    assert {to_camel(name) for name in ScheduleResponse.model_fields} == READ_ONLY | {
        to_camel(name) for name in ScheduleRequest.model_fields
    }
    world = World()
    schedule = (await world.app.schedules.create(schedule_document())).schedule
    shown = ScheduleResponse.of(schedule, world.clock()).as_json()
    assert await world.app.schedules.replace(schedule.id, shown) == schedule
    assert await world.app.schedules.patch(schedule.id, shown) == schedule
    assert await world.app.schedules.patch(schedule.id, dict.fromkeys(READ_ONLY, "x")) == schedule


@pytest.mark.parametrize(
    ("patch", "faults"),
    [
        ({"paused": "yes"}, [("/paused", "wrongType")]),
        ({"request": {"organizer": None}}, [("/request/organizer", "required")]),
        ({"leadTime": "P401D"}, [("/leadTime", "outOfRange")]),
        ({"pause": True}, [("/pause", "unknownField")]),
        ([], [("", "wrongType")]),
        (None, [("", "wrongType")]),
    ],
)
async def test_a_patch_that_does_not_fit_changes_nothing(patch: Any, faults: list[tuple[str, str]]) -> None:
    """Its result has to be a schedule."""
    world = World()
    schedule = (await world.app.schedules.create(schedule_document())).schedule
    with pytest.raises(InvalidRequestError) as caught:
        await world.app.schedules.patch(schedule.id, patch)
    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == faults
    assert await world.app.schedules.read(schedule.id) == schedule


async def test_of_two_patches_at_once_none_is_lost() -> None:
    """Each is applied to what the other has left."""
    world = World()
    schedule = (await world.app.schedules.create(schedule_document())).schedule
    patches: list[dict[str, Any]] = [{"duration": "PT45M"}, {"leadTime": "P3D"}, {"request": {"subject": "Other"}}]
    await asyncio.gather(*(world.app.schedules.patch(schedule.id, patch) for patch in patches))
    after = await world.app.schedules.read(schedule.id)
    assert (after.version, after.request.duration, after.request.lead_time) == (4, "PT45M", "P3D")
    assert after.request.request["subject"] == "Other"


async def test_the_same_key_is_the_same_schedule() -> None:
    """Twenty at once, members reordered; another request with the key is refused, another caller's key is another."""
    world = World()
    document = schedule_document()
    turned = dict(reversed(document.items()))
    created = await asyncio.gather(
        *(world.app.schedules.create(each, Origin(key="k")) for each in [document, turned] * 10)
    )
    assert len({each.schedule.id for each in created}) == 1
    assert sum(not each.replayed for each in created) == 1
    with pytest.raises(KeyReusedError, match=f"the schedule {created[0].schedule.id}$"):
        await world.app.schedules.create(schedule_document(duration="PT1H"), Origin(key="k"))
    assert not (await world.app.schedules.create(document, Origin(Caller("somebody"), "k"))).replayed
    assert not (await world.app.schedules.create(document)).replayed


async def test_what_is_refused_leaves_nothing() -> None:
    """Neither a wrong schedule nor one whose organizer is not allowed is stored."""
    world = World({"ALLOWED_ORGANIZERS": "MeganB@contoso.com"})
    with pytest.raises(OrganizerNotAllowedError):
        await world.app.schedules.create(schedule_document())
    with pytest.raises(InvalidRequestError):
        await world.app.schedules.create(schedule_document(start="x"))
    assert world.schedules_table.operations == 0


async def test_pages() -> None:
    """Newest first, `top` at a time, each once."""
    world = World()
    ids: list[str] = []
    for _ in range(7):
        ids.append((await world.app.schedules.create(schedule_document())).schedule.id)
        world.clock.advance(seconds=1)
    seen: list[str] = []
    token: str | None = None
    while True:
        page = await world.app.schedules.page(3, token)
        seen += [each.id for each in page.items]
        token = page.continuation
        if token is None:
            break
    assert seen == ids[::-1]
    with pytest.raises(InvalidRequestError):
        await world.app.schedules.page(3, "%%%")


@pytest.mark.parametrize("top", ["0", "x", "101"])
def test_a_page_has_1_to_100_entries(top: str) -> None:
    """Another `top` is refused."""
    with pytest.raises(InvalidRequestError):
        read_page({"top": top})


async def test_an_ended_schedule_is_no_more_and_its_meetings_stay() -> None:
    """It makes nothing any more, is not found, and leaves no row."""
    world = World()
    schedule = (await world.app.schedules.create(schedule_document())).schedule
    world.clock.advance(hours=2)
    await world.app.schedule_run.run()
    with pytest.raises(VersionMismatchError):
        await world.app.schedules.remove(schedule.id, Origin(expected_versions=frozenset({7})))
    await world.app.schedules.remove(schedule.id, Origin(expected_versions=frozenset({1})))
    world.clock.advance(days=30)
    await world.app.schedule_run.run()
    assert starts(world) == ["2026-11-23T10:00:00"]
    with pytest.raises(ScheduleNotFoundError):
        await world.app.schedules.read(schedule.id)
    with pytest.raises(ScheduleNotFoundError):
        await world.app.schedules.remove(schedule.id)
    assert not any(world.schedules_table.partitions.values())


async def test_a_change_holds_for_what_is_not_made_yet() -> None:
    """Made meetings stay as they are, and one at the same time is not made twice; the rest follows the new rule."""
    world = World()
    schedule = (await world.app.schedules.create(schedule_document(leadTime="P4D"))).schedule
    world.clock.advance(days=1)
    await world.app.schedule_run.run()
    assert starts(world) == ["2026-11-23T10:00:00", "2026-11-24T10:00:00", "2026-11-25T10:00:00"]
    document = ScheduleResponse.of(schedule, world.clock()).as_json() | {
        "recurrence": "RRULE:FREQ=DAILY;BYHOUR=10,15",
        "request": MEETING | {"subject": "Changed"},
    }
    changed = await world.app.schedules.replace(schedule.id, document, Origin(expected_versions=frozenset({1})))
    assert changed.version == 2
    await world.app.schedule_run.run()
    world.clock.advance(days=1)
    await world.app.schedule_run.run()
    subjects = {start: meeting.request["subject"] for start, meeting in made(world).items() if meeting.request}
    assert subjects == {
        **{f"2026-11-{day}T10:00:00": MEETING["subject"] for day in (23, 24, 25)},
        **{f"2026-11-{day}T15:00:00": "Changed" for day in (23, 24, 25, 26)},
        "2026-11-26T10:00:00": "Changed",
    }


async def test_a_change_does_not_repeat_what_the_ledger_has_forgotten() -> None:
    """Meetings that were erased before they start stay so, also under the other name of the schedule's zone."""
    world = World({"RETENTION": "PT1H"})
    schedule = (await world.app.schedules.create(schedule_document(leadTime="P30D"))).schedule
    await world.app.schedule_run.run()
    count = len(starts(world))
    assert count > 20
    await world.settle()
    for meeting in made(world).values():
        await world.app.forgetting.forget(meeting.id)
    world.clock.advance(hours=3)
    await world.app.upkeep.run()  # which removes the markers
    assert starts(world) == []
    for change in ({"duration": "PT1H"}, {"timeZone": "W. Europe Standard Time"}, {"leadTime": "P20D"}):
        await world.app.schedules.replace(schedule.id, schedule_document(leadTime="P30D") | change)
        await world.app.schedule_run.run()
    assert len(starts(world)) <= 1  # the day that has come into reach since
    read = ScheduleResponse.of(await world.app.schedules.read(schedule.id), world.clock()).as_json()["nextOccurrences"]
    assert all(each["meetingId"] for each in read)


async def test_what_was_missed_before_a_change_is_made_by_the_new_rule() -> None:
    """The timer was down for a week, and somebody changed the schedule before it was back."""
    world = World()
    schedule = (await world.app.schedules.create(schedule_document(leadTime="PT0S"))).schedule
    world.clock.now = datetime(2026, 11, 27, 12, tzinfo=UTC)
    await world.app.schedules.replace(schedule.id, schedule_document(leadTime="PT0S", duration="PT1H"))
    await world.app.schedule_run.run()
    assert starts(world) == [f"2026-11-{day}T10:00:00" for day in range(23, 28)]


async def test_a_change_of_an_old_schedule_makes_nothing_of_the_past() -> None:
    """A yearly rule becomes a daily one: the days since its last occurrence were none of its."""
    world = World()
    document = schedule_document(recurrence="RRULE:FREQ=YEARLY", leadTime="PT0S")
    schedule = (await world.app.schedules.create(document)).schedule
    world.clock.now = datetime(2027, 5, 3, 12, tzinfo=UTC)
    await world.app.schedule_run.run()
    await world.app.schedules.replace(schedule.id, schedule_document(leadTime="PT0S"))
    world.clock.advance(days=1)
    await world.app.schedule_run.run()
    assert starts(world) == ["2026-11-23T10:00:00", "2027-05-04T10:00:00"]


async def test_a_pause_makes_nothing_and_its_occurrences_are_left_out() -> None:
    """While it is paused nothing is due, and afterwards it goes on from then."""
    world = World()
    document = schedule_document(leadTime="PT1H")
    schedule = (await world.app.schedules.create(document)).schedule
    paused = await world.app.schedules.replace(schedule.id, document | {"paused": True})
    shown = ScheduleResponse.of(paused, world.clock()).as_json()
    assert (shown["status"], shown["nextOccurrences"]) == ("paused", [])
    world.clock.now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    assert (await world.app.schedule_run.run()).schedules == 0
    await world.app.schedules.replace(schedule.id, document)
    world.clock.advance(days=2)
    await world.app.schedule_run.run()
    assert starts(world) == ["2026-11-26T10:00:00", "2026-11-27T10:00:00"]


async def test_a_schedule_ends_by_itself() -> None:
    """After its last occurrence it is `ended`, and the timer does not look at it any more."""
    world = World()
    document = schedule_document(recurrence="RRULE:FREQ=DAILY;COUNT=2")
    schedule = (await world.app.schedules.create(document)).schedule
    world.clock.advance(days=9)
    await world.app.schedule_run.run()
    read = await world.app.schedules.read(schedule.id)
    assert (ScheduleResponse.of(read, world.clock()).as_json()["status"], read.due_at) == ("ended", None)


async def test_changes_race_and_the_same_again_changes_nothing() -> None:
    """Of changes that have seen the same version one wins; a repeated one leaves the version as it is."""
    world = World()
    schedule = (await world.app.schedules.create(schedule_document())).schedule

    expected = Origin(expected_versions=frozenset({1}))

    async def change(number: int) -> Any:
        return await world.app.schedules.replace(schedule.id, schedule_document(duration=f"PT{number}M"), expected)

    outcomes = await asyncio.gather(*(change(number) for number in range(1, 9)), return_exceptions=True)
    assert sum(isinstance(each, VersionMismatchError) for each in outcomes) == 7
    read = await world.app.schedules.read(schedule.id)
    assert read.version == 2
    same = schedule_document(duration=read.request.duration)
    assert (await world.app.schedules.replace(schedule.id, same)).version == 2
    with pytest.raises(ScheduleNotFoundError):
        await world.app.schedules.replace("4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7", schedule_document())
    with pytest.raises(InvalidRequestError):
        await world.app.schedules.replace(schedule.id, schedule_document(id="x", color="red"))


async def test_an_outage_is_told() -> None:
    """Storage that does not answer is the caller's to try again."""
    world = World()
    world.schedules_table.broken = True
    with pytest.raises(StorageUnavailableError):
        await world.app.schedules.create(schedule_document())
