"""The schedule as callers see it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from shared.schedules.schedule import Schedule
from shared.schedules.subject_placeholders import warnings_of
from shared.schedules.timetable import Occurrence
from shared.validation.problem_details import ProblemDetail
from shared.validation.response_model import DescribedAs, LocalMoment, Moment, ResponseModel, Uuid

_SHOWN = 5

type ScheduleStatus = Literal["active", "paused", "ended"]


class OccurrenceResponse(ResponseModel, frozen=True):
    """A future occurrence.

    Attributes:
        start: When its meeting starts.
        end: When its meeting ends.
        make_at: When its meeting is due; the next run of the timer creates it, by default within five minutes.
        meeting_id: The id of its meeting; null until it is made.
    """

    start: LocalMoment
    end: LocalMoment
    make_at: Moment
    meeting_id: Uuid | None


class ScheduleResponse(ResponseModel, frozen=True):
    """A schedule: meetings from a rule.

    Attributes:
        id: Identifies the schedule in every later call.
        status: Whether the schedule makes meetings; `ended` when its rule has no future occurrence.
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
        warnings: What is unusual about the schedule, and may be a mistake.
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
    warnings: tuple[ProblemDetail, ...]

    @staticmethod
    def of(schedule: Schedule, now: datetime) -> "ScheduleResponse":
        """Return a schedule as callers see it at this time."""
        paused = schedule.request.paused
        upcoming = schedule.request.upcoming(now, _SHOWN)
        ended = all(_is_made(schedule, each) for each in upcoming) and next(schedule.unmade(), None) is None
        return ScheduleResponse.model_validate(
            vars(schedule.request)
            | {
                "id": schedule.id,
                "status": "paused" if paused else "ended" if ended else "active",
                "version": schedule.version,
                "created_at": schedule.created_at,
                "updated_at": schedule.updated_at,
                "warnings": tuple(warnings_of(schedule.request.request.get("subject") or "")),
                "next_occurrences": () if paused else tuple(_next_occurrences(schedule, upcoming)),
            }
        )


def _next_occurrences(schedule: Schedule, upcoming: list[Occurrence]) -> Iterator[OccurrenceResponse]:
    for each in upcoming:
        start, end = schedule.request.times_of(each)
        yield OccurrenceResponse(
            start=start.isoformat(),
            end=end.isoformat(),
            make_at=schedule.make_at(each),
            meeting_id=schedule.meeting_id(each) if _is_made(schedule, each) else None,
        )


def _is_made(schedule: Schedule, occurrence: Occurrence) -> bool:
    cursor = schedule.request.timetable.instant(schedule.cursor)
    return occurrence.instant <= cursor or occurrence.cursor.isoformat() in schedule.made_after_cursor
