"""Searches narrowed by status and start: what they find, in which order, and what a page of them costs."""

import uuid
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.access.callers import Caller
from shared.errors import InvalidContinuationError, InvalidRequestError
from shared.meeting import Meeting, Progress, Status
from shared.meeting.criteria import Criteria, Field
from shared.meeting.ledger import Ledger
from shared.storage.records import PARTITIONS
from shared.use_cases.finder import parse_filter
from tests.app_fixture import World
from tests.examples import CALENDAR, EXISTING, STANDALONE
from tests.fakes import InMemoryTable
from tests.proofs.scale.searches import costs

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
FIRST = datetime(2027, 1, 1, tzinfo=UTC)
ORGANIZERS = ("a@contoso.com", "b@contoso.com")
_HOURS = st.none() | st.integers(0, 6)
_CALLERS = st.sampled_from("xy")
_MOST_READ = 400  # of one page, as docs/api.md says


def meeting(number: int, organizer: str, status: Status, hour: int | None, caller: str | None = None) -> Meeting:
    start = {} if hour is None else {"start": _utc(FIRST + timedelta(hours=hour)), "end": _utc(FIRST)}
    return Meeting(
        id=str(uuid.UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128, version=4)),
        kind="existing" if hour is None else "calendar",
        organizer=organizer,
        reference=None,
        request={"organizer": organizer, "subject": "Prep"} | start,
        fingerprint="f",
        status=status,
        version=1,
        created_at=NOW + timedelta(seconds=number),
        updated_at=NOW,
        progress=Progress(version_started_at=NOW),
        reported=True,
        caller=caller,
    )


