"""What Graph refuses for good, and why: the code of a failed meeting, and who does what about it.

Graph's codes and statuses: https://learn.microsoft.com/graph/errors. Branch on the code; the message counts only for
Teams, whose refusals have no codes of their own.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from http import HTTPStatus

from shared.errors import GraphAnswer, RejectedError
from shared.graph import remedies


class Surface(StrEnum):
    """The part of Graph that was called: each has its own permission and its own refusals."""

    DIRECTORY = "directory"
    MAILBOX = "mailbox"
    ONLINE_MEETINGS = "onlineMeetings"
    ATTENDANCE = "attendanceReports"
    TRANSCRIPTS = "transcripts"
    RECORDINGS = "recordings"
    PLACES = "places"

    @property
    def of_teams(self) -> bool:
        """Return whether Teams answers, behind its application access policy."""
        return self is Surface.ONLINE_MEETINGS or self.of_artifacts

    @property
    def of_artifacts(self) -> bool:
        """Return whether it is the artifacts of past meetings."""
        return self in {Surface.ATTENDANCE, Surface.TRANSCRIPTS, Surface.RECORDINGS}


@dataclass(frozen=True, slots=True)
class Addressee:
    """What a call was about, for the remedy.

    Attributes:
        surface: the part of Graph.
        organizer: whose mailbox, meetings or directory entry; for places the room list, empty for the tenant.
        client_id: of this app, if it is known.
        item: whether the path named one event or one online meeting: then that may be what is missing.
    """

    surface: Surface
    organizer: str
    client_id: str | None = None
    item: bool = False


@dataclass(frozen=True, slots=True)
class GraphRefusal:
    """An error answer, reduced to what matters; `inner_code` is the code of its `innerError`."""

    answer: GraphAnswer
    message: str
    retry_after: timedelta | None
    existing_event_id: str | None = None
    inner_code: str = ""


def event_deleted() -> RejectedError:
    """Return the error for an event that was deleted, although its immutable id can still be read."""
    return RejectedError("eventDeleted", "The event is cancelled, or was deleted.", remedies.EVENT_DELETED)


class NotCalendarBackedError(RejectedError):
    """Graph has no transcripts and recordings of a meeting without an event.

    https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/9103
    """

    def __init__(self, answer: GraphAnswer | None = None) -> None:
        message = "Graph has transcripts and recordings of meetings with a calendar event only."
        super().__init__("notCalendarBacked", message, remedies.NOT_CALENDAR_BACKED, answer)


class TranscriptsOffError(RejectedError):
    """The tenant does not let apps read transcripts; `switch` of its meeting configuration decides that."""

    def __init__(self, switch: str, answer: GraphAnswer | None = None) -> None:
        message = "The tenant does not let apps read transcripts."
        super().__init__("transcriptsOff", message, remedies.transcripts_off(switch), answer)


class DuplicateTransactionError(RejectedError):
    """The event's transactionId was used before, for the event `existing_event_id` if Graph names it."""

    def __init__(self, refusal: GraphRefusal) -> None:
        super().__init__(
            "graphRejected",
            "Graph has used this meeting's transaction id for another event.",
            remedies.REPORT,
            refusal.answer,
        )
        self.existing_event_id = refusal.existing_event_id


class RoomListNotFoundError(RejectedError):
    """There is no room list with this address."""

    def __init__(self, address: str, answer: GraphAnswer | None = None) -> None:
        super().__init__("roomListNotFound", f"There is no room list {address}.", remedies.ROOM_LIST_NOT_FOUND, answer)


class NothingFoundError(RejectedError):
    """A search for an online meeting found nothing; a new meeting may be found a little later."""


class OtherOrganizerError(RejectedError):
    """The online meeting belongs to another organizer, or the policy admits the app for another organizer only."""


