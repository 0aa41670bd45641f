"""Who is free when, as the whole app finds it in the stand-in tenant."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.graph.free_busy import MOST_SCHEDULES
from shared.access.callers import Caller
from shared.errors import OrganizerNotAllowedError, ThrottledError, UnavailableError
from shared.use_cases.availability import FreeSlot, Unknown, parse_availability
from tests.app_fixture import World
from tests.examples import CALENDAR
from tests.http_client import InProcess
from tests.shared.graph.wire import OBJECT_ID

ALEX, ADELE, ROOM = "AlexW@contoso.com", "AdeleV@contoso.com", "Baker@contoso.com"
PACIFIC = "Pacific Standard Time"
GET_SCHEDULE = "/calendar/getSchedule$"


def at(hour: int, minute: int = 0, day: int = 20) -> dict[str, str]:
    return {"dateTime": f"2027-01-{day}T{hour:02}:{minute:02}:00", "timeZone": PACIFIC}


def asked(**changes: Any) -> dict[str, Any]:
    window = {"start": at(12), "end": at(15), "duration": "PT1H", "step": "PT1H"}
    return {"organizers": [ALEX, ADELE]} | window | changes


async def find(world: World, **changes: Any) -> tuple[list[FreeSlot], list[Unknown]]:
    return await world.app.availability.find(parse_availability(asked(**changes)))


def hours(free: list[FreeSlot], name: str) -> list[int]:
    """Return the hours, in Pacific time, at which a slot is free for somebody."""
    return [(slot.time.start.hour - 8) % 24 for slot in free if name in slot.organizers + slot.rooms]


async def test_a_meeting_takes_its_hour() -> None:
    """From the organizer, and from who is invited and has not declined; not from others."""
    world = World()
    await world.made(CALENDAR | {"start": at(13), "end": at(14)})
    free, unknown = await find(world, organizers=[ALEX, ADELE, "NestorW@contoso.com"])
    assert not unknown
    assert (hours(free, ALEX), hours(free, ADELE)) == ([12, 14], [12, 14])
    assert hours(free, "NestorW@contoso.com") == [12, 13, 14]
    assert free[0].time.start == datetime(2027, 1, 20, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("show_as", "taken"),
    [("free", False), ("workingElsewhere", False), ("tentative", True), ("busy", True), ("oof", True)],
)
@pytest.mark.parametrize("made", [True, False])
async def test_how_an_event_shows(show_as: str, *, taken: bool, made: bool) -> None:
    """Free and working elsewhere are free, in Graph's calendar and among the meetings that are not made yet."""
    world = World()
    await (world.made if made else world.accept)(CALENDAR | {"start": at(13), "end": at(14), "showAs": show_as})
    free, _ = await find(world)
    assert hours(free, ALEX) == ([12, 14] if taken else [12, 13, 14])


async def test_what_is_accepted_counts_before_it_is_made() -> None:
    """For its organizer, by either name, and for everybody who will be invited; a cancelled one does not count."""
    world = World()
    await world.accept(CALENDAR | {"organizer": OBJECT_ID, "start": at(12), "end": at(13)})
    cancelled = await world.accept(CALENDAR | {"start": at(13), "end": at(14)})
    await world.app.changes.cancel(cancelled.id, None)
    room = {"type": "resource", "emailAddress": {"address": ROOM}}
    await world.accept(
        CALENDAR | {"organizer": "MeganB@contoso.com", "start": at(14), "end": at(15), "attendees": [room]}
    )
    free, _ = await find(world, organizers=[OBJECT_ID, ADELE], rooms=[ROOM])
    assert hours(free, OBJECT_ID) == [13, 14]
    assert hours(free, ADELE) == [13, 14]
    assert hours(free, ROOM) == [12, 13]
    assert not world.sent("POST", "/events")


async def test_a_series_that_is_not_made_yet() -> None:
    """Each of its occurrences is taken, at the hour of the clock, until it ends."""
    world = World()
    recurrence = {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["wednesday"]},
        "range": {"type": "numbered", "startDate": "2027-01-20", "numberOfOccurrences": 2},
    }
    await world.accept(CALENDAR | {"start": at(13), "end": at(14), "recurrence": recurrence})
    window = {"start": at(13), "end": at(13, day=30), "step": "P1D"}
    free, _ = await find(world, organizers=[ALEX], **window)
    assert [slot.time.start.day for slot in free] == [21, 22, 23, 24, 25, 26, 28, 29]


async def test_an_all_day_event() -> None:
    """It takes the day by the clock of its zone."""
    world = World()
    await world.accept(CALENDAR | {"isAllDay": True, "start": at(0), "end": at(0, day=21), "showAs": "oof"})
    free, _ = await find(world, organizers=[ALEX], start=at(22, day=19), end=at(2, day=21))
    assert [slot.time.start.astimezone(UTC).isoformat()[:13] for slot in free] == [
        *("2027-01-20T06", "2027-01-20T07"),
        *("2027-01-21T08", "2027-01-21T09"),
    ]


