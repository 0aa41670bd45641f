"""The request for a schedule: a rule, its clock, and the meeting that each occurrence becomes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from shared.schedules.duration import Duration, parse_duration
from shared.schedules.rule_text import LONGEST_TEXT, parse_rule
from shared.schedules.subject_placeholders import fill
from shared.schedules.timetable import KnownOccurrences, Occurrence, Timetable
from shared.validation.closed_model import ClosedModel
from shared.validation.date_times import WallTime
from shared.validation.findings import invalid, quoted
from shared.validation.time_zones import TimeZone

LONGEST_DURATION = timedelta(days=366)
LONGEST_LEAD_TIME = timedelta(days=400)
_MAX_DURATION = 64


def _check_start(value: str) -> str:
    if value.partition(".")[2].strip("0"):
        raise invalid("invalidDateTime", "must be at a whole second")
    return value


def _read_duration(value: str) -> Duration:
    try:
        return parse_duration(value)
    except ValueError as error:
        message = "must be a duration of weeks, or of days, hours, minutes and seconds, such as P1DT12H or PT30M"
        raise invalid("invalidDuration", f"{message}, not {quoted(value)}") from error


def _check_duration(value: str) -> str:
    if not timedelta(0) < _read_duration(value).length <= LONGEST_DURATION:
        raise invalid("outOfRange", f"must be longer than zero, and at most {LONGEST_DURATION.days} days")
    return value


def _check_lead_time(value: str) -> str:
    if _read_duration(value).length > LONGEST_LEAD_TIME:
        raise invalid("outOfRange", f"must be at most {LONGEST_LEAD_TIME.days} days")
    return value


# The same checks for readers of the OpenAPI documents, as far as JSON Schema can express them.
_PERIOD = "^P([0-9]{1,5}W|([0-9]{1,5}D)?(T([0-9]{1,5}H)?([0-9]{1,7}M)?([0-9]{1,9}S)?)?)$"
_RECURRENCE_SCHEMA: dict[str, Any] = {
    "description": "A recurrence rule of RFC 5545, with exceptions if there are any.",
    "examples": ["RRULE:FREQ=WEEKLY;BYDAY=MO"],
}
_DURATION_SCHEMA: dict[str, Any] = {
    "description": f"How long each meeting takes, at most {LONGEST_DURATION.days} days.",
    "pattern": _PERIOD,
    "examples": ["PT30M"],
}
_LEAD_TIME_SCHEMA: dict[str, Any] = {
    "description": f"How long before its start each meeting is made, at most {LONGEST_LEAD_TIME.days} days.",
    "pattern": _PERIOD,
    "examples": ["P2D"],
}


class ScheduleRequest(ClosedModel):
    """A schedule: meetings from a rule.

    Attributes:
        recurrence: The recurrence rule (RFC 5545), with exceptions if there are any.
        time_zone: The time zone of the rule, by a Windows name, an IANA name or `UTC`.
        start: The first occurrence, as a clock in the zone shows it.
        duration: How long each meeting lasts, at most 366 days.
        lead_time: How long before its start each meeting is made, at most 400 days.
        paused: Whether the schedule makes no meetings for now; false by default.
        request: The request that each occurrence becomes, without its times.
    """

    recurrence: Annotated[str, Field(max_length=LONGEST_TEXT, json_schema_extra=_RECURRENCE_SCHEMA)]
    time_zone: TimeZone
    start: Annotated[WallTime, AfterValidator(_check_start)]
    duration: Annotated[
        str, Field(max_length=_MAX_DURATION, json_schema_extra=_DURATION_SCHEMA), AfterValidator(_check_duration)
    ]
    lead_time: Annotated[
        str, Field(max_length=_MAX_DURATION, json_schema_extra=_LEAD_TIME_SCHEMA), AfterValidator(_check_lead_time)
    ]
    paused: bool = False
    request: dict[str, Any]

    @cached_property
    def timetable(self) -> Timetable:
        """The rule with its clock; only for a valid request."""
        start = datetime.fromisoformat(self.start.partition(".")[0])
        return Timetable(parse_rule(self.recurrence, self.time_zone), start, self.time_zone)

    def upcoming(self, moment: datetime, count: int) -> list[Occurrence]:
        """Return the next `count` occurrences after a moment in UTC, or as many as there are."""
        known = _known_occurrences(self.recurrence, self.time_zone, self.start)
        return known.after(self.timetable, moment, count)

    @cached_property
    def lead(self) -> timedelta:
        """How long before its start an occurrence's meeting is made."""
        return _read_duration(self.lead_time).length

    def end_of(self, occurrence: Occurrence) -> datetime:
        """Return when an occurrence ends, as the zone's clocks show it."""
        duration, day = _read_duration(self.duration), occurrence.start
        if duration.days:
            day = self.timetable.resolve(occurrence.wall + timedelta(days=duration.days))
        return (day.astimezone(UTC) + duration.time).astimezone(day.tzinfo)

    def times_of(self, occurrence: Occurrence) -> tuple[datetime, datetime]:
        """Return when an occurrence's meeting starts and ends.

        An all-day event keeps its midnights even where clocks skip them, with the offset before the change.
        """
        if not self._all_day:
            return occurrence.start, self.end_of(occurrence)
        where, last = occurrence.start.tzinfo, occurrence.nominal + _read_duration(self.duration).length
        return occurrence.nominal.replace(tzinfo=where), last.replace(tzinfo=where)

    @property
    def _all_day(self) -> bool:
        return self.request.get("isAllDay") is True

    def meeting_of(self, occurrence: Occurrence) -> dict[str, Any]:
        """Return the meeting request that an occurrence becomes."""
        subject = self.request.get("subject")
        filled = {"subject": fill(subject, self.times_of(occurrence)[0])} if isinstance(subject, str) else {}
        return self.request | filled | dict(self._times(occurrence))

    def _times(self, occurrence: Occurrence) -> Iterator[tuple[str, Any]]:
        start, end = self.times_of(occurrence)
        if self.request.get("kind") == "standalone":
            yield "startDateTime", _utc(start) + "Z"
            yield "endDateTime", _utc(end) + "Z"
        else:
            yield "start", self._date_time(start)
            yield "end", self._date_time(end)

    def _date_time(self, moment: datetime) -> dict[str, str]:
        if moment.fold and not self._all_day:  # of a time shown twice, Graph reads the first
            return {"dateTime": _utc(moment), "timeZone": "UTC"}
        return {"dateTime": moment.replace(tzinfo=None).isoformat(), "timeZone": self.time_zone}


@lru_cache(maxsize=1024)
def _known_occurrences(_recurrence: str, _time_zone: str, _start: str) -> KnownOccurrences:
    """Return the cache that equal timetables share."""
    return KnownOccurrences()


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat()
