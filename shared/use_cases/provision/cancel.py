"""Cancel a meeting: delete what was created, even if Graph creates it late, and create nothing."""

from http import HTTPStatus

from shared.errors import RejectedError
from shared.graph import Event
from shared.graph.refusals import NothingFoundError
from shared.meeting_request import CalendarRequest, ExistingRequest, StandaloneRequest
from shared.use_cases.provision.attempt import CLAIM, LATEST_EFFECT, Attempt, NotYetThereError
from shared.use_cases.provision.steps import Steps

# An attempt that is in progress at the cancellation sends no request after its claim.
_STILL_TO_COME = CLAIM + LATEST_EFFECT


async def cancel_event(steps: Steps, attempt: Attempt, request: CalendarRequest | ExistingRequest) -> None:
    """Cancel the event, if there is one; its attendees get a notice with the comment."""
    try:
        event = await _event_of(steps, attempt, request)
        if event is None or attempt.meeting.doubt.late_effect_until:
            # If a creation was sent twice, Graph may make the second event once the first one is cancelled.
            _wait_for_late_effects(attempt)
        if event is None or event.is_cancelled:
            return
        cancellation = attempt.meeting.cancellation
        if event.attendees == ():
            await steps.events.delete(attempt.mailbox, event.id)
        else:
            await steps.events.cancel(attempt.mailbox, event.id, cancellation.comment if cancellation else None)
    except RejectedError as error:
        if not _is_gone(error):
            raise


def _wait_for_late_effects(attempt: Attempt) -> None:
    """Return once no request of an earlier attempt can still take effect.

    Raises:
        NotYetThereError: one may.
    """
    meeting, late_effect_until = attempt.meeting, attempt.meeting.doubt.late_effect_until
    if attempt.outcome.made:
        may_take_effect = late_effect_until is not None and meeting.updated_at < late_effect_until
    else:
        age = meeting.updated_at - meeting.progress.version_started_at
        may_take_effect = attempt.in_doubt_since is not None and age < _STILL_TO_COME
    if may_take_effect:
        raise NotYetThereError("a request of an earlier attempt may still take effect")


async def _event_of(steps: Steps, attempt: Attempt, request: CalendarRequest | ExistingRequest) -> Event | None:
    """Return the meeting's event, None if nothing was made."""
    if attempt.outcome.event_id is not None:
        return await steps.events.read(attempt.mailbox, attempt.outcome.event_id)
    if attempt.in_doubt_since is None:
        return None
    if isinstance(request, ExistingRequest):  # unchanged, or made online by an attempt whose answer was lost
        event = await steps.events.read(attempt.mailbox, request.event_id, with_meeting_id=True)
        await steps.ownership.require_own(attempt.meeting, event)
        return event if event.is_online_meeting else None
    return await steps.events.find(attempt.mailbox, attempt.meeting.id)


async def cancel_online_meeting(steps: Steps, attempt: Attempt, request: StandaloneRequest) -> None:
    """Delete the meeting, if there is one."""
    online_meeting_id = attempt.outcome.online_meeting_id
    if online_meeting_id is None and attempt.in_doubt_since is None:
        return
    settings = request.join_meeting_id_settings
    if online_meeting_id is None or settings is None:  # Graph finds no meeting of a plain create again
        _wait_for_late_effects(attempt)
    organizer_id = await steps.organizer_id(attempt)
    if online_meeting_id is None:
        made = await steps.online_meetings.create_or_get(organizer_id, attempt.meeting.id, {}, None)
        online_meeting_id = made.id
    try:
        await steps.online_meetings.delete(organizer_id, online_meeting_id)
    except RejectedError as error:
        if not _is_gone(error):
            raise


def _is_gone(error: RejectedError) -> bool:
    """Return whether Graph says that there is nothing left to delete."""
    gone = error.answer is not None and error.answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
    return gone or error.code == "eventDeleted" or isinstance(error, NothingFoundError)