async def test_working_hours_count_where_they_are_asked_for() -> None:
    """By the clock of who works; Alex begins at eight in the Pacific zone, Adele at 22 in Berlin, for the night."""
    world = World()
    adele = world.tenant.find_user(ADELE)
    assert adele
    adele.working_hours.time_zone = "W. Europe Standard Time"
    adele.working_hours.start_time, adele.working_hours.end_time = "22:00:00.0000000", "06:00:00.0000000"
    window = {"start": at(6), "end": at(18)}
    free, _ = await find(world, withinWorkingHours=True, **window)
    assert hours(free, ALEX) == [8, 9, 10, 11, 12, 13, 14, 15, 16]
    assert hours(free, ADELE) == [13, 14, 15, 16, 17]
    free, _ = await find(world, **window)
    assert hours(free, ALEX) == list(range(6, 18))
    adele.working_hours.time_zone = "Customized Time Zone"
    free, unknown = await find(world, withinWorkingHours=True, **window)
    assert [(each.address, each.code) for each in unknown] == [(ADELE, "timeZoneNotSupported")]
    assert not hours(free, ADELE)


async def test_who_is_not_known_stands_apart() -> None:
    """An address that Graph cannot resolve, one without a mailbox, an object id of nobody: the others are told."""
    world = World()
    nobody = "00000000-0000-4000-8000-000000000000"
    names = ["NoMailbox@contoso.com", nobody, ALEX, "Who@contoso.com"]
    free, unknown = await find(world, organizers=names)
    assert [(each.address, each.code) for each in unknown] == [
        ("NoMailbox@contoso.com", "5016"),
        (nobody, "organizerNotFound"),
        ("Who@contoso.com", "5009"),
    ]
    assert all(each.message for each in unknown)
    assert {slot.organizers for slot in free} == {(ALEX,)}


async def test_a_closed_mailbox_is_gone_around() -> None:
    """Who may not be asked through is asked about through another; where nobody lets the app in, all is unknown."""
    world = World()
    alex, adele = (world.tenant.find_user(name) for name in (ALEX, ADELE))
    assert alex
    assert adele
    alex.in_scope = False
    for _ in range(8):
        free, unknown = await find(world)
        assert not unknown
        assert hours(free, ALEX) == [12, 13, 14]
    adele.in_scope = False
    free, unknown = await find(world)
    assert not free
    assert [(each.address, each.code) for each in unknown] == [
        (ALEX, "mailboxAccessDenied"),
        (ADELE, "mailboxAccessDenied"),
    ]


@pytest.mark.parametrize("refused", range(7))
async def test_each_is_unknown_for_a_reason_of_its_own(refused: int) -> None:
    """However many mailboxes do not let the app ask, who is free is found, and nobody gets the error of another."""
    world = World()
    names = [f"z{number}@contoso.com" for number in range(refused)]
    for _ in range(4):  # which mailbox is asked through first is chosen at random
        free, unknown = await find(world, organizers=[*names, ALEX])
        assert hours(free, ALEX) == [12, 13, 14]
        assert [each.address for each in unknown] == names
    user = world.tenant.find_user(ALEX)
    assert user
    user.in_scope = False
    _, unknown = await find(world, organizers=[*names, ALEX])
    assert {each.address: each.code for each in unknown} == {
        **dict.fromkeys(names, "organizerNotFound"),
        ALEX: "mailboxAccessDenied",
    }


async def test_without_the_permission_one_call_is_enough() -> None:
    """No mailbox lets an app ask that may read no calendar, and all are unknown for that reason."""
    world = World()
    answer = {"status": 403, "code": "ErrorAccessDenied", "message": "Access is denied."}
    world.fault({"path": GET_SCHEDULE, "action": answer | {"code": "Authorization_RequestDenied"}})
    free, unknown = await find(world)
    assert not free
    assert [each.code for each in unknown] == ["applicationPermissionMissing"] * 2
    assert len(world.sent("POST", "/getSchedule")) == 1


async def test_twenty_addresses_a_call_through_many_mailboxes() -> None:
    """A hundred addresses are five calls, each through another mailbox."""
    world = World()
    names = [f"user{number}@contoso.com" for number in range(100)]
    for name in names:
        world.tenant.add_user(name, name)
    free, unknown = await find(world, organizers=names)
    assert not unknown
    assert free[0].organizers == tuple(names)
    calls = [seen for seen in world.tenant.requests if seen.path.endswith("/getSchedule")]
    assert len(calls) == 5
    assert len({call.path for call in calls}) == 5
    assert all(len(body["schedules"]) == MOST_SCHEDULES for body in world.sent("POST", "/getSchedule"))


