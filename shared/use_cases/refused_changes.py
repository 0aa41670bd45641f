"""Why a meeting does not allow a change: the codes and texts, as they are raised and documented."""

from collections.abc import Sequence
from typing import Any, cast

from shared.errors import ChangeRefusedError, Fault, InvalidRequestError
from shared.meeting import Status
from shared.meeting_request import MeetingRequest, StandaloneRequest, online_meeting_properties, option_properties
from shared.meeting_request.any_kind import TEAMS
from shared.meeting_request.pools import USUAL_STRATEGY

IMMUTABLE = ("kind", "organizer", "organizerPool", "eventId", "joinMeetingIdSettings", "onlineMeetingProvider")
_UNTIL_MADE = {
    Status.QUEUED: "Ask again when it has succeeded.",
    Status.RUNNING: "Ask again when it has succeeded.",
    Status.FAILED: "Follow the remedy in its error, and send POST /api/meetings/{id}/retry.",
}


def immutable_field(names: Sequence[str]) -> ChangeRefusedError:
    """Return the refusal to change members that stay as they were when the meeting was created."""
    fixed = ", ".join(name for name in names if name != "organizerPool")
    texts = [f"{fixed} cannot change: Graph fixes it when the meeting is created."] if fixed else []
    if "organizerPool" in names:
        texts.append("organizerPool cannot change: the organizer is chosen once.")
    text = " ".join([*texts, "Cancel this meeting and send a new request."])
    return ChangeRefusedError("immutableField", text, tuple(f"/{name}" for name in names))


def meeting_cancelled() -> ChangeRefusedError:
    """Return the refusal to change a cancelled meeting."""
    return ChangeRefusedError("meetingCancelled", "The meeting is cancelled; send a new request for another.")


def not_a_meeting() -> ChangeRefusedError:
    """Return the refusal to change a failed message that holds no request."""
    text = "This failed message cannot become a meeting. Correct what its error names, and send the message again."
    return ChangeRefusedError("notAMeeting", text)


def no_attendees(kind: str) -> ChangeRefusedError:
    """Return the refusal to change the attendees of a meeting without invitations."""
    return ChangeRefusedError("noAttendees", f"A meeting of kind {kind} invites nobody.")


def not_failed(status: Status) -> ChangeRefusedError:
    """Return the refusal to retry a meeting that has not failed."""
    return ChangeRefusedError("notFailed", f"The meeting is {status}; only a failed one is retried.")


def not_finished(status: Status) -> ChangeRefusedError:
    """Return the refusal to forget a meeting that is in progress."""
    text = f"The meeting is {status}; only a finished one is forgotten. Cancel it first."
    return ChangeRefusedError("notFinished", text)


def not_made(status: Status) -> ChangeRefusedError:
    """Return the refusal to refresh a meeting that is not in Microsoft Graph, or will be cancelled."""
    text = f"The meeting is {status}: it is not in Microsoft Graph."
    return ChangeRefusedError("notMade", " ".join(filter(None, (text, _UNTIL_MADE.get(status)))))


def nothing_to_compare() -> ChangeRefusedError:
    """Return the refusal to compare a meeting with Microsoft Graph whose record is without its request."""
    return ChangeRefusedError("notMade", "The request was too large to be stored, so there is nothing to compare with.")


def require_immutable(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Refuse to change members that stay as they were when the meeting was created.

    Raises:
        ChangeRefusedError: `immutableField`.
    """
    changed = [name for name in IMMUTABLE if _immutable_value(before, name) != _immutable_value(after, name)]
    if changed:
        raise immutable_field(changed)


def _immutable_value(document: dict[str, Any], name: str) -> Any:
    defaults = {"kind": "calendar", "onlineMeetingProvider": TEAMS}
    value = document.get(name, defaults.get(name))
    is_pool = name == "organizerPool" and isinstance(value, dict)
    return {"strategy": USUAL_STRATEGY} | cast("dict[str, Any]", value) if is_pool else value


def require_nothing_unset(former: MeetingRequest, after: MeetingRequest) -> None:
    """Refuse to remove members whose default is the tenant's own: Graph does not say what it is.

    Raises:
        InvalidRequestError: `cannotBeUnset`, for each of them.
    """
    place = "" if isinstance(former, StandaloneRequest) else "/options"
    gone = set(option_properties(former)) - set(option_properties(after))
    if isinstance(former, StandaloneRequest) and isinstance(after, StandaloneRequest):
        gone |= set(online_meeting_properties(former)) - set(online_meeting_properties(after))
    if gone:
        raise InvalidRequestError(
            [
                Fault(f"{place}/{name}", "cannotBeUnset", f"{name} can be changed, not removed: give the new value.")
                for name in sorted(gone)
            ]
        )
