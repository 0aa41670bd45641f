"""A standalone meeting: an onlineMeeting without an event in a calendar; nobody is invited."""

from typing import Any

from shared.errors import RejectedError
from shared.graph import OnlineMeeting, remedies
from shared.graph.refusals import NothingFoundError
from shared.meeting.applied import Applied
from shared.meeting_request import StandaloneRequest, online_meeting_properties, option_properties
from shared.use_cases.provision.attempt import Attempt
from shared.use_cases.provision.steps import Steps

# https://learn.microsoft.com/graph/api/resources/onlinemeeting: a creation needs a subject and an end.
_USUAL_SUBJECT = "Meeting"


async def provision_standalone(steps: Steps, attempt: Attempt, request: StandaloneRequest) -> None:
    """Create the meeting, once if Graph recognises a repetition, and set what differs from the request."""
    properties, options = online_meeting_properties(request), option_properties(request)
    settings = properties.pop("joinMeetingIdSettings", None)
    if attempt.outcome.join_url is None:
        if attempt.outcome.online_meeting_id is None:
            found = await _made(steps, attempt, properties, settings)
        else:
            found = await _seen_again(steps, attempt, attempt.outcome.online_meeting_id)
        attempt.outcome = found.added_to(attempt.outcome) if found else attempt.outcome
        if found:
            attempt.applied = attempt.applied.changed(language=attempt.language)
            _require_passcode(found, settings)
        if attempt.outcome.join_url is None:
            raise attempt.not_shown(
                "Graph has made the meeting, and its join link is not there yet",
                RejectedError(
                    "onlineMeetingMissing", "Graph made the meeting and gave it no join link.", remedies.REPORT
                ),
            )
    wanted = {name: value for name, value in properties.items() if name != "participants"} | options
    if _settled(attempt, wanted):
        return
    await attempt.checkpoint()
    await steps.finish_online_meeting(attempt, wanted)


async def _made(
    steps: Steps, attempt: Attempt, properties: dict[str, Any], settings: dict[str, Any] | None
) -> OnlineMeeting:
    """Create or find the meeting, with or without a passcode as requested.

    createOrGet knows our id and takes no settings. The sources disagree on whether it makes a passcode: never, by
    design (https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/73, 2023); by itself, like plain
    creations, in 2026. So it is tried first, and its meeting kept if that fits. If not, a plain create follows, which
    has no id of ours: if its answer is lost, an unused meeting stays behind, and another is made.
    """
    organizer_id = await steps.organizer_id(attempt)
    first_try = attempt.in_doubt_since is None
    wanted: bool | None = settings["isPasscodeRequired"] if settings else None
    # An earlier attempt may have left createOrGet's meeting behind, so that only the first one goes without.
    goes_without = attempt.meeting.attempts == 1 and steps.passcodes.get(organizer_id, wanted) != wanted
    if wanted is None or not goes_without:
        made = await steps.online_meetings.create_or_get(organizer_id, attempt.meeting.id, properties, attempt.language)
        if wanted is None or made.has_passcode == wanted:
            if first_try or attempt.in_doubt_since == attempt.meeting.version:
                attempt.applied = _applied(attempt, properties)
            return made
        steps.passcodes[organizer_id] = not wanted
        await _delete(steps, organizer_id, made.id)
    body = steps.usual_times() | {"subject": _USUAL_SUBJECT} | properties | {"joinMeetingIdSettings": settings}
    made = await steps.online_meetings.create(organizer_id, body, attempt.language)
    attempt.applied = _applied(attempt, properties)
    return made


def _applied(attempt: Attempt, properties: dict[str, Any]) -> Applied:
    sent = {name: value for name, value in properties.items() if name != "participants"}
    return attempt.applied.changed(online_meeting=attempt.applied.online_meeting.confirmed(sent))


async def _delete(steps: Steps, organizer_id: str, online_meeting_id: str) -> None:
    try:
        await steps.online_meetings.delete(organizer_id, online_meeting_id)
    except NothingFoundError:
        return


def _require_passcode(found: OnlineMeeting, settings: dict[str, Any] | None) -> None:
    """Refuse a meeting with a passcode where none was wanted, or the reverse; it can never be changed."""
    if settings and found.has_passcode != settings["isPasscodeRequired"]:
        raise RejectedError(
            "optionsNotSet",
            "Graph made the meeting and did not follow the request for a passcode (joinMeetingIdSettings).",
            remedies.PASSCODE,
        )


async def _seen_again(steps: Steps, attempt: Attempt, online_meeting_id: str) -> OnlineMeeting | None:
    """Return a meeting that had no link when it was made; None as long as Graph does not show it at all."""
    organizer_id = await steps.organizer_id(attempt)
    try:
        return await steps.online_meetings.read(organizer_id, online_meeting_id, attempt.language)
    except NothingFoundError:
        return None


def _settled(attempt: Attempt, wanted: dict[str, Any]) -> bool:
    applied, language = attempt.applied, attempt.language
    has_language = applied.language == language and not (language and attempt.outcome.join_information is None)
    return has_language and not applied.online_meeting.diff(wanted)
