"""The schedule as callers see it."""

import itertools
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from shared.schedules.schedule import Schedule
from shared.validation.response_model import DescribedAs, Moment, ResponseModel, Uuid

_SHOWN = 5

type ScheduleStatus = Literal["active", "paused", "ended"]
_LocalTime = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class OccurrenceResponse(ResponseModel, frozen=True):
    """An occurrence to come.

    Attributes:
        start: When its meeting starts.
        end: When its meeting ends.
        make_at: When its meeting is made.
        meeting_id: The id of its meeting, once it is made.
    """

    start: _LocalTime
    end: _LocalTime
    make_at: Moment
    meeting_id: Uuid | None


class ScheduleResponse(ResponseModel, frozen=True):
    """A schedule: meetings from a rule.

    Attributes:
        id: Identifies the schedule in every later call.
        status: Whether the schedule makes meetings; `ended` when its rule has no occurrence to come.
        version: The version of the schedule, which grows with each change; it is the ETag.
        created_at: When the schedule was created.
        updated_at: When the schedule last changed.
        recurrence: The recurrence rule (RFC 5545).
        time_zone: The time zone of the rule.
        start: The first occurrence, as a clock in the zone shows it.
        duration: How long each meeting lasts.
        lead_time: How long before its start each meeting is made.
        paused: Whether the schedule makes no meetings for now.
        request: The request that each occurrence becomes, without its times.
        next_occurrences: The next few occurrences; none while the schedule is paused.
    """

    id: Uuid
    status: ScheduleStatus
    version: int
    created_at: Moment
    updated_at: Moment
    recurrence: str
    time_zone: str
    start: str
    duration: str
    lead_time: str
    paused: bool
    request: Annotated[dict[str, Any], DescribedAs("ScheduledMeetingRequest")]
    next_occurrences: tuple[OccurrenceResponse, ...]

    @staticmethod
    def of(schedule: Schedule, now: datetime) -> "ScheduleResponse":
        """Return what callers see of a schedule at this time."""
        paused = schedule.request.paused
        ended = next(schedule.unmade(), None) is None
        return ScheduleResponse.model_validate(
            dict(schedule.request)
            | {
                "id": schedule.id,
                "status": "paused" if paused else "ended" if ended else "active",
                "version": schedule.version,
                "created_at": schedule.created_at,
                "updated_at": schedule.updated_at,
                "next_occurrences": () if paused else tuple(_next_occurrences(schedule, now)),
            }
        )


def _next_occurrences(schedule: Schedule, now: datetime) -> Iterator[OccurrenceResponse]:
    timetable = schedule.request.timetable
    made_until = timetable.instant(schedule.made_until)
    for each in itertools.islice(timetable.after(now), _SHOWN):
        made = each.instant <= made_until or each.mark.isoformat() in schedule.made_ahead
        start, end = schedule.request.times_of(each)
        yield OccurrenceResponse(
            start=start.isoformat(),
            end=end.isoformat(),
            make_at=schedule.make_at(each),
            meeting_id=schedule.meeting_id(each) if made else None,
        )
