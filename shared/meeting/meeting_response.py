"""The meeting as callers see it: in answers, and as the data of result events."""

from datetime import datetime
from typing import Annotated, Any, Literal

from shared.meeting.meeting import Meeting
from shared.meeting.observed import Observed
from shared.meeting.outcome import DialIn, DialInNumbers, JoinInformation
from shared.meeting.rejected_message import ReceivedMessage
from shared.validation.date_times import DateTimeTimeZone
from shared.validation.problem_details import ProblemDetail
from shared.validation.response_model import DescribedAs, Moment, ResponseModel, Uuid, left_out

type MeetingStatus = Literal["queued", "running", "succeeded", "failed", "cancelled"]
type FoundMeetingStatus = Literal["queued", "running", "succeeded", "failed", "cancelled", "external"]
type ObservedStateName = Literal["asRequested", "changed", "removed"]
type ObservedChange = Literal["start", "end", "isAllDay", "subject", "location", "joinUrl", "attendees"]
type MeetingKind = Literal["calendar", "standalone", "existing"]


class GraphFailureResponse(ResponseModel, frozen=True):
    """What Graph answered, for a support case.

    Attributes:
        status: The HTTP status.
        code: Graph's error code; empty when it named none.
        request_id: Graph's id of the request.
    """

    status: int
    code: str
    request_id: str


class MeetingErrorResponse(ResponseModel, frozen=True):
    """Why a meeting failed, and who has to do what about it.

    Attributes:
        code: A stable name to branch on.
        message: What happened.
        remedy: Who has to do what.
        graph: What Graph answered, where it was Graph that refused.
        errors: Every fault of a request that is not valid, or the first 100.
        more_faults: There are more faults than those in `errors`.
    """

    code: str
    message: str
    remedy: str
    graph: GraphFailureResponse | None
    errors: tuple[ProblemDetail, ...] = left_out(())
    more_faults: bool = left_out(default=False)


class ObservedLocationResponse(ResponseModel, frozen=True):
    """A place.

    Attributes:
        display_name: The name of the place.
    """

    display_name: str


class ObservedAttendeeResponse(ResponseModel, frozen=True):
    """A person or a room that the event invites, with the latest response.

    Attributes:
        address: The mail address.
        name: The name to show; null where the observation has too many attendees to keep names.
        type: How the attendee is invited: `required`, `optional` or `resource`.
        response: Graph's word for the response: `none`, `notResponded`, `accepted`, `tentativelyAccepted`, `declined`.
        responded_at: When the attendee responded; null where Graph shows one of its placeholder years.
        proposed_start: The start that the attendee proposes.
        proposed_end: The end that the attendee proposes.

    https://learn.microsoft.com/graph/api/resources/attendee
    """

    address: str
    name: str | None
    type: str
    response: str
    responded_at: Moment | None
    proposed_start: DateTimeTimeZone | None
    proposed_end: DateTimeTimeZone | None


class ObservedResponse(ResponseModel, frozen=True):
    """What the app last saw in Graph.

    Attributes:
        observed_at: When the app looked.
        state: How the meeting in Graph compares with the request; `removed` is cancelled or deleted in Outlook.
        changes: What differs from the request; empty unless the state is `changed`.
        start: When the meeting starts, in the request's time zone.
        end: When the meeting ends, in the request's time zone.
        is_all_day: Whether the event takes whole days.
        subject: The subject.
        location: Where people meet, apart from online.
        join_url: The join link.
        attendees: Who is invited, and how each has responded.
    """

    observed_at: Moment
    state: ObservedStateName
    changes: tuple[ObservedChange, ...]
    start: DateTimeTimeZone | None
    end: DateTimeTimeZone | None
    is_all_day: bool
    subject: str | None
    location: ObservedLocationResponse | None
    join_url: str | None
    attendees: tuple[ObservedAttendeeResponse, ...]

    @staticmethod
    def of(observed: Observed) -> "ObservedResponse":
        """Return what callers see of an observation."""
        place = observed.location and ObservedLocationResponse(display_name=observed.location)
        return ObservedResponse.model_validate(vars(observed) | {"location": place})


class ChosenRoomResponse(ResponseModel, frozen=True):
    """The room that was chosen from a pool of rooms.

    Attributes:
        address: The mail address.
        name: The name to show; the address where the app may not list rooms.
    """

    address: str
    name: str


