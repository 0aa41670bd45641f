"""A calendar meeting: a new event with an online meeting in the organizer's calendar, or an existing event."""

from collections.abc import Iterable
from typing import Any

from shared.errors import RejectedError, UnavailableError
from shared.graph import Event, remedies
from shared.graph.refusals import DuplicateTransactionError
from shared.meeting.applied import Applied, address_digest
from shared.meeting_request import CalendarRequest, ExistingRequest, event_properties, option_properties
from shared.meeting_request.people import MAX_ATTENDEES
from shared.use_cases.provision.attempt import Attempt, NotYetThereError
from shared.use_cases.provision.event_body import merged_body
from shared.use_cases.provision.join_link import enable, require_own_link, require_same_link, wait_for_link
from shared.use_cases.provision.steps import Steps

# Fixed once the event is online; Graph ignores them in a change: https://learn.microsoft.com/graph/api/resources/event
_NEVER_CHANGED = frozenset({"isOnlineMeeting", "onlineMeetingProvider"})
# The property that is in doubt until a change is seen to keep the link.
_LINK = "isOnlineMeeting"
_PLACES = frozenset({"location", "locations"})
# What an event has where the request says nothing.
_ABSENT: dict[str, Any] = {
    "body": {"contentType": "html", "content": ""},
    "location": {"displayName": ""},
    "locations": [],
    "attendees": [],
    "recurrence": None,
    "isAllDay": False,
    "allowNewTimeProposals": True,
    "hideAttendees": False,
    "importance": "normal",
    "sensitivity": "normal",
    "showAs": "busy",
    "categories": [],
    "isReminderOn": True,
    "reminderMinutesBeforeStart": 15,
    "responseRequested": True,
}


async def provision_calendar(steps: Steps, attempt: Attempt, request: CalendarRequest) -> None:
    """Create the event once, or send what has changed since."""
    event, was_reported = None, attempt.outcome.join_url is not None
    if attempt.outcome.event_id is None:
        event = await _event_of(steps, attempt, request)
        attempt.outcome = event.added_to(attempt.outcome)
    if attempt.outcome.join_url is None:
        await wait_for_link(steps, attempt, event, request)
    if not was_reported:
        require_own_link(attempt, request)
    await _change(steps, attempt, request)
    await _finish_options(steps, attempt, request)


async def provision_existing(steps: Steps, attempt: Attempt, request: ExistingRequest) -> None:
    """Make an existing event an online meeting."""
    if attempt.outcome.join_url is None:
        event = await steps.read_existing_event(attempt, request)
        _check_may_be_enabled(event, request)
        if not event.is_online_meeting:
            await steps.require_provider(attempt, request.online_meeting_provider)
            event = await enable(steps, attempt, event, request)
        attempt.outcome = event.added_to(attempt.outcome)
        if event.join_url is None:
            await wait_for_link(steps, attempt, event, request)
    await _finish_options(steps, attempt, request)


async def _event_of(steps: Steps, attempt: Attempt, request: CalendarRequest) -> Event:
    """Create or find the meeting's event; note the properties that it has, as far as they are known."""
    organizer, meeting = attempt.mailbox, attempt.meeting
    properties = event_properties(request)
    if attempt.in_doubt_since is not None and (event := await steps.events.find(organizer, meeting.id)):
        return _as_made(attempt, event, properties)
    await steps.require_provider(attempt, request.online_meeting_provider)
    try:
        event = await steps.events.create(organizer, meeting.id, properties)
    except DuplicateTransactionError as error:
        existing = error.existing_event_id
        found = await (steps.events.read(organizer, existing) if existing else steps.events.find(organizer, meeting.id))
        if found is None:
            raise NotYetThereError("Graph has made the event and does not show it yet") from error
        return _as_made(attempt, found, properties)
    attempt.applied = _with_event(attempt.applied, properties)
    return event