_NO_MAILBOX_CODES = frozenset(
    {"mailboxnotenabledforrestapi", "mailboxnotsupportedforrestapi", "errornonexistentmailbox"}
)
_MISSING_STATUSES = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_NO_USER_CODES = frozenset({"errorinvaliduser", "request_resourcenotfound"})
# "Resource could not be discovered.": for a user whose mailbox is elsewhere, and for one who does not exist.
_UNDISCOVERED_CODE = "resourcenotfound"
# An event that no longer exists, whatever the status: to delete a deleted item again by its immutable id gives 403
# (https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/3047); a malformed id is of an event that never existed.
_GONE_CODES = frozenset({"errorcannotdeleteobject", "erroritemnotfound", "errorinvalididmalformed"})
# With these, or without any, Exchange refuses the mailbox; other codes with 403 are about something else.
_DENIED_CODES = frozenset({"", "erroraccessdenied", "accessdenied", "forbidden", "unauthorized"})
_NOTHING_FOUND = ("1026:", "3004:", "organizer id mismatch")
_NOT_THEIRS = "3003:"
_OF_POLICY = ("is not authorized to", "not allowed to perform operations on the user", _NOT_THEIRS)
_NO_PERMISSION_CODE = "authorization_requestdenied"
_OF_PERMISSION = re.compile(r"\b(?:role|permission|scope|privilege)", re.IGNORECASE)
_PERMISSIONS = {
    Surface.DIRECTORY: "User.ReadBasic.All",
    Surface.MAILBOX: "Calendars.ReadWrite",
    Surface.ONLINE_MEETINGS: "OnlineMeetings.ReadWrite.All",
    Surface.ATTENDANCE: "OnlineMeetingArtifact.Read.All",
    Surface.TRANSCRIPTS: "OnlineMeetingTranscript.Read.All",
    Surface.RECORDINGS: "OnlineMeetingRecording.Read.All",
    Surface.PLACES: "Place.Read.All",
}
# What a Teams administrator sets to true: https://learn.microsoft.com/powershell/module/microsoftteams/set-csteamsmeetingconfiguration
_TRANSCRIPT_SWITCHES = {
    "graphaccesstotranscriptsdisabled": "EnableGraphTranscriptAccess",
    "speakerattributionnotallowed": "EnableAttributedTranscripts",
}
_NO_EVENT = "calendar backed"


def rejection_of(refusal: GraphRefusal, addressee: Addressee) -> RejectedError:
    """Return what a permanent refusal means."""
    status, code, answer = refusal.answer.status, refusal.answer.code.casefold(), refusal.answer
    organizer, surface = addressee.organizer, addressee.surface
    if code in _NO_MAILBOX_CODES:
        return RejectedError(
            "organizerHasNoMailbox",
            f"The organizer {organizer} has no Exchange Online mailbox.",
            remedies.no_mailbox(organizer),
            answer,
        )
    if surface.of_artifacts and (error := _unreadable_artifact(refusal)):
        return error
    if surface.of_teams and any(text in refusal.message.casefold() for text in _NOTHING_FOUND):
        return NothingFoundError(
            "onlineMeetingMissing", "Graph finds no such online meeting.", remedies.ONLINE_MEETING_MISSING, answer
        )
    if addressee.item and surface is Surface.MAILBOX and _is_gone(status, code):
        return RejectedError(
            "eventDeleted", "The event is not in the organizer's calendar.", remedies.EVENT_DELETED, answer
        )
    if status == HTTPStatus.FORBIDDEN:
        return _forbidden(refusal, addressee)
    if status in _MISSING_STATUSES:
        return _missing(refusal, addressee)
    if "timezonenotsupported" in code:
        return RejectedError(
            "timeZoneNotSupported",
            "The organizer's mailbox server does not know the time zone.",
            remedies.TIME_ZONE,
            answer,
        )
    return _other(refusal)


def _unreadable_artifact(refusal: GraphRefusal) -> RejectedError | None:
    """Return why no app may read an artifact, None if it is this app or the meeting that is refused."""
    codes = (refusal.inner_code.casefold(), refusal.answer.code.casefold())
    switch = next((_TRANSCRIPT_SWITCHES[code] for code in codes if code in _TRANSCRIPT_SWITCHES), None)
    if switch:
        return TranscriptsOffError(switch, refusal.answer)
    return NotCalendarBackedError(refusal.answer) if _NO_EVENT in refusal.message.casefold() else None


