"""A room of a pool that has declined: the one fact of Outlook that has the app change a meeting by itself, once."""

from shared.meeting import Meeting, Observed, ObservedState, Status
from shared.meeting.reserved import ReservedRoom
from shared.meeting_request import CalendarRequest, MeetingRequest
from shared.use_cases.occurrences import occurrences
from shared.validation.addresses import mailbox_key

_DECLINED = "declined"
# Where people have changed one of these, another room for the times of the request would not be what they want.
_CHANGED_BY_PEOPLE = frozenset({"start", "end", "isAllDay", "location"})


def room_to_replace(meeting: Meeting, request: MeetingRequest, observed: Observed) -> ReservedRoom | None:
    """Return the room of a meeting in whose place another one is to be looked for, marked so; None if there is none.

    It is the room that the app has chosen, and that has declined. Nothing is done for a meeting that has failed, was
    removed or moved in Outlook, has no occurrence left to begin, or whose room was replaced before.
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
