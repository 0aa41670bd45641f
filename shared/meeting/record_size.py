"""The bounds on a meeting's record, which keep room for what is added after its acceptance.

An entity of Azure Tables holds 1 MiB, in which text counts two bytes a character (UTF-16):
https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model

    request                                     640 KiB   a larger one is refused on arrival (413, `tooLarge`)
    outcome, progress, history, error, ...      320 KiB   never refused: what is too long is left out
    index keys, labels, names of properties      64 KiB

So a meeting that was accepted can always be written again, and can always end.
"""

import json
from collections.abc import Callable
from typing import Any

from shared.errors import Fault, RequestTooLargeError
from shared.meeting.applied import Applied
from shared.meeting.attendance import AttendanceWatch
from shared.meeting.meeting import Meeting
from shared.meeting.meeting_error import MeetingError
from shared.validation.text import MAX_TEXT

LARGEST_REQUEST_STORED = 2 * MAX_TEXT
_LONGEST_TEXT = 1024
_MOST_FAULTS = 20


def utf16_bytes(text: str) -> int:
    """Return how many bytes a text takes in a table."""
    return len(text.encode("utf-16-le", "surrogatepass"))


def fits(request: dict[str, Any] | None) -> bool:
    """Return whether a request leaves room for the rest of its record."""
    return request is None or utf16_bytes(json.dumps(request, ensure_ascii=False)) <= LARGEST_REQUEST_STORED


def require_room(request: dict[str, Any] | None) -> None:
    """Check that a request, as it is stored, leaves room for the rest of its record.

    Raises:
        RequestTooLargeError: it does not.
    """
    if not fits(request):
        raise RequestTooLargeError(
            f"The meeting would take more than {LARGEST_REQUEST_STORED // 1024} KiB in the storage, at two bytes a "
            "character and with HTML escaped. Shorten the body or the lists"
        )


def trimmed(meeting: Meeting, fits_now: Callable[[Meeting], bool]) -> Meeting:
    """Return a meeting without the parts that are too long beside its request; no more than needed are dropped.

    Raises:
        RequestTooLargeError: even the rest is too large.
    """
    for trim in (
        _without_history,
        _without_invitation,
        _without_observation,
        _with_short_texts,
        *((bare,) if meeting.finished else ()),
    ):
        meeting = trim(meeting)
        if fits_now(meeting):
            return meeting
    raise RequestTooLargeError(f"The record of the meeting {meeting.id} does not fit into the table")


def bare(meeting: Meeting) -> Meeting:
    """Return a finished meeting in a form that always fits: how it ended, without its request."""
    unwatched = {"look_at": None, "attendance": AttendanceWatch()}
    short = _with_short_texts(meeting).changed(request=None, applied=Applied(), applied_messages=(), **unwatched)
    return _without_history(short)


def _without_history(meeting: Meeting) -> Meeting:
    return meeting.changed(history=())


def _without_invitation(meeting: Meeting) -> Meeting:
    return meeting.changed(outcome=meeting.outcome.changed(join_information=None, dial_in_numbers=None))


def _without_observation(meeting: Meeting) -> Meeting:
    return meeting.changed(observed=None)


def _with_short_texts(meeting: Meeting) -> Meeting:
    meeting = _without_observation(_without_invitation(meeting))
    too_long = {name: None for name, value in meeting.outcome if isinstance(value, str) and len(value) > _LONGEST_TEXT}
    meeting = meeting.changed(outcome=meeting.outcome.changed(**too_long))
    if (problem := meeting.progress.last_problem) is not None:
        meeting = meeting.progressed(last_problem=problem[:_LONGEST_TEXT])
    return meeting.changed(error=meeting.error and _shortened(meeting.error))


def _shortened(error: MeetingError) -> MeetingError:
    faults = tuple(
        Fault(fault.pointer[:_LONGEST_TEXT], fault.code, fault.message[:_LONGEST_TEXT])
        for fault in error.errors[:_MOST_FAULTS]
    )
    return error.changed(
        message=error.message[:_LONGEST_TEXT],
        remedy=error.remedy[:_LONGEST_TEXT],
        errors=faults,
        more_faults=error.more_faults or len(faults) < len(error.errors),
    )
