"""An event in the organizer's calendar with an online meeting; invitations are sent."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from shared.meeting_request.any_kind import TEAMS, IsOnlineMeeting, OnlineMeetingProviderType
from shared.meeting_request.event_times import time_findings
from shared.meeting_request.html_body import Body
from shared.meeting_request.options import Options
from shared.meeting_request.people import MAX_ATTENDEES, Attendees
from shared.meeting_request.places import Location, Locations
from shared.meeting_request.pools import PooledRequest, RoomPool, duplicate_findings
from shared.meeting_request.recurrence import PATTERN_NEEDS, Recurrence, recurrence_findings
from shared.meeting_request.recurrence_rule import first_start
from shared.validation.date_times import DateTimeTimeZone, to_graph
from shared.validation.draft import Draft
from shared.validation.findings import Finding
from shared.validation.list_bound import ItemCount
from shared.validation.text import AnyCase, NonBlankLine
from shared.validation.time_zones import windows_name

# Five years, the bound of Exchange's own schema (ReminderMinutesBeforeStartType).
MAX_REMINDER_MINUTES = 2_629_800
MAX_CATEGORIES = 100


type Importance = Annotated[Literal["low", "normal", "high"], AnyCase()]
type Sensitivity = Annotated[Literal["normal", "personal", "private", "confidential"], AnyCase()]
type FreeBusyStatus = Annotated[Literal["free", "tentative", "busy", "oof", "workingElsewhere"], AnyCase()]


class CalendarRequest(PooledRequest):
    """The properties of an event that an app may set on creation, and the options of its meeting.

    Attributes:
        kind: The kind of the meeting.
        subject: The subject, one line.
        body: The text of the invitation.
        start: When the meeting starts.
        end: When the meeting ends.
        location: Where people meet, apart from online.
        locations: All the places where people meet.
        attendees: Who is invited, rooms included.
        room_pool: Several rooms, of which the first one that is free is invited and becomes the location.
        recurrence: How the meeting repeats.
        is_all_day: Whether the event takes whole days, from midnight to midnight.
        allow_new_time_proposals: Whether attendees may propose other times; true by default.
        hide_attendees: Whether attendees see only themselves.
        importance: The importance of the event; `normal` by default.
        sensitivity: The sensitivity of the event; `normal` by default.
        show_as: How the event shows in the calendar; `busy` by default.
        categories: The categories of the event in the organizer's calendar.
        is_reminder_on: Whether Outlook reminds of the event.
        reminder_minutes_before_start: The minutes between the reminder and the start.
        response_requested: Whether the organizer asks for responses; true by default.
        is_online_meeting: Only true: the app makes online meetings.
        online_meeting_provider: The provider of the online meeting; `teamsForBusiness` by default.
        options: The options of the online meeting.

    https://learn.microsoft.com/graph/api/resources/event
    """

    kind: Literal["calendar"] = "calendar"
    subject: NonBlankLine
    body: Body | None = None
    start: DateTimeTimeZone
    end: DateTimeTimeZone
    location: Location | None = None
    locations: Locations | None = None
    attendees: Attendees | None = None
    room_pool: RoomPool | None = None
    recurrence: Recurrence | None = None
    is_all_day: bool | None = None
    allow_new_time_proposals: bool | None = None
    hide_attendees: bool | None = None
    importance: Importance | None = None
    sensitivity: Sensitivity | None = None
    show_as: FreeBusyStatus | None = None
    categories: Annotated[tuple[NonBlankLine, ...], Field(strict=False), ItemCount(most=MAX_CATEGORIES)] | None = None
    is_reminder_on: bool | None = None
    reminder_minutes_before_start: Annotated[int, Field(ge=0, le=MAX_REMINDER_MINUTES)] | None = None
    response_requested: bool | None = None
    is_online_meeting: IsOnlineMeeting = True
    online_meeting_provider: OnlineMeetingProviderType = TEAMS
    options: Options = None


def calendar_findings(draft: Draft) -> Iterator[Finding]:
    """Yield what is wrong between the fields of a calendar request."""
    yield from time_findings(draft)
    yield from _room_findings(draft)
    yield from recurrence_findings(draft)
    yield from _no_occurrence(draft)
    yield from provider_findings(draft)


def _room_findings(draft: Draft) -> Iterator[Finding]:
    yield from duplicate_findings(draft, "roomPool")
    attendees = draft.value("attendees")
    if draft.given("roomPool") is not None and attendees is not None and len(attendees) >= MAX_ATTENDEES:
        yield Finding(("attendees",), "tooMany", f"has {MAX_ATTENDEES} items, which leaves no place for a room")


def _no_occurrence(draft: Draft) -> Iterator[Finding]:
    """Yield what is wrong with a series whose last day comes before the first day of its pattern."""
    start, last = draft.model(DateTimeTimeZone, "start"), draft.value("recurrence", "range", "endDate")
    recurrence = draft.model(Recurrence, "recurrence")
    if start is None or recurrence is None:
        return
    needed = PATTERN_NEEDS[recurrence.pattern.type]
    if not needed or any(draft.given("recurrence", "pattern", name) is None for name in needed):
        return
    first = first_start(recurrence.pattern, start.wall)
    if first is None or (last is not None and start.day.isoformat() <= last < first.date().isoformat()):
        begins = "there is none" if first is None else f"the first is on {first.date().isoformat()}"
        yield Finding(("recurrence",), "noOccurrence", f"must give at least one occurrence: {begins}")


def provider_findings(draft: Draft) -> Iterator[Finding]:
    """Yield the fields that only Teams can fulfil, where another provider is to make the meeting."""
    provider = draft.value("onlineMeetingProvider")
    if provider is None or provider.lower() == TEAMS.lower():
        return
    for name in ("language", "options"):
        if draft.given(name) is not None:
            message = f"can only be asked of {TEAMS}: the meetings of {provider} have no onlineMeeting in Graph"
            yield Finding((name,), "notAllowed", message)


def event_properties(request: CalendarRequest) -> dict[str, Any]:
    """Return the event that Graph is to create, without what belongs to this service's own bookkeeping."""
    ours = {"kind", "organizer", "organizer_pool", "room_pool", "reference", "language", "options"}
    event = request.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=ours)
    recurring, all_day = request.recurrence is not None, request.is_all_day is True
    event["start"] = to_graph(request.start, recurring=recurring, all_day=all_day)
    event["end"] = to_graph(request.end, recurring=recurring, all_day=all_day)
    if request.recurrence is not None and request.recurrence.range.recurrence_time_zone is not None:
        zone = windows_name(request.recurrence.range.recurrence_time_zone)
        event["recurrence"]["range"]["recurrenceTimeZone"] = zone
    return event
