"""An example of every error that a route may answer with, for the routes' declarations.

`functions.http.problems` makes the answers of them.
"""

from datetime import timedelta

from functions.http.requests import COMPRESSED, LENGTH_REQUIRED, NOT_JSON, NOT_MERGE_PATCH
from shared.errors import (
    ArtifactsOffError,
    AttendeeNotFoundError,
    CallerNotAllowedError,
    Fault,
    InvalidRequestError,
    KeyReusedError,
    MeetingNotFoundError,
    NoJoinLinkError,
    OrganizerNotAllowedError,
    QuotaExceededError,
    RejectedError,
    RequestTooLargeError,
    ScheduleNotFoundError,
    SettingsError,
    StorageUnavailableError,
    UnavailableError,
    VersionMismatchError,
)
from shared.graph import remedies
from shared.graph.artifacts import TranscriptNotFoundError
from shared.graph.refusals import NotCalendarBackedError, RoomListNotFoundError, TranscriptsOffError
from shared.meeting import Status
from shared.meeting_request import LARGEST_REQUEST
from shared.openapi.examples import MEETING_ID
from shared.use_cases.external_meetings import of_search
from shared.use_cases.refused_changes import (
    immutable_field,
    meeting_cancelled,
    no_attendees,
    not_a_meeting,
    not_failed,
    not_finished,
    not_made,
)

_ORGANIZER = "AlexW@contoso.com"
_TIME_ZONE = "timeZone must be the name of a time zone, not 'Eastern' (it is neither a Windows nor an IANA name)."

INVALID_REQUEST = InvalidRequestError([Fault("/start/timeZone", "invalidTimeZone", _TIME_ZONE)])
ORGANIZER_NOT_ALLOWED = OrganizerNotAllowedError(f"The settings do not allow the organizer {_ORGANIZER}")
SCHEDULE_NOT_FOUND = ScheduleNotFoundError()
MEETING_NOT_FOUND = MeetingNotFoundError()
ATTENDEE_NOT_FOUND = AttendeeNotFoundError()
NO_JOIN_LINK = NoJoinLinkError("The meeting is queued and has no join link")
KEY_REUSED = KeyReusedError(f"meeting {MEETING_ID}")
TOO_LARGE = RequestTooLargeError(f"The body may have at most {LARGEST_REQUEST} bytes")
VERSION_MISMATCH = VersionMismatchError("The present version is 2")

IMMUTABLE_FIELD = immutable_field(["kind"])
MEETING_CANCELLED = meeting_cancelled()
NOT_A_MEETING = not_a_meeting()
NO_ATTENDEES = no_attendees("standalone")
NOT_FINISHED = not_finished(Status.QUEUED)
NOT_MADE = not_made(Status.QUEUED)
NOT_FAILED = not_failed(Status.SUCCEEDED)

# Of routes with a JSON body, with a merge patch, and of those that change a meeting or a schedule.
BODY = (INVALID_REQUEST, LENGTH_REQUIRED, NOT_JSON, COMPRESSED, TOO_LARGE)
MERGE_PATCH_BODY = (INVALID_REQUEST, LENGTH_REQUIRED, NOT_MERGE_PATCH, COMPRESSED, TOO_LARGE)
QUOTA_EXCEEDED = QuotaExceededError(200, timedelta(hours=9))
SCHEDULE_CHANGE = (ORGANIZER_NOT_ALLOWED, SCHEDULE_NOT_FOUND, VERSION_MISMATCH)
CHANGE = (
    *(MEETING_NOT_FOUND, ORGANIZER_NOT_ALLOWED, MEETING_CANCELLED),
    *(NOT_A_MEETING, VERSION_MISMATCH, QUOTA_EXCEEDED),
)

# Of every route that needs a function key.
SETTINGS_WRONG = SettingsError()
SERVICE = (
    CallerNotAllowedError("The setting CALLERS does not name this caller"),
    StorageUnavailableError(),
    SETTINGS_WRONG,
)
GRAPH_UNAVAILABLE = UnavailableError("Graph is not available", uncertain=False, delay=timedelta(seconds=10))


def _permission_missing(permission: str) -> RejectedError:
    return RejectedError(
        "applicationPermissionMissing",
        f"The app lacks Graph's application permission {permission}.",
        remedies.application_permission(permission, None),
    )


PLACES_NOT_ALLOWED = _permission_missing("Place.Read.All")
ROOM_LIST_NOT_FOUND = RoomListNotFoundError("Rooms@contoso.com")
_NO_ACCESS_POLICY = RejectedError(
    "applicationAccessPolicyMissing",
    f"No Teams application access policy lets the app make online meetings for {_ORGANIZER}.",
    remedies.application_access_policy(_ORGANIZER, None),
)
_ONLINE_MEETINGS_DENIED = RejectedError(
    "onlineMeetingsDenied",
    f"Teams does not let {_ORGANIZER} have online meetings.",
    remedies.online_meetings_denied(_ORGANIZER, None),
)
_ORGANIZER_NOT_FOUND = RejectedError(
    "organizerNotFound", f"There is no user {_ORGANIZER}.", remedies.organizer_not_found(_ORGANIZER)
)
_GRAPH_REJECTED = RejectedError("graphRejected", "Graph refused the request (status 400).", remedies.REPORT)
GRAPH = (
    _NO_ACCESS_POLICY,
    _permission_missing("OnlineMeetings.ReadWrite.All"),
    RejectedError(
        "mailboxAccessDenied",
        f"The app may not use the calendar of {_ORGANIZER}.",
        remedies.mailbox_access(_ORGANIZER, None),
    ),
    _ONLINE_MEETINGS_DENIED,
    _ORGANIZER_NOT_FOUND,
    RejectedError(
        "organizerHasNoMailbox",
        f"The organizer {_ORGANIZER} has no Exchange Online mailbox.",
        remedies.no_mailbox(_ORGANIZER),
    ),
    RejectedError("eventDeleted", "The event is not in the organizer's calendar.", remedies.EVENT_DELETED),
    RejectedError("onlineMeetingMissing", "The online meeting no longer exists.", remedies.ONLINE_MEETING_MISSING),
    _GRAPH_REJECTED,
    GRAPH_UNAVAILABLE,
)
# Of a search whose URL names the organizer.
GRAPH_SEARCH = tuple(of_search(error) if isinstance(error, RejectedError) else error for error in GRAPH)


def _of_artifact(artifact: str, permission: str) -> tuple[Exception, ...]:
    """Return what every call that reads an artifact of a meeting may fail with."""
    return (
        ArtifactsOffError(artifact),
        MEETING_NOT_FOUND,
        NOT_MADE,
        _permission_missing(permission),
        *(_NO_ACCESS_POLICY, _ONLINE_MEETINGS_DENIED, _ORGANIZER_NOT_FOUND, _GRAPH_REJECTED, GRAPH_UNAVAILABLE),
        *SERVICE,
    )


ATTENDANCE = _of_artifact("attendance", "OnlineMeetingArtifact.Read.All")
_NOT_CALENDAR_BACKED = NotCalendarBackedError()
TRANSCRIPTS = (
    *_of_artifact("transcripts", "OnlineMeetingTranscript.Read.All"),
    _NOT_CALENDAR_BACKED,
    TranscriptsOffError("EnableGraphTranscriptAccess"),
)
RECORDINGS = (*_of_artifact("recordings", "OnlineMeetingRecording.Read.All"), _NOT_CALENDAR_BACKED)
TRANSCRIPT_NOT_FOUND = TranscriptNotFoundError()
