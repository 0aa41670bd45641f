"""A meeting's request as Graph is to have it, with the organizer and the room that the app has chosen."""

from shared.meeting.meeting import Meeting
from shared.meeting_request import CalendarRequest, MeetingRequest, parse_request
from shared.meeting_request.people import Attendee, invite_once
from shared.meeting_request.places import Location


def wanted_request(meeting: Meeting, given: MeetingRequest | None = None) -> MeetingRequest:
    """Return a meeting's request as Graph is to have it.

    An organizer who was chosen is not invited as well; a room that was chosen is, and becomes the location.

    Args:
        meeting: whose request.
        given: the request, where the caller has parsed it.

    Raises:
        InvalidRequestError: it is not valid.
    """
    request = given or parse_request(meeting.request)
    if not isinstance(request, CalendarRequest):
        return request
    attendees = request.attendees or ()
    if request.organizer_pool and attendees:
        attendees, _ = invite_once(attendees, meeting.organizer)
        request = request.model_copy(update={"attendees": attendees})
    if request.room_pool is None or meeting.room is None:
        return request
    address, name = meeting.room.mailbox, meeting.room.name
    room = Attendee.model_validate({"emailAddress": {"address": address, "name": name}, "type": "resource"})
    others, _ = invite_once(attendees, address)
    place = Location.model_validate(
        {"displayName": name, "locationEmailAddress": address, "locationType": "conferenceRoom"}
    )
    return request.model_copy(update={"attendees": (*others, room), "location": place, "locations": None})
