"""A pool of organizers: one who is free is chosen, kept, and never had twice for times that overlap."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.access.callers import Caller
from shared.access.origin import Origin
from shared.errors import ChangeRefusedError, OrganizerNotAllowedError
from shared.meeting import Meeting, Status
from shared.meeting.ledger import Field
from shared.meeting_request import parse_request
from shared.use_cases.provision.meeting_times import times_of
from tests.app_fixture import World
from tests.examples import CALENDAR, STANDALONE

NURSES = [f"Nurse{number}@contoso.com" for number in range(5)]
BASE = {name: value for name, value in CALENDAR.items() if name not in {"organizer", "attendees"}}


def pooled(candidates: list[str] = NURSES, strategy: str = "leastBusy", hour: float = 9, **more: Any) -> dict[str, Any]:
    """Return a request for an hour of one day."""
    start = datetime(2027, 1, 20, tzinfo=UTC) + timedelta(hours=hour)
    times = {
        name: {"dateTime": moment.replace(tzinfo=None).isoformat(), "timeZone": "UTC"}
        for name, moment in (("start", start), ("end", start + timedelta(hours=1)))
    }
    return BASE | times | {"organizerPool": {"candidates": candidates, "strategy": strategy}} | more


def weekly(number: int | None = None) -> dict[str, Any]:
    """Return the recurrence of a series on the day of `pooled`, without an end if no number is given."""
    extent = {"type": "numbered", "numberOfOccurrences": number} if number else {"type": "noEnd"}
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": ["wednesday"]}
    return {"pattern": pattern, "range": {"startDate": "2027-01-20"} | extent}


@pytest.fixture
def world() -> World:
    world = World()
    for nurse in NURSES:
        world.tenant.add_user(nurse, nurse)
    return world


async def made(world: World, *requests: Mapping[str, Any]) -> list[Meeting]:
    """Return the meetings of requests that come at once, when all are at their end."""
    meetings = [await world.accept(request) for request in requests]
    await world.settle()
    return [await world.ledger.read(meeting.id) for meeting in meetings]


async def seen(world: World, meeting: Meeting) -> Meeting:
    await world.settle()
    return await world.ledger.read(meeting.id)


def reserved_rows(world: World) -> int:
    return sum(len(rows) for name, rows in world.mailboxes_table.partitions.items() if name.startswith("reserved"))


class TestChoice:
    async def test_two_hosts_at_the_same_moment(self, world: World) -> None:
        """Both see the same calendars, in which nobody has anything yet: the reservation decides."""
        for _ in range(2):
            await world.accept(pooled(strategy="first"))
        world.tenant.settings.latency_seconds = 0.01
        texts = world.requests.take()
        await asyncio.gather(*(world.new_host().message_handler.handle(text, None) for text in texts))
        await world.settle()
        assert [len(world.events(nurse.lower())) for nurse in NURSES[:3]] == [1, 1, 0]

    @pytest.mark.parametrize("strategy", ["leastBusy", "first", "rotate"])
    async def test_thirty_at_once_for_five(self, world: World, strategy: str) -> None:
        """Five are made with five organizers; the others end nobodyFree and say who is busy, without a subject."""
        meetings = await made(world, *(pooled(strategy=strategy) for _ in range(30)))
        succeeded = [meeting for meeting in meetings if meeting.status is Status.SUCCEEDED]
        assert sorted(meeting.organizer or "" for meeting in succeeded) == NURSES
        assert all(len(world.events(nurse.lower())) == 1 for nurse in NURSES)
        failed = [meeting.error for meeting in meetings if meeting.status is Status.FAILED]
        assert len(failed) == 25
        assert {error.code for error in failed if error} == {"nobodyFree"}
        assert all(error and f"{nurse} is busy" in error.message for error in failed for nurse in NURSES)
        assert not any(CALENDAR["subject"] in (error.message if error else "") for error in failed)
        assert all(meeting.organizer is None for meeting in meetings if meeting.status is Status.FAILED)

    @pytest.mark.parametrize("strategy", ["leastBusy", "rotate"])
    async def test_everybody_has_as_many(self, world: World, strategy: str) -> None:
        """Twelve meetings of one day, all at once: no two organizers differ by more than one."""
        meetings = await made(world, *(pooled(strategy=strategy, hour=hour) for hour in range(12)))
        counts = Counter(meeting.organizer for meeting in meetings)
        assert len(counts) == len(NURSES)
        assert max(counts.values()) - min(counts.values()) <= 1

    async def test_first_is_the_first_who_is_free(self, world: World) -> None:
        """In the order given."""
        [meeting] = await made(world, pooled(strategy="first"))
        assert meeting.organizer == NURSES[0]
        [meeting] = await made(world, pooled(strategy="first"))
        assert meeting.organizer == NURSES[1]

    async def test_least_busy_counts_the_day_in_the_zone_of_the_request(self, world: World) -> None:
        """Booked the day before by UTC, which is the same day in New York, counts; what is free does not."""
        await made(world, pooled(NURSES[:2], "first", hour=29), pooled(NURSES[:2], "first", hour=2))
        new_york = {
            name: {"dateTime": f"2027-01-20T{hour}:00:00", "timeZone": "America/New_York"}
            for name, hour in (("start", 22), ("end", 23))
        }
        [meeting] = await made(world, pooled(NURSES[:2]) | new_york)  # 29:00 UTC is midnight there
        assert meeting.organizer == NURSES[0]
        [meeting] = await made(world, pooled(NURSES[:2], hour=15))
        assert meeting.organizer == NURSES[1]

    async def test_a_calendar_that_is_taken_is_left_alone(self, world: World) -> None:
        """By a meeting that people made in Outlook, by one of this app that is not made yet, and by an invitation."""
        named = CALENDAR | {"organizer": NURSES[0], "attendees": [{"emailAddress": {"address": NURSES[1]}}]}
        times = {name: pooled()[name] for name in ("start", "end")}
        _, meeting = await made(world, named | times, pooled(strategy="first"))
        assert meeting.organizer == NURSES[2]

    async def test_one_without_a_mailbox_is_passed_over(self, world: World) -> None:
        """And named where nobody else is free."""
        [meeting] = await made(world, pooled(["NoMailbox@contoso.com", "NoSuch@contoso.com", NURSES[0]], "first"))
        assert (meeting.status, meeting.organizer) == (Status.SUCCEEDED, NURSES[0])
        [meeting] = await made(world, pooled(["NoMailbox@contoso.com", NURSES[0]], "first"))
        assert meeting.error
        assert meeting.error.code == "nobodyFree"
        assert "NoMailbox@contoso.com: Graph does not know the address (5016)" in meeting.error.message

    async def test_where_graph_refuses_everybody_readiness_says_why(self, world: World) -> None:
        """Another time would not help: of organizers their readiness does, of rooms their addresses."""
        [meeting] = await made(world, pooled(["NoMailbox@contoso.com", "NoSuch@contoso.com"]))
        assert meeting.error
        assert meeting.error.code == "nobodyFree"
        assert "/readiness" in meeting.error.remedy
        assert "availability" not in meeting.error.remedy
        [meeting] = await made(world, pooled(roomPool={"candidates": ["NoSuch@contoso.com"]}))
        assert meeting.error
        assert meeting.error.code == "noRoomFree"
        assert "GET /api/rooms" in meeting.error.remedy

    @pytest.mark.parametrize("request_for", ["options", "standalone"])
    async def test_one_without_a_policy_is_passed_over_before_anything_is_made(
        self, world: World, request_for: str
    ) -> None:
        """Nobody is invited twice: Teams is asked first."""
        candidates = ["NoPolicy@contoso.com", NURSES[3]]
        pool = {"organizerPool": {"candidates": candidates, "strategy": "first"}, "organizer": None}
        request = (STANDALONE | pool) if request_for == "standalone" else pooled() | pool
        if request_for == "options":
            request |= {"options": {"allowedPresenters": "organizer"}}
        [meeting] = await made(world, request)
        assert (meeting.status, meeting.organizer) == (Status.SUCCEEDED, NURSES[3])
        assert [each.code for each in meeting.passed_over] == ["applicationAccessPolicyMissing"]
        assert not world.events("nopolicy@contoso.com")

    async def test_one_who_is_invited_too_is_not_invited_to_their_own_meeting(self, world: World) -> None:
        """Whoever is chosen leaves the attendees; the request stays as it was asked for."""
        guests = [{"emailAddress": {"address": name}} for name in (NURSES[0], "AdeleV@contoso.com")]
        [meeting] = await made(world, pooled(NURSES[:2], "first", attendees=guests))
        [event] = world.events(NURSES[0].lower())
        assert [each["emailAddress"]["address"] for each in event.properties["attendees"]] == ["AdeleV@contoso.com"]
        assert (meeting.request or {})["organizerPool"]["candidates"] == NURSES[:2]
        refreshed = await world.app.refreshing.refresh(meeting.id)
        assert refreshed.observed
        assert refreshed.observed.changes == ()
        _, invitation = await world.app.invitations.write(meeting.id)
        assert f"ORGANIZER:mailto:{NURSES[0]}" in invitation.decode().replace("\r\n ", "")

    async def test_an_object_id_and_a_name_are_one_mailbox(self, world: World) -> None:
        """Two pools that name one person differently do not have them twice."""
        [nurse] = [user for user in world.tenant.users if user.user_principal_name == NURSES[0]]
        one, other = await made(world, pooled([nurse.id, NURSES[1]], "first"), pooled([NURSES[0], NURSES[2]], "first"))
        assert (one.organizer, other.organizer) == (nurse.id, NURSES[2])


class TestCost:
    @pytest.mark.parametrize("number", [5, 20])
    async def test_the_page_on_scale_has_what_a_pool_costs(self, number: int) -> None:
        """Operations on both tables, and calls to Graph."""
        counts: dict[str, tuple[int, int, int]] = {}
        for strategy in ("leastBusy", "first", "rotate"):
            world = World()
            nurses = [f"nurse{each}@contoso.com" for each in range(number)]
            for nurse in nurses:
                world.tenant.add_user(nurse, nurse)
            await made(world, pooled(nurses, strategy))
            tables = (world.table.operations, world.mailboxes_table.operations)
            counts[strategy] = (tables[0] - 1, tables[1], len(world.tenant.requests))  # the last read is the test's
        meetings, mailboxes, calls = counts["leastBusy"]
        assert counts["first"] == counts["leastBusy"]
        page = (Path(__file__).parents[4] / "docs" / "scale.md").read_text(encoding="utf-8")
        row = f"| of a pool of {number} | {meetings} | {mailboxes} | {counts['rotate'][1]} | {calls} |"
        assert row in page, row


class TestKept:
    async def test_a_move_keeps_the_organizer(self, world: World) -> None:
        """Also by half an hour, over the meeting's own old time; the old time is free then."""
        [meeting] = await made(world, pooled(NURSES[:2], "first"))
        later = {name: pooled(hour=9.5)[name] for name in ("start", "end")}
        await world.app.changes.patch(meeting.id, later)
        moved = await seen(world, meeting)
        assert (moved.status, moved.organizer, moved.version) == (Status.SUCCEEDED, NURSES[0], 2)
        [before] = await made(world, pooled(NURSES[:2], "first", hour=8.5))
        assert before.organizer == NURSES[0]

    async def test_a_move_to_where_they_are_busy_fails_and_the_old_time_stays(self, world: World) -> None:
        """In Graph and reserved; though another of the pool would be free."""
        [meeting] = await made(world, pooled(NURSES[:2], "first"))
        [other] = await made(world, pooled(NURSES[:2], "first", hour=12))
        assert other.organizer == NURSES[0]
        await world.app.changes.patch(meeting.id, {name: pooled(hour=12.5)[name] for name in ("start", "end")})
        moved = await seen(world, meeting)
        assert (moved.status, moved.organizer) == (Status.FAILED, NURSES[0])
        assert moved.error
        assert moved.error.code == "nobodyFree"
        assert moved.error.message.startswith(f"{NURSES[0]} is busy from 2027-01-20T12:30:00Z")
        assert "cancel the meeting and send a new request" in moved.error.remedy
        [third] = await made(world, pooled(NURSES[:2], "first"))
        assert third.organizer == NURSES[1]
        await world.app.changes.cancel(other.id, None)
        await world.app.changes.retry(meeting.id)
        assert (await seen(world, meeting)).status is Status.SUCCEEDED

    async def test_a_change_of_the_subject_asks_no_calendar(self, world: World) -> None:
        """The times are as they were."""
        [meeting] = await made(world, pooled())
        asked = len(world.sent("POST", "getSchedule"))
        await world.app.changes.patch(meeting.id, {"subject": "Other"})
        assert (await seen(world, meeting)).organizer == meeting.organizer
        assert len(world.sent("POST", "getSchedule")) == asked

    async def test_the_pool_cannot_change(self, world: World) -> None:
        """To name its default strategy is no change."""
        [meeting] = await made(world, pooled(NURSES[:2]))
        with pytest.raises(ChangeRefusedError, match=r"^organizerPool cannot change: the organizer is chosen once\."):
            await world.app.changes.patch(meeting.id, {"organizerPool": {"strategy": "first"}})
        same = await world.app.changes.patch(meeting.id, {"organizerPool": {"strategy": "leastBusy"}})
        assert same.version == 1

    async def test_a_meeting_is_found_by_the_organizer_who_was_chosen(self, world: World) -> None:
        """And by none of the others."""
        [meeting] = await made(world, pooled(NURSES[:2], "first"))
        assert [each.id for each in (await world.ledger.find(Field.ORGANIZER, NURSES[0], 9)).items] == [meeting.id]
        assert not (await world.ledger.find(Field.ORGANIZER, NURSES[1], 9)).items


