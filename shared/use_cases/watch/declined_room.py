"""A room of a pool that has declined: the only change in Outlook on which the app changes a meeting, once."""

from shared.meeting import Meeting, Observed, ObservedState, Status
from shared.meeting.reserved import ReservedRoom
from shared.meeting_request import CalendarRequest, MeetingRequest
from shared.use_cases.meeting_occurrences import occurrences
from shared.validation.addresses import mailbox_key

_DECLINED = "declined"
# If people have changed one of these, another room at the requested times would not fit.
_CHANGED_BY_PEOPLE = frozenset({"start", "end", "isAllDay", "location"})


def room_to_replace(meeting: Meeting, request: MeetingRequest, observed: Observed) -> ReservedRoom | None:
    """Return the room of a meeting that is to be replaced, marked so; None if there is none.

    It is the room that the app has chosen, and that has declined. No room is replaced twice, nor that of a meeting that
    has failed, was removed or moved in Outlook, or has no occurrence left to begin.
    """
    room = meeting.room
    if room is None or room.declined or room.in_place_of or meeting.status is not Status.SUCCEEDED:
        return None
    if not isinstance(request, CalendarRequest) or request.room_pool is None or len(request.room_pool.candidates) == 1:
        return None
    if observed.state is ObservedState.REMOVED or _CHANGED_BY_PEOPLE & {*observed.changes}:
        return None
    responses = {mailbox_key(attendee.address): attendee.response for attendee in observed.attendees}
    if responses.get(mailbox_key(room.mailbox)) != _DECLINED:
        return None
    to_begin = any(each.start > observed.observed_at for each in occurrences(request, observed))
    return room.changed(declined=True) if to_begin else None