def _utc(moment: datetime) -> dict[str, str]:
    return {"dateTime": f"{moment:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}


def hour_of(each: Meeting) -> int | None:
    start = (each.request or {}).get("start")
    return start and int((datetime.fromisoformat(start["dateTime"]).replace(tzinfo=UTC) - FIRST).total_seconds() / 3600)


def at(hour: int) -> tuple[datetime, int]:
    return FIRST + timedelta(hours=hour), 0


async def all_pages(ledger: Ledger, criteria: Criteria, top: int, caller: str | None = None) -> list[str]:
    found: list[str] = []
    continuation = None
    while True:
        page = await ledger.search(criteria, top, continuation, caller=caller)
        assert len(page.items) <= top
        found += [each.id for each in page.items]
        if (continuation := page.continuation) is None:
            return found


class TestWhatIsFound:
    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.tuples(st.sampled_from(ORGANIZERS), st.sampled_from(Status), _HOURS, _CALLERS), max_size=30),
        st.none() | st.sampled_from(ORGANIZERS),
        st.none() | st.sampled_from(Status),
        st.tuples(_HOURS, _HOURS),
        st.integers(1, 7),
        st.sampled_from([None, "x"]),
    )
    async def test_any_meetings_any_criteria(
        self,
        made: list[tuple[str, Status, int | None, str]],
        organizer: str | None,
        status: Status | None,
        span: tuple[int | None, int | None],
        top: int,
        caller: str | None,
    ) -> None:
        """Each meeting that meets all of them comes once, by its start where one is named, else newest first."""
        first, last = span
        if organizer is None and status is None and first is None and last is None:
            return
        ledger = Ledger(InMemoryTable())
        meetings = [meeting(number, *each) for number, each in enumerate(made)]
        for each in meetings:
            await ledger.insert(each)
        by_start = first is not None or last is not None

        def meets(each: Meeting) -> bool:
            hour = hour_of(each)
            return (
                organizer in {None, each.organizer}
                and status in {None, each.status}
                and (not by_start or hour is not None)
                and (first is None or (hour is not None and hour >= first))
                and (last is None or (hour is not None and hour < last))
                and caller in {None, each.caller}
            )

        def place(each: Meeting) -> tuple[Any, ...]:
            return (hour_of(each), each.id) if by_start else (-each.created_at.timestamp(), each.id)

        criteria = Criteria(
            Field.ORGANIZER if organizer else None,
            organizer or "",
            status,
            None if first is None else at(first),
            None if last is None else at(last),
        )
        assert await all_pages(ledger, criteria, top, caller) == [
            each.id for each in sorted(filter(meets, meetings), key=place)
        ]

    async def test_when_a_request_starts(self) -> None:
        """An event by the clock of its zone, an online meeting by its offset, an existing event at no time."""
        world = World()
        calendar = await world.made(
            CALENDAR
            | {
                "start": {"dateTime": "2027-06-01T00:30:00", "timeZone": "Tokyo Standard Time"},
                "end": {"dateTime": "2027-06-01T01:00:00", "timeZone": "Tokyo Standard Time"},
            }
        )
        times = {"startDateTime": "2027-06-01T00:00:00.0000001+01:00", "endDateTime": "2027-06-01T02:00:00+01:00"}
        standalone = await world.made(STANDALONE | times)
        await world.made(EXISTING)

        async def found(**parameters: str) -> list[str]:
            page = await world.app.finder.find(parse_filter(parameters))
            return [each.id or "" for each in page.items]

        assert await found(**{"from": "2027-05-31", "to": "2027-06-01"}) == [calendar.id, standalone.id]
        assert await found(**{"from": "2027-05-31T15:30:00Z", "to": "2027-05-31T23:00:00Z"}) == [calendar.id]
        assert await found(**{"from": "2027-05-31T15:30:00.0000001Z"}) == [standalone.id]
        assert await found(**{"from": "2027-06-01T00:00:00+01:00"}) == [standalone.id]
        assert await found(**{"from": "2027-05-31T23:00:00.0000002Z"}) == []
        assert await found(to="2027-05-31T16:30:00+01:00") == []

    async def test_a_change_of_the_start_is_found(self) -> None:
        """By the new start, and no more by the old one."""
        world = World()
        made = await world.made(CALENDAR)
        times = {
            "start": {"dateTime": "2031-01-01T10:00:00", "timeZone": "UTC"},
            "end": {"dateTime": "2031-01-01T11:00:00", "timeZone": "UTC"},
        }
        await world.app.changes.patch(made.id, times)
        for day, expected in (("2031-01-01", [made.id]), ("2026-01-01", [])):
            next_day = f"{datetime.fromisoformat(day) + timedelta(days=1):%Y-%m-%d}"
            page = await world.app.finder.find(parse_filter({"from": day, "to": next_day}))
            assert [each.id for each in page.items] == expected

    async def test_a_narrowed_link_is_not_looked_for_in_graph(self) -> None:
        """What this app did not make has no status and no requested start."""
        world = World()
        made = await world.made(CALENDAR)
        asked = len(world.tenant.requests)
        base = {"joinUrl": made.outcome.join_url or "", "organizer": "AlexW@contoso.com"}
        for narrowing in ({"status": "failed"}, {"from": "2040-01-01"}, {"to": "2000-01-01"}):
            page = await world.app.finder.find(parse_filter(base | narrowing))
            assert (list(page.items), page.continuation) == ([], None)
        found = await world.app.finder.find(parse_filter(base | {"status": "succeeded", "from": "2000-01-01"}))
        assert [each.id for each in found.items] == [made.id]
        assert len(world.tenant.requests) == asked

    async def test_a_caller_finds_its_own(self) -> None:
        """Among the meetings of all callers, by start and by status alike."""
        world = World()
        for number, caller in enumerate(("x", "y")):
            await world.ledger.insert(meeting(number, ORGANIZERS[0], Status.FAILED, 1, caller))
        for parameters in ({"from": "2027-01-01"}, {"status": "failed"}):
            page = await world.app.finder.find(parse_filter(parameters), Caller("x", sees_all=False))
            assert [each.caller for each in page.items if isinstance(each, Meeting)] == ["x"]


