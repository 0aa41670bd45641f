"""The join link of an event: wait for it, enable it, and verify it after every change.

Exchange derives it from the body, and loses it at times also when other properties change:
https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/1895,
https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/2895
"""

from typing import Any

from shared.errors import RejectedError
from shared.graph import Event, remedies
from shared.graph.join_block import meetings_linked_in
from shared.meeting_request import CalendarRequest, ExistingRequest
from shared.use_cases.provision.attempt import Attempt
from shared.use_cases.provision.steps import Steps
from shared.validation.join_links import canonical_link

_LOOKS_BEFORE_ENABLING = 2


async def wait_for_link(
    steps: Steps, attempt: Attempt, event: Event | None, request: CalendarRequest | ExistingRequest
) -> None:
    """Note the event's join link; if there is none, later attempts look again, enable it, and give up."""
    await attempt.checkpoint()
    event = await _with_link(steps, attempt, event, request)
    attempt.outcome = event.added_to(attempt.outcome)


def require_own_link(attempt: Attempt, request: CalendarRequest) -> None:
    """Refuse the link of a new event that came from the caller's body."""
    join_url = attempt.outcome.join_url or ""
    if request.body and canonical_link(join_url) in meetings_linked_in(request.body.content):
        attempt.outcome = attempt.outcome.model_copy(update={"join_url": None})
        raise RejectedError(
            "onlineMeetingMissing",
            "The body holds the link of another Teams meeting, and Exchange took it for the event's own.",
            remedies.LINK_IN_BODY,
        )


async def require_same_link(
    steps: Steps, attempt: Attempt, event: Event | None, request: CalendarRequest, former_body: str | None
) -> None:
    """Verify after a change that the event still has the link that was reported, or try again later.

    Args:
        steps: the calls to Graph.
        attempt: its outcome has the link.
        event: as Graph answered the change; None if an earlier attempt made the change.
        request: names the provider.
        former_body: the HTML before the change, if the change was one of the body.

    Raises:
        RejectedError: `joinBlockMissing`: the new body has brought another link, and was taken back;
            `onlineMeetingMissing`: the link is gone, or it leads to another meeting.
    """
    link = canonical_link(attempt.outcome.join_url or "")
    event = await _with_link(steps, attempt, event, request)
    if canonical_link(event.join_url or "") == link:
        return
    if former_body is not None:
        event = await steps.change_event(attempt, event, {"body": {"contentType": "html", "content": former_body}})
        if canonical_link(event.join_url or "") == link:
            raise RejectedError(
                "joinBlockMissing",
                "The new body holds the link of another Teams meeting, and Exchange took it for the event's own; the "
                "former body is back.",
                remedies.LINK_IN_BODY,
            )
    raise RejectedError("onlineMeetingMissing", "The event has another join link than before.", remedies.LINK_CHANGED)


async def enable(steps: Steps, attempt: Attempt, event: Event, request: CalendarRequest | ExistingRequest) -> Event:
    """Make an event an online meeting: https://learn.microsoft.com/graph/outlook-calendar-online-meetings."""
    changes: dict[str, Any] = {"isOnlineMeeting": True, "onlineMeetingProvider": request.online_meeting_provider}
    return await steps.change_event(attempt, event, changes)


async def _with_link(
    steps: Steps, attempt: Attempt, event: Event | None, request: CalendarRequest | ExistingRequest
) -> Event:
    misses = attempt.meeting.progress.not_found_yet
    if event is None:
        event = await steps.read_event(attempt.mailbox, attempt.outcome.event_id or "", with_body=True)
    if event.join_url is None and misses >= _LOOKS_BEFORE_ENABLING and not event.is_online_meeting:
        event = await enable(steps, attempt, event, request)
    if event.join_url is not None:
        return event
    raise attempt.not_shown(
        "Graph has the event, and its join link is not there",
        RejectedError(
            "onlineMeetingMissing",
            "Graph has the event and gives it no join link of Teams or Skype.",
            remedies.no_join_link(attempt.mailbox),
        ),
    )