class TestLetGo:
    async def test_a_cancellation_frees_the_time(self, world: World) -> None:
        """Of one that is made, and of one that is not."""
        [meeting] = await made(world, pooled(NURSES[:2], "first"))
        await world.app.changes.cancel(meeting.id, None)
        await seen(world, meeting)
        assert reserved_rows(world) == 0
        waiting = await world.accept(pooled())
        await world.app.changes.cancel(waiting.id, None)
        assert (await seen(world, waiting)).status is Status.CANCELLED
        assert reserved_rows(world) == 0

    async def test_a_failed_meeting_is_tried_again(self, world: World) -> None:
        """Once somebody is free."""
        first, second, third = await made(world, *(pooled(NURSES[:2]) for _ in range(3)))
        assert third.status is Status.FAILED
        await world.app.changes.cancel(first.id, None)
        await world.app.changes.retry(third.id)
        assert (await seen(world, third)).organizer == first.organizer
        assert second.organizer != first.organizer

    async def test_what_failed_holds_nobody(self, world: World) -> None:
        """An organizer who was chosen and then refused for the request's sake is free again."""
        world.fault({"method": "POST", "path": "/events$", "action": {"status": 400, "code": "ErrorInvalidProperty"}})
        [meeting] = await made(world, pooled())
        assert (meeting.status, meeting.organizer, meeting.reserved) == (Status.FAILED, None, None)
        assert reserved_rows(world) <= 2  # empty, as far as they are there
        world.fault()
        [meeting] = await made(world, pooled(NURSES[:2], "first"))
        assert meeting.organizer == NURSES[0]

    async def test_a_forgotten_meeting_leaves_nothing(self, world: World) -> None:
        """Its event stays in the calendar, which shows it."""
        [meeting] = await made(world, pooled(NURSES[:2], "first"))
        await world.app.forgetting.forget(meeting.id)
        assert meeting.id not in str(world.mailboxes_table.partitions)
        [other] = await made(world, pooled(NURSES[:2], "first"))
        assert other.organizer == NURSES[1]

    async def test_what_was_removed_in_outlook_frees_the_time(self, world: World) -> None:
        """Once somebody has looked."""
        [meeting] = await made(world, pooled(NURSES[:2], "first"))
        world.tenant.mailboxes[NURSES[0].lower()].events.clear()
        refreshed = await world.app.refreshing.refresh(meeting.id)
        assert refreshed.observed
        assert refreshed.observed.state == "removed"
        [other] = await made(world, pooled(NURSES[:2], "first"))
        assert other.organizer == NURSES[0]


