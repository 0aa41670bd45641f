"""What an invitation says, for every kind of meeting: when, where, with whom."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from shared.errors import UnavailableError
from shared.graph.event import GraphTime
from shared.graph.event_details import EventDetails, GraphPerson, recurrence_of
from shared.meeting_request import CalendarRequest, StandaloneRequest
from shared.meeting_request.people import Attendee
from shared.meeting_request.recurrence import Recurrence
from shared.use_cases.invitation.plain_text import plain_text
from shared.validation.date_times import DateTimeTimeZone, instant_of
from shared.validation.time_zones import allowed_names, zone

_UTC_KEYS = frozenset({"UTC", "Etc/UTC"})


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody, or a room, that is invited; `type` is Graph's: required, optional or resource."""

    address: str
    name: str | None = None
    type: str = "required"


@dataclass(frozen=True, slots=True)
class Appointment:
    """The contents of an invitation.

    Attributes:
        start: a time in its zone, or the first day of an all-day event; None when it is not known.
        end: in the same form; the day after the last of an all-day event.
        organizer: a mail address; None when only the object id is known.
        show_as: Graph's word for how the event shows in the calendar.
        language: the BCP 47 tag of the file's own words; English by default.
    """

    subject: str | None
    start: datetime | date | None = None
    end: datetime | date | None = None
    organizer: str | None = None
    guests: tuple[Guest, ...] = ()
    recurrence: Recurrence | None = None
    location: str | None = None
    text: str = ""
    sensitivity: str | None = None
    importance: str | None = None
    show_as: str | None = None
    language: str | None = None
    response_requested: bool = True

    @property
    def recurrence_zone(self) -> tzinfo | None:
        """Return the zone that the last day of a series is meant in, None for an all-day event."""
        if not isinstance(self.start, datetime):
            return None
        named = self.recurrence.range.recurrence_time_zone if self.recurrence else None
        return _zone(named) if named else self.start.tzinfo


def of_calendar(request: CalendarRequest, organizer: str | None) -> Appointment:
    """Return the appointment that a calendar request describes; `organizer` is an address."""
    all_day = request.is_all_day is True
    places = (request.location,) if request.location else request.locations or ()
    body = request.body
    guests = () if request.hide_attendees else tuple(_guest(attendee) for attendee in request.attendees or ())
    return Appointment(
        subject=request.subject,
        start=request.start.day if all_day else _time(request.start),
        end=request.end.day if all_day else _time(request.end),
        organizer=organizer,
        guests=guests,
        recurrence=request.recurrence,
        location="; ".join(place.display_name for place in places) or None,
        text=plain_text(body.content) if body and body.content_type == "html" else body.content if body else "",
        sensitivity=request.sensitivity,
        importance=request.importance,
        show_as=request.show_as,
        language=request.language,
        response_requested=request.response_requested is not False,
    )


def of_standalone(request: StandaloneRequest, organizer: str | None, made_at: datetime) -> Appointment:
    """Return the appointment of a standalone meeting; without times it is the hour from its creation, as in Graph.

    https://learn.microsoft.com/graph/api/onlinemeeting-createorget
    """
    start = instant_of(request.start_date_time)[0] if request.start_date_time else made_at.replace(microsecond=0)
    participants = request.participants.attendees if request.participants else ()
    return Appointment(
        subject=request.subject,
        start=start.astimezone(UTC),
        end=request.end_after(start).astimezone(UTC),
        organizer=organizer,
        guests=tuple(Guest(participant.upn) for participant in participants if participant.upn),
        language=request.language,
    )


def of_event(event: EventDetails, language: str | None) -> Appointment:
    """Return the appointment of an event in a calendar, in a language.

    Raises:
        UnavailableError: it has no times, or its recurrence is not in one of Graph's forms.
    """
    if event.start is None or event.end is None:
        raise UnavailableError("Graph's answer has no start and end of the event", uncertain=False)
    all_day = event.is_all_day is True
    places = event.locations or ((event.location,) if event.location else ())
    return Appointment(
        subject=event.subject,
        start=event.start.date_time.date() if all_day else _graph_time(event.start, event.original_start_time_zone),
        end=event.end.date_time.date() if all_day else _graph_time(event.end, event.original_end_time_zone),
        organizer=_address(event.organizer),
        guests=() if event.hide_attendees else tuple(_graph_guests(event.people)),
        recurrence=recurrence_of(event),
        location="; ".join(place.display_name for place in places if place.display_name) or None,
        sensitivity=event.sensitivity,
        importance=event.importance,
        show_as=event.show_as,
        language=language,
        response_requested=event.response_requested is not False,
    )


def _guest(attendee: Attendee) -> Guest:
    return Guest(attendee.email_address.address, attendee.email_address.name, attendee.type)


def _graph_guests(people: tuple[GraphPerson, ...]) -> list[Guest]:
    return [
        Guest(person.email_address.address, person.email_address.name, person.type or "required")
        for person in people
        if person.email_address and person.email_address.address
    ]


def _address(person: GraphPerson | None) -> str | None:
    return person.email_address.address if person and person.email_address else None


def _zone(name: str) -> tzinfo:
    found = zone(name)
    return UTC if found.key in _UTC_KEYS else found


def _time(value: DateTimeTimeZone) -> datetime:
    return value.wall.replace(tzinfo=_zone(value.time_zone))


def _graph_time(value: GraphTime, original_zone: str | None) -> datetime:
    """Return a time in the zone that its organizer chose, so that a series keeps its hour in winter and summer."""
    moment = value.moment.replace(microsecond=0)
    if original_zone is None or original_zone not in allowed_names():
        return moment
    local = moment.astimezone(_zone(original_zone))
    return moment if local.fold else local  # iCalendar means the first of two equal times
