"""When a meeting takes place: as observed in Graph, or else as requested."""

from collections.abc import Iterator
from datetime import datetime

from shared.graph.event_clock import on_clock, own_zone
from shared.graph.event_details import EventDetails, recurrence_of
from shared.meeting import Observed
from shared.meeting_request import CalendarRequest, MeetingRequest, StandaloneRequest
from shared.meeting_request.event_occurrences import Occurrence, event_occurrences
from shared.validation.date_times import DateTimeTimeZone, instant_of


def is_series(request: MeetingRequest) -> bool:
    """Return whether a meeting takes place more than once."""
    return isinstance(request, CalendarRequest) and request.recurrence is not None


def times(request: MeetingRequest, observed: Observed | None) -> tuple[DateTimeTimeZone, DateTimeTimeZone] | None:
    """Return when an event begins and ends, as observed or else as requested; None if neither says."""
    if observed and observed.start and observed.end:
        return observed.start, observed.end
    return (request.start, request.end) if isinstance(request, CalendarRequest) else None


def occurrences(request: MeetingRequest, observed: Observed | None) -> Iterator[Occurrence]:
    """Yield when a meeting takes place, in order, at most `MOST_OCCURRENCES` times; nothing if that is not known."""
    if (seen := times(request, observed)) is not None:
        yield from event_occurrences(*seen, request.recurrence if isinstance(request, CalendarRequest) else None)
    elif isinstance(request, StandaloneRequest) and request.start_date_time:
        begins = instant_of(request.start_date_time)[0]
        yield Occurrence(begins, request.end_after(begins), datetime.fromisoformat(request.start_date_time).date())


def event_series(event: EventDetails) -> Iterator[Occurrence]:
    """Yield the occurrences of an event in Graph, in order, by the clock of the time zone that it was created in.

    Raises:
        UnavailableError: its recurrence is not in one of Graph's forms.
    """
    recurrence, zone_name = recurrence_of(event), own_zone(event.original_start_time_zone)
    start, end = (
        time and on_clock(time, zone_name, all_day=event.is_all_day is True) for time in (event.start, event.end)
    )
    if start and end:
        yield from event_occurrences(start, end, recurrence)
