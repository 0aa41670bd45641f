"""Reservations: no stretch of a mailbox's time is reserved twice, whatever runs at once."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ConflictError, RowRefusedError
from shared.meeting.reservations import MOST_A_DAY, Entry, Reservations, days_between
from shared.meeting_request.pools import RESERVED_FOR
from tests.fakes import InMemoryTable

NURSE = "Nurse@contoso.com"
DAY = datetime(2027, 1, 20, tzinfo=UTC)
FIRST, LAST = date(2027, 1, 18), date(2027, 1, 24)


def entry(start: float, hours: float = 1, meeting: str = "a", attempt: int = 1) -> Entry:
    begin = DAY + timedelta(hours=start)
    return Entry(meeting, attempt, begin, begin + timedelta(hours=hours))


@pytest.fixture
def table() -> InMemoryTable:
    return InMemoryTable()


@pytest.fixture
def reservations(table: InMemoryTable) -> Reservations:
    return Reservations(table)


async def reserve(reservations: Reservations, *entries: Entry, mailbox: str = NURSE) -> None:
    known = await reservations.read(mailbox, FIRST, LAST)
    await reservations.reserve(mailbox, known, entries)


async def test_what_is_reserved_is_read_again(reservations: Reservations) -> None:
    """By any spelling of the mailbox, over midnight too, and once."""
    await reserve(reservations, entry(23, hours=2))
    known = await reservations.read(NURSE.upper(), FIRST, LAST)
    assert known.entries == {entry(23, hours=2)}
    assert set(known.rows) == {date(2027, 1, 20), date(2027, 1, 21)}
    assert not (await reservations.read("other@contoso.com", FIRST, LAST)).entries


async def test_the_longest_stretch_is_read_again(reservations: Reservations) -> None:
    """As much of a meeting as is reserved at all: a year."""
    longest = entry(0, hours=RESERVED_FOR / timedelta(hours=1))
    known = await reservations.read(NURSE, longest.start.date(), longest.end.date())
    await reservations.reserve(NURSE, known, [longest])
    assert (await reservations.read(NURSE, FIRST, LAST)).entries == {longest}


async def test_of_two_at_once_one_has_to_look_again(reservations: Reservations) -> None:
    """Both have read the same day; it does not matter that their stretches differ."""
    known = await reservations.read(NURSE, FIRST, LAST)
    await reservations.reserve(NURSE, known, [entry(9)])
    with pytest.raises(ConflictError):
        await reservations.reserve(NURSE, known, [entry(9, meeting="b")])
    with pytest.raises(ConflictError):
        await reservations.reserve(NURSE, known, [entry(50, meeting="b")], unchanged=[DAY.date()])
    await reservations.reserve(NURSE, known, [entry(50, meeting="b")])


async def test_the_days_of_a_series_are_reserved_together_or_not_at_all(reservations: Reservations) -> None:
    """A day that has changed keeps the others from being written."""
    known = await reservations.read(NURSE, FIRST, LAST)
    await reserve(reservations, entry(24 + 9, meeting="b"))
    with pytest.raises(ConflictError):
        await reservations.reserve(NURSE, known, [entry(9), entry(24 + 9), entry(48 + 9)])
    assert (await reservations.read(NURSE, FIRST, LAST)).entries == {entry(24 + 9, meeting="b")}


async def test_the_same_stretch_again_is_the_later_attempts(reservations: Reservations) -> None:
    """What an earlier attempt releases late leaves it alone."""
    await reserve(reservations, entry(9))
    await reserve(reservations, entry(9, attempt=2))
    await reservations.release(NURSE, FIRST, LAST, lambda each: each.meeting_id == "a" and each.attempt <= 1)
    assert (await reservations.read(NURSE, FIRST, LAST)).entries == {entry(9, attempt=2)}


async def test_what_is_released_leaves_no_row(reservations: Reservations, table: InMemoryTable) -> None:
    """The entries of others stay."""
    await reserve(reservations, entry(9), entry(33))
    await reserve(reservations, entry(11, meeting="b"))
    await reservations.release(NURSE, FIRST, LAST, lambda each: each.meeting_id == "a")
    assert (await reservations.read(NURSE, FIRST, LAST)).entries == {entry(11, meeting="b")}
    assert sum(map(len, table.partitions.values())) == 1


async def test_a_full_day_takes_no_more(reservations: Reservations) -> None:
    """The row stays within what a table holds."""
    entries = [entry(number / 100, 1 / 100, meeting=f"{number:036}") for number in range(MOST_A_DAY)]
    await reserve(reservations, *entries)
    with pytest.raises(RowRefusedError):
        await reserve(reservations, entry(23))


async def test_days_that_are_over_are_deleted(reservations: Reservations, table: InMemoryTable) -> None:
    """In some run of the upkeep; days that are not over stay."""
    await reserve(reservations, entry(9), entry(72))
    for _ in range(500):  # each looks into one of sixteen partitions
        await reservations.forget_past(DAY + timedelta(days=2))
    assert (await reservations.read(NURSE, FIRST, LAST)).entries == {entry(72)}
    assert sum(map(len, table.partitions.values())) == 1


async def test_a_damaged_row_counts_as_empty(reservations: Reservations, table: InMemoryTable) -> None:
    """The calendar still shows what is made; the next reservation writes over it."""
    await reserve(reservations, entry(9))
    [rows] = table.partitions.values()
    rows[next(iter(rows))].values["entries"] = '[["a"]]'
    await reserve(reservations, entry(9, meeting="b"))
    assert (await reservations.read(NURSE, FIRST, LAST)).entries == {entry(9, meeting="b")}


@given(st.integers(0, 200), st.integers(0, 6000))
def test_the_days_of_a_stretch_are_those_that_its_minutes_are_on(start: int, minutes: int) -> None:
    """An end at midnight is none of the next day; a stretch without length is on one."""
    begin = DAY + timedelta(minutes=start * 15)
    on = {(begin + timedelta(minutes=each)).date() for each in range(minutes)} or {begin.date()}
    assert set(days_between(begin, begin + timedelta(minutes=minutes))) == on