class TestParameters:
    @pytest.mark.parametrize("name", ["from", "to"])
    @pytest.mark.parametrize(
        ("value", "code"),
        [
            ("2027-01-01T10:00:00", "missingOffset"),
            ("2027-01-01T10:00", "missingOffset"),
            ("2027-13-01", "invalidDateTime"),
            ("2027-02-30T10:00:00Z", "invalidDateTime"),
            ("2027-01-01T10:00:00 01:00", "invalidDateTime"),
            ("2027-01-01T10:00:00+25:00", "invalidDateTime"),
            ("0001-01-01", "invalidDateTime"),
            ("tomorrow", "invalidDateTime"),
            ("", "invalidDateTime"),
            ("9" * 5000, "invalidDateTime"),
        ],
    )
    def test_an_instant_has_an_offset_or_is_a_day(self, name: str, value: str, code: str) -> None:
        """The pointer names the parameter; the message names it, too, and shows what was given."""
        with pytest.raises(InvalidRequestError) as refused:
            parse_filter({"organizer": "a@b.c", name: value})
        [fault] = refused.value.faults
        assert (fault.pointer, fault.code) == (f"/{name}", code)
        assert fault.message.startswith(f"{name} must be ")
        assert len(fault.message) < 500

    def test_every_fault_at_once(self) -> None:
        """Of a search in which everything is wrong."""
        with pytest.raises(InvalidRequestError) as refused:
            parse_filter({"status": "done", "from": "x", "to": "2027-01-01T10:00:00", "top": "0", "reference": ""})
        assert [fault.pointer for fault in refused.value.faults] == ["/reference", "/status", "/from", "/to", "/top"]

    @pytest.mark.parametrize(
        "parameters",
        [dict(zip(names, ("queued", "2027-01-01", "2027-02-01"), strict=False)) for names in (("status",),)]
        + [
            {"from": "2027-01-01"},
            {"to": "2027-01-01"},
            {"from": "2027-01-01", "to": "2027-01-01", "status": "failed"},
        ],
    )
    def test_what_narrows_may_stand_alone(self, parameters: dict[str, str]) -> None:
        """Status, from and to need no other filter."""
        assert parse_filter(parameters).criteria.field is None

    def test_they_narrow_every_filter(self) -> None:
        """Each of them beside each field."""
        values = {"organizer": "a@b.c", "joinUrl": "https://teams.microsoft.com/l/meetup-join/19%3ax%40thread.v2/0"}
        narrowing = {"status": "failed", "from": "2027-01-01", "to": "2027-01-02"}
        for field, name in product([each for each in Field if each is not Field.STATUS], narrowing):
            criteria = parse_filter({field: values.get(field, "x"), name: narrowing[name]}).criteria
            assert (criteria.field, criteria.narrowed) == (field, True)


class TestPages:
    @pytest.mark.parametrize(
        ("criteria", "other"),
        [
            (Criteria(starts_from=at(0)), Criteria(Field.ORGANIZER, ORGANIZERS[0])),
            (Criteria(Field.ORGANIZER, ORGANIZERS[0]), Criteria(starts_from=at(0))),
        ],
    )
    async def test_a_token_is_of_one_order(self, criteria: Criteria, other: Criteria) -> None:
        """A page by start does not go on where one by creation ended."""
        ledger = Ledger(InMemoryTable())
        for number in range(3):
            await ledger.insert(meeting(number, ORGANIZERS[0], Status.QUEUED, number))
        page = await ledger.search(criteria, 1)
        assert page.continuation
        with pytest.raises(InvalidContinuationError):
            await ledger.search(other, 1, page.continuation)

    async def test_a_token_leads_to_nothing_outside_the_span(self) -> None:
        """Whoever takes the token of another span sees none of it before this one begins."""
        ledger = Ledger(InMemoryTable())
        for number in range(6):
            await ledger.insert(meeting(number, ORGANIZERS[0], Status.QUEUED, number))
        early = await ledger.search(Criteria(starts_from=at(0)), 1)
        late = await ledger.search(Criteria(starts_from=at(4)), 10, early.continuation)
        assert [hour_of(each) for each in late.items] == [4, 5]

    async def test_a_page_is_bounded(self) -> None:
        """One that meets few of many meetings reads 400 of them, and says that there may be more."""
        table = InMemoryTable()
        ledger = Ledger(table)
        count = 900
        for number in range(count):
            last = number == count - 1
            await ledger.insert(meeting(number, ORGANIZERS[last], Status.SUCCEEDED, number))
        criteria = Criteria(Field.ORGANIZER, ORGANIZERS[1], starts_from=at(0))
        read = table.records_read
        page = await ledger.search(criteria, 25)
        assert not page.items
        assert page.continuation
        assert table.records_read - read == _MOST_READ
        assert len(await all_pages(ledger, criteria, 25)) == 1


async def test_a_page_costs_the_same_in_a_larger_ledger() -> None:
    """Sixteen range reads, and a point read for each record that is looked at; docs/scale.md has a million."""
    small, large = await costs(1000), await costs(4000)
    assert small["`organizer`"] == large["`organizer`"] == len(PARTITIONS) + 25
    most = 5 * len(PARTITIONS) + _MOST_READ
    assert all(each <= most for name, each in large.items() if name != "the summary")
    assert large["`organizer` and `status=failed`"] == small["`organizer` and `status=failed`"]