def _as_made(attempt: Attempt, event: Event, properties: dict[str, Any]) -> Event:
    """Return an event that was found; unless this very version made it, all of this version's properties are sent."""
    if attempt.meeting.version in {1, attempt.in_doubt_since}:
        attempt.applied = _with_event(attempt.applied, properties)
    else:  # this app may remove whom an earlier version invited
        invited = _addresses({"attendees": (event.attendees or ())[:MAX_ATTENDEES]})
        attempt.applied = attempt.applied.changed(attendees=attempt.applied.attendees | invited)
    return event


async def _change(steps: Steps, attempt: Attempt, request: CalendarRequest) -> None:
    """Send what differs from what Graph has; a change of attendees alone mails only those who are added or removed."""
    properties: dict[str, Any] = {"attendees": []} | event_properties(request)
    applied = attempt.applied.event
    changes = {name: value for name, value in applied.diff(properties).items() if name not in _NEVER_CHANGED}
    changes |= {name: _ABSENT[name] for name in applied.removed(properties) if name in _ABSENT}
    if attempt.meeting.unwanted_attendees or attempt.meeting.reinvited_attendees:
        changes["attendees"] = properties["attendees"]
    if changes.keys() & _PLACES:  # each replaces the other in Graph: only the requested one is sent
        changes = {name: value for name, value in changes.items() if name not in _PLACES}
        changes |= {name: properties[name] for name in _PLACES if name in properties} or {"locations": []}
    if changes:
        await _send(steps, attempt, request, changes)
    elif _LINK in applied.diff(properties):
        await require_same_link(steps, attempt, None, request, None)
    attempt.applied = _with_event(attempt.applied, properties)


async def _send(steps: Steps, attempt: Attempt, request: CalendarRequest, changes: dict[str, Any]) -> None:
    """Send changes of the present event, and verify its link; `applied` says what is certain at each step."""
    properties = event_properties(request)
    if changes.keys() & {"start", "end", "isAllDay"}:
        changes |= {"start": properties["start"], "end": properties["end"]}
    if "recurrence" in properties:  # a series that is changed without it can lose occurrences
        changes["recurrence"] = properties["recurrence"]
    event_id = attempt.outcome.event_id or ""
    current = await steps.read_event(attempt.mailbox, event_id, with_body="body" in changes)
    await steps.require_in_calendar(attempt.mailbox, current)
    if "body" in changes:
        changes["body"] = _merged_body(attempt, current, properties)
    if "attendees" in changes:
        changes["attendees"] = [
            *_not_removed_by_others(attempt, current, changes["attendees"]),
            *_invited_by_others(attempt, current, properties),
        ]
        attempt.applied = attempt.applied.changed(
            changed_attendees=_changed_since_observation(attempt, current, properties, changes)
        )
    attempt.applied = attempt.applied.changed(
        event=attempt.applied.event.in_doubt({*changes, _LINK}),
        attendees=attempt.applied.attendees | _addresses(properties),
        # Whom this change removes was not removed in Outlook.
        confirmed_attendees=attempt.applied.confirmed_attendees & _addresses(properties),
    )
    await attempt.checkpoint()
    event = await steps.change_event(attempt, current, changes)
    applied = _with_event(attempt.applied, properties)
    attempt.applied = applied.changed(event=applied.event.in_doubt([_LINK]))
    former_body = current.body.content if current.body and "body" in changes else None
    await require_same_link(steps, attempt, event, request, former_body)


def _merged_body(attempt: Attempt, event: Event, properties: dict[str, Any]) -> dict[str, str]:
    if event.body is None or event.body.content is None:
        raise UnavailableError("Graph's answer has no body of the event", uncertain=False)
    merged = merged_body(event.body.content, properties.get("body"), attempt.outcome.join_url or "")
    if merged is None:
        raise RejectedError(
            "joinBlockMissing",
            "The event's body has no join block of Teams, and a new body would take the online meeting from it.",
            remedies.JOIN_BLOCK_MISSING,
        )
    return merged


