"""What is published about two observations of a meeting, the former one and the latest."""

from collections.abc import Iterator

from shared.meeting import Observed, ObservedAttendee, ObservedState
from shared.meeting.notice import EventType

_RESPONSES = frozenset({"accepted", "tentativelyAccepted", "declined"})


def events_between(former: Observed | None, latest: Observed) -> tuple[EventType, ...]:
    """Return the types of the events that an observation causes, in order.

    Before the first observation a meeting counts as it was requested, and nobody as having responded.
    """
    return tuple(_events_between(former, latest))


def _events_between(former: Observed | None, latest: Observed) -> Iterator[EventType]:
    was_removed = former is not None and former.state is ObservedState.REMOVED
    if latest.state is ObservedState.REMOVED:
        if not was_removed:
            yield EventType.REMOVED
        return
    if was_removed or _difference(former) != _difference(latest):
        yield EventType.CHANGED
    known = {attendee.address: _response(attendee) for attendee in former.attendees} if former else {}
    if any(
        attendee.response in _RESPONSES and _response(attendee) != known.get(attendee.address)
        for attendee in latest.attendees
    ):
        yield EventType.RESPONDED


def _difference(observed: Observed | None) -> dict[str, object]:
    """Return what differs from the request, with its values: a second move is another difference."""
    if observed is None:
        return {}
    return {name: _value(observed, name) for name in observed.changes}


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
