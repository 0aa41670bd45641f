"""What Graph shows, compared with the request field by field; the time of a change does not matter."""

from collections.abc import Iterator
from datetime import UTC, datetime

from shared.graph import OnlineMeeting
from shared.graph.event_clock import UTC_NAME, at_moment, on_clock, own_zone, to_the_second
from shared.graph.seen_event import SeenAttendee, SeenEvent
from shared.meeting import Meeting, Observed, ObservedAttendee, ObservedState
from shared.meeting_request import CalendarRequest, ExistingRequest, StandaloneRequest
from shared.meeting_request.recurrence_rule import first_start
from shared.validation.addresses import mailbox_key
from shared.validation.date_times import FIRST_YEAR, LAST_YEAR, instant_of
from shared.validation.join_links import canonical_link
from shared.validation.time_zones import to_utc, zone

type EventRequest = CalendarRequest | ExistingRequest

_RESOURCE = "resource"
# What Outlook writes as the place of a meeting that has no other.
_NO_PLACE = "Microsoft Teams"


def compare_event(
    meeting: Meeting, request: EventRequest, event: SeenEvent, now: datetime, *, removed: bool
) -> Observed:
    """Return the observation of an event; of an existing event, only the link is compared."""
    zone_name = _zone_of(request, event)
    link = event.join_url
    if link is None and event.is_online_meeting:  # a link that Graph does not show at the moment is not a change
        link = meeting.outcome.join_url
    changes = (
        tuple(_changes_of_event(request, event, meeting.organizer or ""))
        if isinstance(request, CalendarRequest)
        else ()
    )
    if _other_link(link, meeting.outcome.join_url):
        changes = (*changes, "joinUrl")
    return Observed(
        observed_at=now,
        state=ObservedState.REMOVED if removed else _state(changes),
        changes=() if removed else changes,
        start=on_clock(event.start, zone_name, all_day=event.is_all_day),
        end=on_clock(event.end, zone_name, all_day=event.is_all_day),
        is_all_day=event.is_all_day,
        subject=event.subject,
        location=_place(event),
        join_url=link,
        attendees=tuple(_attendee(attendee, zone_name) for attendee in _invited(event, meeting.organizer or "")),
        etag=event.etag or "",
    ).bounded()


def compare_online_meeting(
    meeting: Meeting, request: StandaloneRequest, seen: OnlineMeeting, now: datetime
) -> Observed:
    """Return the observation of an onlineMeeting, compared with what the request names."""
    start, end = (_instant(seen.raw.get(name)) for name in ("startDateTime", "endDateTime"))
    subject = seen.raw.get("subject")
    wanted_start = instant_of(request.start_date_time)[0] if request.start_date_time else None
    wanted_end = instant_of(request.end_date_time)[0] if request.end_date_time else None
    differs = {
        "start": wanted_start is not None and start is not None and start != wanted_start,
        "end": wanted_end is not None and end is not None and end != wanted_end,
        "subject": isinstance(subject, str) and subject.strip() != (request.subject or subject).strip(),
        "joinUrl": seen.join_url is not None and _other_link(seen.join_url, meeting.outcome.join_url),
    }
    changes = tuple(name for name, different in differs.items() if different)
    return Observed(
        observed_at=now,
        state=_state(changes),
        changes=changes,
        start=start and at_moment(start, UTC_NAME),
        end=end and at_moment(end, UTC_NAME),
        subject=subject if isinstance(subject, str) else None,
        join_url=seen.join_url or meeting.outcome.join_url,
    ).bounded()


def as_removed(meeting: Meeting, now: datetime) -> Observed:
    """Return the observation that a meeting is removed; its last known values stay."""
    known = meeting.observed or Observed(observed_at=now, state=ObservedState.REMOVED)
    return known.changed(observed_at=now, state=ObservedState.REMOVED, changes=(), etag="")


def _state(changes: tuple[str, ...]) -> ObservedState:
    return ObservedState.CHANGED if changes else ObservedState.AS_REQUESTED


def _changes_of_event(request: CalendarRequest, event: SeenEvent, organizer: str) -> Iterator[str]:
    all_day = request.is_all_day is True
    same_start, same_end = _same_days(request, event) if all_day and event.is_all_day else _same_times(request, event)
    if not same_start:
        yield "start"
    if not same_end:
        yield "end"
    if all_day != event.is_all_day:
        yield "isAllDay"
    if (event.subject or "").strip() != request.subject.strip():
        yield "subject"
    if _is_elsewhere(request, event):
        yield "location"
    if _invites_others(request, event, organizer):
        yield "attendees"