def _other(refusal: GraphRefusal) -> RejectedError:
    said = f"{refusal.answer.code}: {refusal.message}".strip(": ") or f"status {refusal.answer.status}"
    return RejectedError("graphRejected", f"Graph refused the request ({said}).", remedies.REPORT, refusal.answer)


def _is_gone(status: int, code: str) -> bool:
    return code in _GONE_CODES or (status in _MISSING_STATUSES and code not in {*_NO_USER_CODES, _UNDISCOVERED_CODE})


def _missing(refusal: GraphRefusal, addressee: Addressee) -> RejectedError:
    code, answer = refusal.answer.code.casefold(), refusal.answer
    organizer, surface = addressee.organizer, addressee.surface
    if surface is Surface.PLACES:
        return RoomListNotFoundError(organizer, answer)
    if addressee.item and surface.of_teams and code not in _NO_USER_CODES:
        return NothingFoundError(
            "onlineMeetingMissing",
            "The online meeting no longer exists.",
            remedies.ONLINE_MEETING_MISSING,
            answer,
        )
    remedy = remedies.organizer_not_found(organizer)
    if code in _NO_USER_CODES or surface is Surface.DIRECTORY:
        return RejectedError("organizerNotFound", f"There is no user {organizer}.", remedy, answer)
    lacking = "Teams"
    if surface is Surface.MAILBOX:
        lacking, remedy = "mailbox in Exchange Online", f"{remedy} {remedies.no_mailbox(organizer)}"
    answered = f"{answer.status} {answer.code}".strip()
    message = f"Graph answered {answered}: there is no user {organizer}, or the user has no {lacking}."
    return RejectedError("organizerNotFound", message, remedy, answer)


def _forbidden(refusal: GraphRefusal, addressee: Addressee) -> RejectedError:
    organizer, client_id, answer = addressee.organizer, addressee.client_id, refusal.answer
    if _is_of_policy(refusal, addressee.surface):
        kind = OtherOrganizerError if _NOT_THEIRS in refusal.message else RejectedError
        return kind(
            "applicationAccessPolicyMissing",
            f"No Teams application access policy lets the app make online meetings for {organizer}.",
            remedies.application_access_policy(organizer, client_id),
            answer,
        )
    code = answer.code.casefold()
    if addressee.surface is Surface.MAILBOX and code in _DENIED_CODES:
        return RejectedError(
            "mailboxAccessDenied",
            f"The app may not use the calendar of {organizer}.",
            remedies.mailbox_access(organizer, client_id),
            answer,
        )
    if code != _NO_PERMISSION_CODE and addressee.surface is Surface.MAILBOX:
        return _other(refusal)
    if (
        code != _NO_PERMISSION_CODE
        and addressee.surface is Surface.ONLINE_MEETINGS
        and not _OF_PERMISSION.search(refusal.message)
    ):
        # Guests, and people without a licence or with a policy against it, are refused with or without a message:
        # https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/794
        return RejectedError(
            "onlineMeetingsDenied",
            f"Teams does not let {organizer} have online meetings.",
            remedies.online_meetings_denied(organizer, client_id),
            answer,
        )
    permission = _PERMISSIONS[addressee.surface]
    # Exchange's way to grant it, the only one that keeps the app out of other mailboxes.
    in_exchange = addressee.surface is Surface.MAILBOX
    return RejectedError(
        "applicationPermissionMissing",
        f"The app lacks Graph's application permission {permission}.",
        remedies.mailbox_access(organizer, client_id)
        if in_exchange
        else remedies.application_permission(permission, client_id),
        answer,
    )


def _is_of_policy(refusal: GraphRefusal, surface: Surface) -> bool:
    """Return whether the Teams application access policy is missing; it has no code of its own."""
    message = refusal.message.casefold()
    if "application access policy" in message:
        return True
    return surface.of_teams and any(text in message for text in _OF_POLICY)