def _not_removed_by_others(attempt: Attempt, event: Event, attendees: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the attendees without those removed in Outlook, unless they were added again."""
    present = _addresses({"attendees": event.attendees or ()})
    gone = attempt.applied.confirmed_attendees - present if event.attendees is not None else frozenset[str]()
    gone -= attempt.meeting.reinvited_attendees
    return [attendee for attendee in attendees if gone.isdisjoint(_addresses({"attendees": [attendee]}))]


def _invited_by_others(attempt: Attempt, event: Event, properties: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the attendees whom others invited in Outlook: they stay, unless the caller has removed them since."""
    if "attendees" not in attempt.applied.event:
        return []  # it is not known whom an earlier version invited
    ours = attempt.applied.attendees | _addresses(properties) | attempt.meeting.unwanted_attendees
    return [
        {name: attendee[name] for name in ("emailAddress", "type") if name in attendee}
        for attendee in event.attendees or ()
        if ours.isdisjoint(_addresses({"attendees": [attendee]}))
    ]


def _changed_since_observation(
    attempt: Attempt, event: Event, properties: dict[str, Any], changes: dict[str, Any]
) -> frozenset[str]:
    """Return the digests of the known addresses that this app has changed since the latest observation."""
    observed = attempt.meeting.observed
    if observed is None:
        return frozenset()
    before, after = _types(event.attendees or ()), _types(changes["attendees"])
    requested = _addresses(properties)
    changed = {address for address in {*before, *after} if before.get(address) != after.get(address)}
    changed |= requested - attempt.applied.confirmed_attendees  # whom others may have invited meanwhile
    known = requested | {address_digest(each.address) for each in observed.attendees}
    return (attempt.applied.changed_attendees | changed) & known


def _types(attendees: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Return each attendee's type, by the digest of the address."""
    return {
        digest: attendee.get("type") or "required"
        for attendee in attendees
        for digest in _addresses({"attendees": [attendee]})
    }


def _addresses(properties: dict[str, Any]) -> frozenset[str]:
    """Return the digest of each attendee's address."""
    emails = (attendee.get("emailAddress") for attendee in properties.get("attendees", ()))
    addresses = (email.get("address") for email in emails if isinstance(email, dict))
    return frozenset(address_digest(address) for address in addresses if isinstance(address, str))


def _with_event(applied: Applied, properties: dict[str, Any]) -> Applied:
    """Return what Graph has after it accepted all properties of an event; no attendees count as an empty list."""
    event = applied.event.confirmed({"attendees": []} | properties)
    invited = _addresses(properties)
    return applied.changed(event=event, attendees=invited, confirmed_attendees=invited, refused_etags=frozenset())


async def _finish_options(steps: Steps, attempt: Attempt, request: CalendarRequest | ExistingRequest) -> None:
    """Set options and read the join information, if requested: only then is the permission for Teams needed."""
    options = option_properties(request)
    if options or request.language:
        await steps.finish_online_meeting(attempt, options)
    else:
        attempt.outcome = attempt.outcome.model_copy(update={"join_information": None})


def _check_may_be_enabled(event: Event, request: ExistingRequest) -> None:
    if event.is_organizer is False:
        raise RejectedError(
            "graphRejected",
            f"{request.organizer} is invited to the event and does not organize it.",
            "Name the mailbox that organizes the event as organizer, with the event's id in that mailbox.",
        )
    provider = event.online_meeting_provider
    named = "online_meeting_provider" in request.model_fields_set
    if event.is_online_meeting and named and provider not in {None, "unknown", request.online_meeting_provider}:
        raise RejectedError(
            "graphRejected",
            f"The event is an online meeting of {provider} already, and Graph does not change that.",
            "Leave out onlineMeetingProvider, or create the event again.",
        )