class TestRights:
    async def test_one_candidate_who_is_not_allowed_refuses_the_whole_request(self) -> None:
        """By ALLOWED_ORGANIZERS, and by the caller's own organizers."""
        world = World({"ALLOWED_ORGANIZERS": "AlexW@contoso.com"})
        request = pooled(["AlexW@contoso.com", "AdeleV@contoso.com"])
        with pytest.raises(OrganizerNotAllowedError, match="AdeleV"):
            await world.accept(request)
        caller = Caller("one", frozenset({"alexw@contoso.com"}), sees_all=False)
        with pytest.raises(OrganizerNotAllowedError, match="AdeleV"):
            await World().app.acceptance.accept(request, Origin(caller))

    async def test_who_may_not_name_all_may_not_change_it(self, world: World) -> None:
        """While nobody is chosen; then the one who is counts."""
        meeting = await world.accept(pooled(NURSES[:2], "first"))
        caller = Caller("one", frozenset({NURSES[0].lower()}))
        with pytest.raises(OrganizerNotAllowedError):
            await world.app.changes.patch(meeting.id, {"subject": "x"}, Origin(caller))
        await world.settle()
        await world.app.changes.patch(meeting.id, {"subject": "x"}, Origin(caller))


class TestSeries:
    async def test_every_occurrence_of_62_days_is_free(self, world: World) -> None:
        """One who is busy at a later occurrence is not chosen; until when it was looked is known."""
        await made(world, pooled(NURSES[:2], "first", hour=9 + 24 * 14))
        [series] = await made(world, pooled(NURSES[:2], "first", recurrence=weekly()))
        assert series.organizer == NURSES[1]
        assert series.reserved
        assert series.reserved.looked_until == datetime(2027, 3, 17, 10, tzinfo=UTC)
        [other] = await made(world, pooled(NURSES[:2], "first", hour=9 + 24 * 21))
        assert other.organizer == NURSES[0]

    @pytest.mark.parametrize("series_first", [True, False])
    async def test_every_occurrence_of_a_year_is_reserved(self, world: World, *, series_first: bool) -> None:
        """Whichever comes first, beyond the window of the calendars; a cancelled series holds none of them."""
        request = pooled(NURSES[:2], "first", recurrence=weekly(12))
        tenth = pooled(NURSES[:2], "first", hour=9 + 24 * 7 * 9)
        one, other = await made(world, *((request, tenth) if series_first else (tenth, request)))
        assert (one.organizer, other.organizer) == tuple(NURSES[:2])
        for meeting in (one, other):
            await world.app.changes.cancel(meeting.id, None)
        await world.settle()
        assert reserved_rows(world) == 0

    async def test_a_series_is_moved_as_a_whole(self, world: World) -> None:
        """By half an hour, over its own old times; of the old ones none is left, of the new ones none is had twice."""
        [series] = await made(world, pooled(NURSES[:2], "first", recurrence=weekly(52)))
        later = {name: pooled(hour=9.5)[name] for name in ("start", "end")}
        await world.app.changes.patch(series.id, later)
        moved = await seen(world, series)
        assert (moved.status, moved.organizer) == (Status.SUCCEEDED, NURSES[0])
        last = 24 * 7 * 51
        before, during = await made(world, *(pooled(NURSES[:2], "first", hour=hour + last) for hour in (8.5, 10)))
        assert (before.organizer, during.organizer) == tuple(NURSES[:2])

    async def test_a_reminder_at_midnight_is_reserved_on_its_last_day_too(self, world: World) -> None:
        """A series of no length, which ends on a day that holds another reservation."""
        last_day = pooled(NURSES[:2], "first", hour=24 * 14)
        midnight = {"dateTime": "2027-01-20T00:00:00", "timeZone": "UTC"}
        reminder = pooled(NURSES[:2], "first", recurrence=weekly(3), start=midnight, end=midnight)
        other, series = await made(world, last_day, reminder)
        assert (other.organizer, series.organizer) == (NURSES[0], NURSES[0])

    def test_a_day_of_the_calendar_may_have_23_hours(self) -> None:
        """The clocks of Berlin are put forward on 28 March."""
        request = parse_request(
            CALENDAR
            | {
                name: {"dateTime": f"2027-03-28T{hour}:00:00", "timeZone": "Europe/Berlin"}
                for name, hour in (("start", 12), ("end", 13))
            }
        )
        times = times_of(request, datetime(2026, 1, 1, tzinfo=UTC))  # type: ignore[arg-type]
        assert times.day.end - times.day.start == timedelta(hours=23)
