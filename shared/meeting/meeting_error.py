"""Why a meeting failed."""

from shared.errors import (
    CallerNotAllowedError,
    ChangeRefusedError,
    Fault,
    GraphAnswer,
    InvalidRequestError,
    KeyReusedError,
    OrganizerNotAllowedError,
    RejectedError,
    RequestRefusedError,
    RequestTooLargeError,
    RowTooLargeError,
)
from shared.meeting.record_model import RecordModel

# Every `code` that the error of a meeting can have; docs/api.md and docs/operations.md say who acts on each.
FAILURE_CODES = (
    "invalidRequest",
    "organizerNotAllowed",
    "callerNotAllowed",
    "nobodyFree",
    "noRoomFree",
    "organizerNotFound",
    "organizerHasNoMailbox",
    "providerNotAllowed",
    "mailboxAccessDenied",
    "applicationAccessPolicyMissing",
    "applicationPermissionMissing",
    "onlineMeetingsDenied",
    "timeZoneNotSupported",
    "eventDeleted",
    "onlineMeetingMissing",
    "joinBlockMissing",
    "optionsNotSet",
    "graphRejected",
    "gaveUp",
    "crashed",
    "tooLarge",
)


class MeetingError(RecordModel):
    """Why a meeting failed, and who does what about it."""

    code: str
    message: str
    remedy: str
    graph: GraphAnswer | None = None
    errors: tuple[Fault, ...] = ()
    more_faults: bool = False

    @staticmethod
    def of(error: RejectedError, meeting_id: str) -> "MeetingError":
        """Return what a refusal of Graph means for a meeting."""
        remedy = error.remedy.replace("{id}", meeting_id)
        return MeetingError(code=error.code, message=error.message, remedy=remedy, graph=error.answer)


_TOO_LARGE = MeetingError(
    code="tooLarge",
    message="The meeting is too large for a record of this service.",
    remedy="Shorten the body, or the lists of attendees and locations, and send the request again.",
)


def as_meeting_error(error: RequestRefusedError) -> MeetingError:
    """Return the `error` of the failed meeting that a request becomes when no caller waits for an answer."""
    match error:
        case InvalidRequestError():
            message, faults = "This is not a valid meeting request.", error.faults
        case KeyReusedError():
            message = f"idempotencyKey {error}. Use a new key for a new request."
            faults = (Fault("/idempotencyKey", "keyReused", message),)
        case ChangeRefusedError():
            message = "The meeting does not allow this change."
            faults = tuple(Fault(pointer, error.code, str(error)) for pointer in error.pointers)
        case CallerNotAllowedError():
            remedy = "Have the operator name the caller in the setting CALLERS, or end the caller's schedule."
            return MeetingError(code="callerNotAllowed", message=f"{error}.", remedy=remedy)
        case OrganizerNotAllowedError():
            remedy = "Name another organizer, or have the operator add this one to the setting ALLOWED_ORGANIZERS."
            return MeetingError(code="organizerNotAllowed", message=f"{error}.", remedy=remedy)
        case RequestTooLargeError() | RowTooLargeError():
            return _TOO_LARGE
        case _:  # RowRefusedError
            remedy = "Report the message to the maintainer of this app, then send the request again."
            return MeetingError(code="crashed", message=f"The record cannot be stored: {error}.", remedy=remedy)
    remedy = "Correct what the errors name and send the request again."
    more = isinstance(error, InvalidRequestError) and error.more_faults
    return MeetingError(code="invalidRequest", message=message, remedy=remedy, errors=faults, more_faults=more)
