"""NCRONTAB against what the Functions host's own parser says, and against a look at every second."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.settings.values import ncrontab
from shared.validation.ncrontab import Ncrontab, parse_ncrontab

TABLE = Path(__file__).with_name("ncrontab.tsv")
ROWS = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines()]
RECORDED_AFTER = datetime(2026, 11, 29, 12, tzinfo=UTC)
RECORDED_UNTIL = RECORDED_AFTER + timedelta(days=365)


def _texts(verdict: str) -> list[str]:
    return [text for said, text, _ in ROWS if said == verdict]


def _times(schedule: Ncrontab, after: datetime, until: datetime, limit: int) -> list[datetime]:
    times: list[datetime] = []
    moment: datetime | None = after
    while len(times) < limit and (moment := schedule.next_after(moment)) and moment < until:
        times.append(moment)
    return times


@pytest.mark.parametrize(("text", "times"), [(text, times) for said, text, times in ROWS if said == "valid"])
def test_times_are_the_hosts(text: str, times: str) -> None:
    """The first three times within a year are those of NCrontab 3.4."""
    expected = [datetime.fromisoformat(f"{each}+00:00") for each in times.split()]
    assert _times(parse_ncrontab(text), RECORDED_AFTER, RECORDED_UNTIL, 3) == expected


@pytest.mark.parametrize("text", _texts("invalid"))
def test_what_the_host_refuses_is_refused(text: str) -> None:
    """By the parser, and as a setting."""
    for read in (parse_ncrontab, ncrontab):
        with pytest.raises(ValueError, match="has "):
            read(text)


@pytest.mark.parametrize("text", _texts("valid"))
def test_a_setting_is_what_the_host_takes_and_what_comes(text: str) -> None:
    """Of what the host takes, only 31 February is refused as a setting."""
    if text == "0 0 0 31 2 *":
        with pytest.raises(ValueError, match="never occurs"):
            ncrontab(text)
    else:
        assert ncrontab(text) == text


@pytest.mark.parametrize(
    ("text", "following"),
    [
        ("0 0 0 29 2 *", "2028-02-29T00:00:00"),
        ("0 0 0 29 2 Sun", "2032-02-29T00:00:00"),
        ("59 59 23 31 12 *", "2026-12-31T23:59:59"),
        ("0 0 0 * * s", "2026-12-06T00:00:00"),
        ("*/-2 * * * * *", "2026-11-29T12:00:01"),
        ("  0  0 0 1 1   *", "2027-01-01T00:00:00"),
    ],
)
def test_rare_and_strange_ones(text: str, following: str) -> None:
    """Leap days, also on a day of the week; names by their beginning; steps below one are one; blanks do not count."""
    assert parse_ncrontab(text).next_after(RECORDED_AFTER) == datetime.fromisoformat(f"{following}+00:00")


HALF_FIELDS = ["5/", "/5", "-5", "5-", "5,,6", ",5", "5,", "٤", "1_0", "1.5", "70/5", "*-5", "5-6-7", "5/x", "x"]


@pytest.mark.parametrize(
    "text",
    ["", "*", "* * * * * * *", "0\t0 0 0 1 1", "* * * * Mon *", *(f"{field} * * * * *" for field in HALF_FIELDS)],
)
def test_nothing_else_is_an_expression(text: str) -> None:
    """Whatever is half an expression is none."""
    with pytest.raises(ValueError, match="has "):
        parse_ncrontab(text)


def test_the_end_of_time() -> None:
    """A schedule does not come after the last year."""
    assert parse_ncrontab("0 0 0 1 1 *").next_after(datetime(9999, 6, 1, tzinfo=UTC)) is None


def _fields(least: int, most: int) -> st.SearchStrategy[tuple[str, frozenset[int]]]:
    """Make a field and the values that it stands for."""
    value = st.integers(least, most)
    singles = value.map(lambda each: (str(each), frozenset({each})))
    ranges = st.tuples(value, value, st.integers(1, 9)).map(
        lambda each: (
            f"{each[0]}-{each[1]}/{each[2]}",
            frozenset(range(min(each[:2]), max(each[:2]) + 1, each[2])),
        )
    )
    return st.just(("*", frozenset(range(least, most + 1)))) | singles | ranges


@given(
    st.tuples(_fields(0, 59), _fields(0, 59), _fields(0, 23)),
    st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - as it asks for
)
def test_the_next_time_of_day_is_the_next(fields: tuple[tuple[str, frozenset[int]], ...], moment: datetime) -> None:
    """It fits, it comes after the moment, and no second between the two fits."""
    seconds, minutes, hours = (values for _, values in fields)
    text = " ".join(text for text, _ in fields)
    following = parse_ncrontab(f"{text} * * *").next_after(moment)
    assert following is not None

    def fits(each: datetime) -> bool:
        return each.second in seconds and each.minute in minutes and each.hour in hours

    assert fits(following)
    assert following > moment
    each = moment.replace(microsecond=0) + timedelta(seconds=1)
    while each < following:
        assert not fits(each)
        if each.hour not in hours:
            each = each.replace(minute=0, second=0) + timedelta(hours=1)
        elif each.minute not in minutes:
            each = each.replace(second=0) + timedelta(minutes=1)
        else:
            each += timedelta(seconds=1)


@given(
    st.tuples(_fields(1, 31), _fields(1, 12), _fields(0, 6)),
    st.dates(datetime(2026, 1, 1).date(), datetime(2400, 1, 1).date()),  # noqa: DTZ001
)
def test_the_next_date_is_the_next(fields: tuple[tuple[str, frozenset[int]], ...], date: object) -> None:
    """So it is for dates, within the forty years in which a leap day comes on every day of the week."""
    days, months, days_of_week = (values for _, values in fields)
    text = " ".join(text for text, _ in fields)
    moment = datetime.fromisoformat(f"{date}T00:00:00+00:00")
    following = parse_ncrontab(f"0 0 0 {text}").next_after(moment)
    expected = moment
    for _ in range(15_000):
        expected += timedelta(days=1)
        if expected.day in days and expected.month in months and expected.isoweekday() % 7 in days_of_week:
            assert following == expected
            return
    assert following is None
