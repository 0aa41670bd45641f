"""What is published about two observations of a meeting, the former one and the latest."""

from collections.abc import Iterator
from typing import Any

from shared.meeting import Meeting, Observed, ObservedAttendee, ObservedState, Status
from shared.meeting.applied import address_digest
from shared.meeting.notice import EventType
from shared.meeting_request import (
    CalendarRequest,
    MeetingRequest,
    StandaloneRequest,
    event_properties,
    online_meeting_properties,
)
from shared.use_cases.watch.comparison import same_attendee
from shared.validation.addresses import mailbox_key

_ATTENDEES = "attendees"
_RESPONSES = frozenset({"accepted", "tentativelyAccepted", "declined"})
# The properties of an event, or of an online meeting, behind each name in `changes` that is not the property's own.
_PROPERTIES = {
    "start": {"start", "startDateTime"},
    "end": {"end", "endDateTime"},
    "location": {"location", "locations"},
}


def with_unapplied(meeting: Meeting, request: MeetingRequest, latest: Observed) -> Observed:
    """Return an observation of a failed meeting, with the names of the changes that were not made in Outlook.

    If Graph lacks the requested value, the former value is not a change. Any other value is.
    """
    lacking, former = _lacking(meeting, request), meeting.observed
    unapplied = (
        name
        for name in latest.changes
        if not lacking.isdisjoint(_PROPERTIES.get(name, {name}))
        and name not in _names(former)
        and (former is None or _value(former, name) == _value(latest, name))
    )
    return latest.changed(unapplied=tuple(unapplied))


def _lacking(meeting: Meeting, request: MeetingRequest) -> frozenset[str]:
    """Return the names of the properties that Graph lacks in the requested form, as far as that is known."""
    match request:
        case CalendarRequest():
            applied = meeting.applied.event
            properties: dict[str, Any] = {"attendees": []} | event_properties(request)
        case StandaloneRequest():
            applied = meeting.applied.online_meeting
            properties = online_meeting_properties(request)
        case _:
            return frozenset()
    return frozenset({*applied.diff(properties), *applied.removed(properties)})


def events_of(meeting: Meeting, request: MeetingRequest, latest: Observed) -> Iterator[EventType]:
    """Yield the types of the events that a new observation of a meeting causes, in order.

    Before the first observation a meeting counts as requested, without responses.
    """
    former = meeting.observed
    was_removed = former is not None and former.state is ObservedState.REMOVED
    if latest.state is ObservedState.REMOVED:
        if not was_removed:
            yield EventType.REMOVED
        return
    differs = _difference(former) != _difference(latest)
    if was_removed or differs or _others_invited(meeting, request, latest):
        yield EventType.CHANGED
    known = {attendee.address: _response(attendee) for attendee in former.attendees} if former else {}
    if any(
        attendee.response in _RESPONSES and _response(attendee) != known.get(attendee.address)
        for attendee in latest.attendees
    ):
        yield EventType.RESPONDED


def _names(observed: Observed | None) -> frozenset[str]:
    """Return the names of what people have changed."""
    return frozenset(observed.changes) - frozenset(observed.unapplied) if observed else frozenset()


def _difference(observed: Observed | None) -> dict[str, object]:
    """Return what people have changed, attendees excepted, with its values: a second move is a difference too."""
    return {name: _value(observed, name) for name in _names(observed) - {_ATTENDEES}} if observed else {}


def _others_invited(meeting: Meeting, request: MeetingRequest, latest: Observed) -> bool:
    """Return whether somebody has invited, removed or changed an attendee in Outlook since the former observation.

    An address that this app has changed since counts as requested. If the meeting has failed, what Graph has of it is
    not known.
    """
    former = meeting.observed
    if not isinstance(request, CalendarRequest) or _ATTENDEES not in _names(former) | _names(latest):
        return False
    wanted = {mailbox_key(each.email_address.address): each.type or "required" for each in request.attendees or ()}
    known, seen = _types(former) if former else wanted, _types(latest)
    own = {address for address in {*known, *wanted} if address_digest(address) in meeting.applied.changed_attendees}
    if meeting.status is Status.FAILED:
        compared = {*known, *seen} - own
    else:
        compared, known = {*known, *wanted, *seen}, known | {address: wanted.get(address) for address in own}
    return any(not same_attendee(known.get(address), seen.get(address)) for address in compared)


def _types(observed: Observed) -> dict[str, str | None]:
    return {mailbox_key(attendee.address): attendee.type for attendee in observed.attendees}


def _value(observed: Observed, name: str) -> object:
    match name:
        case "attendees":
            return frozenset((attendee.address.lower(), attendee.type) for attendee in observed.attendees)
        case "isAllDay":
            return observed.is_all_day
        case "joinUrl":
            return observed.join_url
        case _:
            return getattr(observed, name)


def _response(attendee: ObservedAttendee) -> tuple[object, ...]:
    return (attendee.response, attendee.responded_at, attendee.proposed_start, attendee.proposed_end)
