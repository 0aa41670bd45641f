"""What a meeting is to be in Graph: its request, with those whom the app has chosen."""

from shared.meeting.meeting import Meeting
from shared.meeting_request import CalendarRequest, MeetingRequest, parse_request
from shared.meeting_request.people import invite_once


def wanted_request(meeting: Meeting) -> MeetingRequest:
    """Return a meeting's request as Graph is to have it; an organizer who was chosen is not invited besides.

    Raises:
        InvalidRequestError: it is not valid.
    """
    request = parse_request(meeting.request)
    if isinstance(request, CalendarRequest) and request.organizer_pool and request.attendees:
        attendees, _ = invite_once(request.attendees, meeting.organizer)
        return request.model_copy(update={"attendees": attendees})
    return request