def _same_times(request: CalendarRequest, event: SeenEvent) -> tuple[bool, bool]:
    start, end = to_the_second(event.start), to_the_second(event.end)
    wanted_start, wanted_end = request.start.instant[0], request.end.instant[0]
    if start in {wanted_start, _first_start(request)}:
        return True, end - start == wanted_end - wanted_start
    return False, end == wanted_end


def _same_days(request: CalendarRequest, event: SeenEvent) -> tuple[bool, bool]:
    start, end = event.start.date_time.date(), event.end.date_time.date()
    first = _first_start(request)
    if start in {request.start.day, first and first.astimezone(zone(request.start.time_zone)).date()}:
        return True, end - start == request.end.day - request.start.day
    return False, end == request.end.day


def _first_start(request: CalendarRequest) -> datetime | None:
    """Return when a series begins if its start does not fit its pattern: Graph takes the first day that does."""
    if request.recurrence is None:
        return None
    first = first_start(request.recurrence.pattern, request.start.wall)
    return to_utc(first, request.start.time_zone) if first else None


def _is_elsewhere(request: CalendarRequest, event: SeenEvent) -> bool:
    places = (request.location,) if request.location else request.locations or ()
    wanted = [place.display_name.strip() for place in places]
    seen = (place for place in (event.location, *(event.locations or ())) if place)
    shown = {name for place in seen if (name := _name(place.display_name))}
    if not wanted:
        return any(not name.startswith(_NO_PLACE) for name in shown)
    # Of several places Graph shows one, or all of them in one line.
    return bool(shown - {*wanted, "; ".join(wanted)}) or not shown


def _invites_others(request: CalendarRequest, event: SeenEvent, organizer: str) -> bool:
    wanted = {mailbox_key(each.email_address.address): each.type for each in request.attendees or ()}
    shown = {mailbox_key(each.email_address.address or ""): each.type for each in _invited(event, organizer)}
    if wanted.keys() != shown.keys():
        return True
    return any(not same_attendee(kind, shown[address] or kind) for address, kind in wanted.items())


def same_attendee(kind: str | None, other: str | None) -> bool:
    """Return whether two types of an attendee are alike; None is not invited. Exchange decides who is a resource."""
    return kind == other or (None not in {kind, other} and _RESOURCE in {kind, other})


def _invited(event: SeenEvent, organizer: str) -> Iterator[SeenAttendee]:
    """Yield the attendees with an address, without the organizer, whom some clients list among them."""
    named = event.organizer.email_address if event.organizer else None
    own = {mailbox_key(organizer), mailbox_key((named and named.address) or organizer)}
    for attendee in event.attendees:
        if attendee.email_address.address and mailbox_key(attendee.email_address.address) not in own:
            yield attendee


def _attendee(attendee: SeenAttendee, zone_name: str) -> ObservedAttendee:
    status, proposed = attendee.status, attendee.proposed_new_time
    responded_at = status.time if status else None
    return ObservedAttendee(
        address=attendee.email_address.address or "",
        name=attendee.email_address.name,
        type=attendee.type or "required",
        response=(status and status.response) or "none",
        responded_at=responded_at if responded_at and FIRST_YEAR <= responded_at.year <= LAST_YEAR else None,
        proposed_start=on_clock(proposed.start, zone_name) if proposed and proposed.start else None,
        proposed_end=on_clock(proposed.end, zone_name) if proposed and proposed.end else None,
    )


def _place(event: SeenEvent) -> str | None:
    return _name(event.location.display_name) if event.location else None


def _name(text: str | None) -> str | None:
    return (text or "").strip() or None


def _other_link(link: str | None, known: str | None) -> bool:
    return known is not None and canonical_link(link or "") != canonical_link(known)


def _zone_of(request: EventRequest, event: SeenEvent) -> str:
    """Return the zone to show times in: the request's, or else the one that the event was created in."""
    if isinstance(request, CalendarRequest):
        return request.start.time_zone
    return own_zone(event.original_start_time_zone)


def _instant(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value)).replace(microsecond=0).astimezone(UTC)
    except ValueError:
        return None