@pytest.mark.parametrize(
    ("action", "error"),
    [
        ({"status": 429, "code": "ApplicationThrottled", "retryAfter": "7"}, ThrottledError),
        ({"status": 503, "code": "serviceNotAvailable"}, UnavailableError),
        ({"status": 200, "body": {"value": None}}, UnavailableError),
    ],
)
async def test_graph_is_busy(action: dict[str, Any], error: type[Exception]) -> None:
    """No mailbox answers: the caller is to ask again."""
    world = World()
    world.fault({"path": GET_SCHEDULE, "action": action})
    with pytest.raises(error):
        await find(world)


async def test_a_calendar_of_which_only_the_view_is_shown() -> None:
    """Every five minutes count; what cannot be read at all makes its address unknown, and no other."""
    world = World()
    view = {"scheduleId": ALEX, "availabilityView": "4" * 11 + "2" + "0" * 24, "workingHours": None}
    odd = {"scheduleId": ADELE, "scheduleItems": None, "availabilityView": ""}
    world.fault({"path": GET_SCHEDULE, "action": {"status": 200, "body": {"value": [view, odd, "x"]}}})
    free, unknown = await find(world)
    assert hours(free, ALEX) == [13, 14]
    assert [(each.address, each.code) for each in unknown] == [(ADELE, "notShown")]


@pytest.mark.parametrize(
    "shown",
    [
        {"availabilityView": "00"},
        {"scheduleItems": [{"status": "busy"}], "availabilityView": "0" * 36},
        {"scheduleItems": [{"status": "busy", "start": None, "end": None}]},
        {"scheduleItems": 5, "availabilityView": "0" * 36},
    ],
    ids=["short view", "item without times", "item with null times", "no list"],
)
async def test_a_calendar_that_is_shown_in_part_is_unknown(shown: dict[str, Any]) -> None:
    """What cannot be read may be a meeting: nobody is free by it."""
    world = World()
    answer = {
        "status": 200,
        "body": {"value": [{"scheduleId": ALEX} | shown, {"scheduleId": ADELE, "scheduleItems": []}]},
    }
    world.fault({"path": GET_SCHEDULE, "action": answer})
    free, unknown = await find(world)
    assert hours(free, ALEX) == []
    assert hours(free, ADELE)
    assert [(each.address, each.code) for each in unknown] == [(ALEX, "notShown")]


async def test_each_address_has_to_be_allowed() -> None:
    """Rooms too: whose time may be asked for is what the settings say of the app and of the caller."""
    world = World({"ALLOWED_ORGANIZERS": f"{ALEX},{ADELE}"})
    await find(world)
    for changes in ({"organizers": [ALEX, "NestorW@contoso.com"]}, {"rooms": [ROOM]}):
        with pytest.raises(OrganizerNotAllowedError):
            await find(world, **changes)
    with pytest.raises(OrganizerNotAllowedError):
        await world.app.availability.find(parse_availability(asked()), Caller("c", frozenset({ALEX.lower()})))
    assert len(world.sent("POST", "/getSchedule")) == 1


async def test_the_largest_answer_takes_a_moment() -> None:
    """A hundred people for 62 days by the quarter of an hour: as many slots as they have, with all of them."""
    world = World()
    names = [f"user{number}@contoso.com" for number in range(100)]
    for name in names:
        world.tenant.add_user(name, name)
    window = {"start": at(0), "end": {"dateTime": "2027-03-23T01:00:00", "timeZone": PACIFIC}, "step": "PT15M"}
    free, _ = await find(world, organizers=names, **window)
    assert len(free) == 62 * 24 * 4 - 3
    assert all(slot.organizers == tuple(names) for slot in free)
    assert free[-1].time.end - free[0].time.start == timedelta(days=62)


@pytest.mark.parametrize(
    ("year", "starts"),
    [
        (2027, ["2027-06-01T12:00:00+00:00", "2027-06-01T13:00:00+00:00"]),
        (1970, ["1970-06-01T12:44:30+00:00", "1970-06-01T13:44:30+00:00"]),
    ],
)
async def test_the_offset_is_the_one_of_the_zone(year: int, starts: list[str]) -> None:
    """Monrovia's clocks were 44 minutes and 30 seconds behind, which RFC 3339 cannot write: UTC then."""
    window = {
        name: {"dateTime": f"{year}-06-01T{hour}:00:00", "timeZone": "Africa/Monrovia"}
        for name, hour in (("start", 12), ("end", 14))
    }
    answer = await InProcess(World()).call("POST", "/availability", asked(**window))
    assert answer.status == 200
    assert [slot["start"] for slot in answer.json["slots"]] == starts