class FoundMeetingResponse(ResponseModel, frozen=True):
    """A meeting that a search found: one of this app's, or one that only Graph knows.

    Attributes:
        id: Identifies the meeting in every later call; null for a meeting that this app did not make.
        status: How far the meeting is; `external` for one that was read from Graph.
        kind: The kind of the meeting; null where Graph does not say.
        version: The version of the request, which grows with each change; it is the ETag.
        organizer: The organizer, as the request named them; null until one of a pool is chosen.
        room: The room that was chosen from the request's pool of rooms; null until then, and without one.
        availability_checked_until: Until when the calendars of the pool's candidates were looked at; of a series, the
            next 62 days. Null until one is chosen, and without a pool.
        reference: The caller's own reference.
        created_at: When the meeting was requested.
        updated_at: When the meeting last changed.
        attempts: How many attempts the app has made, in all versions.
        next_attempt_at: When the app tries next, while it waits for Graph.
        is_online_meeting: Whether there is an online meeting.
        online_meeting_provider: The provider of the online meeting.
        join_url: The join link.
        join_meeting_id: The number to join with; null where Graph's onlineMeeting was not read.
        passcode: The passcode that belongs to the number.
        dial_in: How to join by telephone.
        dial_in_numbers: All the telephone numbers, where Graph lists several.
        join_information: The text to invite people with.
        event_id: The event in the organizer's calendar, by its immutable id.
        i_cal_u_id: The id of the event in every calendar.
        web_link: Opens the event in Outlook on the web.
        online_meeting_id: Graph's id of the onlineMeeting.
        chat_thread_id: The meeting's chat in Teams.
        meeting_options_web_url: The page on which the organizer changes the meeting's options.
        expires_at: When Teams removes the online meeting if nobody uses it; null where Graph's onlineMeeting was not
            read.
        schedule: The id of the schedule that made the meeting; null of every other meeting.
        observed: What the app last saw in Graph; null until then.
        received: The message on the request queue that could not be read; null of every other meeting.
        error: Why the meeting failed.
        request: The request as it was given; null of a message that could not be read.
    """

    id: Uuid | None
    status: FoundMeetingStatus
    kind: MeetingKind | None
    version: int
    organizer: str | None
    room: ChosenRoomResponse | None
    availability_checked_until: Moment | None
    reference: str | None
    created_at: Moment | None
    updated_at: Moment | None
    attempts: int
    next_attempt_at: Moment | None
    is_online_meeting: bool
    online_meeting_provider: str | None
    join_url: str | None
    join_meeting_id: str | None
    passcode: str | None
    dial_in: DialIn | None
    dial_in_numbers: DialInNumbers | None
    join_information: JoinInformation | None
    event_id: str | None
    i_cal_u_id: str | None
    web_link: str | None
    online_meeting_id: str | None
    chat_thread_id: str | None
    meeting_options_web_url: str | None
    expires_at: Moment | None
    schedule: Uuid | None
    observed: ObservedResponse | None
    received: ReceivedMessage | None
    error: MeetingErrorResponse | None
    request: Annotated[dict[str, Any], DescribedAs("MeetingRequest")] | None


class MeetingResponse(FoundMeetingResponse, frozen=True):
    """What was requested, how far it is, and what Graph has made of it.

    Attributes:
        id: Identifies the meeting in every later call.
        status: How far the meeting is; the last three are final.
        kind: The kind of the meeting.
    """

    id: Uuid
    status: MeetingStatus
    kind: MeetingKind
    created_at: Moment
    updated_at: Moment

    @staticmethod
    def of(meeting: Meeting) -> "MeetingResponse":
        """Return what callers see of a meeting."""
        return MeetingResponse.model_validate(
            vars(meeting)
            | vars(meeting.outcome)
            | {
                "room": meeting.room and ChosenRoomResponse(address=meeting.room.mailbox, name=meeting.room.name),
                "availability_checked_until": _checked_until(meeting),
                "next_attempt_at": meeting.progress.next_attempt_at,
                "observed": meeting.observed and ObservedResponse.of(meeting.observed),
            }
        )


def _checked_until(meeting: Meeting) -> datetime | None:
    return min((each.looked_until for each in (meeting.reserved, meeting.room) if each), default=None)
