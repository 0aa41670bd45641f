"""Warnings: what is valid in a request, but may be a mistake. A validation reports them; they reject nothing."""

import re
from collections.abc import Iterator
from datetime import datetime

from shared.errors import Fault
from shared.meeting_request.any_kind import TEAMS
from shared.meeting_request.calendar_request import CalendarRequest
from shared.meeting_request.event_occurrences import event_occurrences
from shared.meeting_request.existing_request import ExistingRequest
from shared.meeting_request.options import MeetingOptions
from shared.meeting_request.parse import MeetingRequest
from shared.meeting_request.pools import RESERVED_FOR
from shared.meeting_request.standalone_request import StandaloneRequest
from shared.validation.date_times import instant_of
from shared.validation.time_zones import is_repeated

_TEAMS_LINK = re.compile(r"https://[\w.]*teams\.[\w.]+/(?:l/meetup-join/|meet/\d)", re.ASCII | re.IGNORECASE)


def find_warnings(request: MeetingRequest, now: datetime) -> list[Fault]:
    """Return the warnings about a request; `now` is an aware time."""
    warnings: list[Fault] = []
    if isinstance(request, CalendarRequest):
        warnings += _about_times_of_event(request, now)
        warnings += _about_body(request)
        warnings += _about_place(request)
        warnings += _about_reservations(request, now)
    if isinstance(request, StandaloneRequest):
        warnings += _about_times_of_meeting(request, now)
        warnings += _about_roles(request, "")
    else:
        warnings += _about_provider(request)
        warnings += _about_roles(request.options, "/options")
    return [*warnings, *request.omissions]


def _about_times_of_event(request: CalendarRequest, now: datetime) -> Iterator[Fault]:
    if request.start.instant < (now, 0):
        yield Fault("/start", "startInPast", "The meeting starts in the past.")
    if request.end.instant == request.start.instant:
        yield Fault("/end", "endEqualsStart", "The meeting ends when it starts.")
    for name, time in (("start", request.start), ("end", request.end)):
        if not request.is_all_day and is_repeated(time.wall, time.time_zone):
            # A series goes to Graph in its zone (date_times.py), so Graph decides which of the two it is.
            meant = "the first is meant" if request.recurrence is None else "for a series the calendar decides which"
            message = f"Clocks in {time.time_zone} show this time twice, because they are put back; {meant}."
            yield Fault(f"/{name}/dateTime", "ambiguousTime", message)


def _about_body(request: CalendarRequest) -> Iterator[Fault]:
    # https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/1895
    if request.body is not None and _TEAMS_LINK.search(request.body.content):
        message = (
            "The body holds the link of a Teams meeting. Exchange may take it for the event's own; if that is another "
            "meeting's, this one fails, or keeps its former body."
        )
        yield Fault("/body/content", "teamsLinkInBody", message)


def _about_place(request: CalendarRequest) -> Iterator[Fault]:
    for name in ("location", "locations"):
        if request.room_pool and getattr(request, name):
            yield Fault(f"/{name}", "replaced", "The room that is chosen of roomPool becomes the location instead.")


def _about_reservations(request: CalendarRequest, now: datetime) -> Iterator[Fault]:
    if request.organizer_pool is None and request.room_pool is None:
        return
    occurrences = event_occurrences(request.start, request.end, request.recurrence)
    left = (each for each in occurrences if each.end > now)
    if (first := next(left, None)) is None:
        return
    until = first.start + RESERVED_FOR
    if first.end > until or any(each.end > until for each in left):
        pointer = "/recurrence" if request.recurrence else "/end"
        yield Fault(pointer, "notReserved", _not_reserved(until))


def _not_reserved(until: datetime) -> str:
    moment = until.isoformat().replace("+00:00", "Z")
    return (
        f"The time of who is chosen of a pool is reserved until {moment}, {RESERVED_FOR.days} days after the first "
        "start; from then on another meeting of a pool may get the same time."
    )


def _about_provider(request: CalendarRequest | ExistingRequest) -> Iterator[Fault]:
    if request.online_meeting_provider != TEAMS:
        message = f"Microsoft has retired Skype: {request.online_meeting_provider} may give no join link."
        yield Fault("/onlineMeetingProvider", "retiredProvider", message)


def _about_times_of_meeting(request: StandaloneRequest, now: datetime) -> Iterator[Fault]:
    if request.start_date_time is None:
        # https://learn.microsoft.com/graph/api/resources/onlinemeeting
        message = "Without startDateTime the meeting is in the next hour, and expires 60 days after it was last used."
        yield Fault("/startDateTime", "noTimes", message)
        return
    start = instant_of(request.start_date_time)
    if start < (now, 0):
        yield Fault("/startDateTime", "startInPast", "The meeting starts in the past.")
    if request.end_date_time is None:
        return
    end, until = instant_of(request.end_date_time), start[0] + RESERVED_FOR
    if end == start:
        yield Fault("/endDateTime", "endEqualsStart", "The meeting ends when it starts.")
    if request.organizer_pool is not None and end[0] > until:
        yield Fault("/endDateTime", "notReserved", _not_reserved(until))


def _about_roles(options: MeetingOptions | None, pointer: str) -> Iterator[Fault]:
    # https://learn.microsoft.com/graph/api/onlinemeeting-update: other settings of allowedPresenters overrule the role.
    if options is None or options.participants is None or options.allowed_presenters == "roleIsPresenter":
        return
    for index, participant in enumerate(options.participants.attendees):
        if participant.role == "presenter":
            message = "The role presenter takes effect only when allowedPresenters is roleIsPresenter."
            yield Fault(f"{pointer}/participants/attendees/{index}/role", "presenterRoleWithoutEffect", message)
