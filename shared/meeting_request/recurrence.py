"""How a calendar meeting repeats: a pattern, and the range in which it holds.

https://learn.microsoft.com/graph/api/resources/patternedrecurrence
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, cast

from pydantic import ConfigDict, Field

from shared.validation.closed_model import ClosedModel
from shared.validation.date_times import CalendarDate, DateTimeTimeZone
from shared.validation.draft import Draft
from shared.validation.findings import Finding
from shared.validation.list_bound import ItemCount
from shared.validation.text import AnyCase
from shared.validation.time_zones import TimeZone

DAYS_A_WEEK = 7
_INT32_MAX = 2**31 - 1  # Graph's counts are Edm.Int32

Count = Annotated[int, Field(ge=1, le=_INT32_MAX)]
type DayOfWeek = Annotated[
    Literal["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"],
    AnyCase(),
]


type RecurrencePatternType = Annotated[
    Literal["daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"], AnyCase()
]
type WeekIndex = Annotated[Literal["first", "second", "third", "fourth", "last"], AnyCase()]
type RecurrenceRangeType = Annotated[Literal["endDate", "noEnd", "numbered"], AnyCase()]


class RecurrencePattern(ClosedModel):
    """How often.

    Attributes:
        type: The type of the pattern, which decides which other members it has.
        interval: The number of units of the type from one occurrence to the next.
        days_of_week: The days of the week.
        first_day_of_week: The first day of a week.
        day_of_month: The day of the month.
        month: The month of the year.
        index: Which of these days in the month; `first` by default.

    https://learn.microsoft.com/graph/api/resources/recurrencepattern
    """

    type: RecurrencePatternType
    interval: Count
    days_of_week: (
        Annotated[tuple[DayOfWeek, ...], Field(strict=False, min_length=1), ItemCount(most=DAYS_A_WEEK)] | None
    ) = None
    first_day_of_week: DayOfWeek | None = None
    day_of_month: Annotated[int, Field(ge=1, le=31)] | None = None
    month: Annotated[int, Field(ge=1, le=12)] | None = None
    index: WeekIndex | None = None


class RecurrenceRange(ClosedModel):
    """From when until when.

    Attributes:
        type: The type of the range, which decides which other members it has.
        start_date: The date of the first occurrence.
        end_date: The last date on which an occurrence may be.
        number_of_occurrences: The number of occurrences.
        recurrence_time_zone: The time zone of the dates; by default that of the start.

    https://learn.microsoft.com/graph/api/resources/recurrencerange
    """

    type: RecurrenceRangeType
    start_date: CalendarDate
    end_date: CalendarDate | None = None
    number_of_occurrences: Count | None = None
    recurrence_time_zone: TimeZone | None = None


class Recurrence(ClosedModel):
    """A pattern and its range.

    Attributes:
        pattern: How often the meeting takes place.
        range: From when until when.

    https://learn.microsoft.com/graph/api/resources/patternedrecurrence
    """

    model_config = ConfigDict(title="PatternedRecurrence")

    pattern: RecurrencePattern
    range: RecurrenceRange


# The members that each type needs, and those that it may have. Graph shows the others with zeros, and ignores them.
PATTERN_NEEDS: Mapping[str, tuple[str, ...]] = {
    "daily": (),
    "weekly": ("daysOfWeek",),
    "absoluteMonthly": ("dayOfMonth",),
    "relativeMonthly": ("daysOfWeek",),
    "absoluteYearly": ("dayOfMonth", "month"),
    "relativeYearly": ("daysOfWeek", "month"),
}
PATTERN_MAY_HAVE: Mapping[str, tuple[str, ...]] = {
    "weekly": ("firstDayOfWeek",),
    "relativeMonthly": ("index",),
    "relativeYearly": ("index",),
}
RANGE_NEEDS: Mapping[str, tuple[str, ...]] = {
    "endDate": ("endDate",),
    "noEnd": (),
    "numbered": ("numberOfOccurrences",),
}
_NUMBERS = frozenset({"dayOfMonth", "month", "numberOfOccurrences"})


def members_without_meaning(part: str, given: Any) -> frozenset[str]:
    """Return the names of the members that only other types of a `pattern` or a `range` have.

    A member that has another JSON type than in Graph's answers is not among them: it is a fault.

    Args:
        part: which of the two.
        given: its JSON value; one of an unknown type may have every member.
    """
    needs, may_have = (PATTERN_NEEDS, PATTERN_MAY_HAVE) if part == "pattern" else (RANGE_NEEDS, {})
    kind = _named(needs, given.get("type")) if isinstance(given, dict) else None
    if kind is None:
        return frozenset()
    others = frozenset().union(*needs.values(), *may_have.values()) - {*needs[kind], *may_have.get(kind, ())}
    return frozenset(name for name in others if name in given and _has_json_type(name, given[name]))


def _has_json_type(name: str, value: Any) -> bool:
    if value is None:
        return True
    if name == "daysOfWeek":
        return isinstance(value, list) and all(isinstance(day, str) for day in cast("list[Any]", value))
    return type(value) is (int if name in _NUMBERS else str)


def recurrence_findings(draft: Draft) -> Iterator[Finding]:
    """Yield what is wrong between the fields of the recurrence, and between it and the event's start."""
    yield from _missing(draft, "pattern", PATTERN_NEEDS)
    yield from _missing(draft, "range", RANGE_NEEDS)
    first, last = (draft.value("recurrence", "range", name) for name in ("startDate", "endDate"))
    if first and last and last < first:
        message = f"must not be before startDate, which is {first}"
        yield Finding(("recurrence", "range", "endDate"), "recurrenceEndBeforeStart", message)
    start = draft.model(DateTimeTimeZone, "start")
    if first and start and first != start.day.isoformat():
        message = f"must be the day on which the event starts in {start.time_zone}, {start.day.isoformat()}"
        yield Finding(("recurrence", "range", "startDate"), "recurrenceStartMismatch", message)


def _missing(draft: Draft, part: str, needs: Mapping[str, tuple[str, ...]]) -> Iterator[Finding]:
    kind = _named(needs, draft.value("recurrence", part, "type"))
    for name in needs[kind] if kind else ():
        location = ("recurrence", part, name)
        if draft.given(*location) is None:
            yield Finding(location, "required", f"is required when the {part}'s type is {kind}")


def _named(needs: Mapping[str, object], kind: object) -> str | None:
    return next((name for name in needs if isinstance(kind, str) and name.lower() == kind.lower()), None)
