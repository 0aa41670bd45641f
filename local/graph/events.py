"""Exchange's events: create, change and find them, and send the mail that follows.

https://learn.microsoft.com/graph/api/resources/event
"""

import json
import logging
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from local.graph.attendee_responses import let_rooms_answer, reset_answers
from local.graph.errors import GraphError, JsonObject, invalid_request, item_not_found, validation_failure
from local.graph.event_rules import (
    DEFAULTS,
    check_recurrence,
    check_times,
    complete_attendees,
    complete_locations,
    no_location,
    read_time,
)
from local.graph.event_schema import CHANGED_EVENT, NEW_EVENT, PERSONAL
from local.graph.join_block import html_document
from local.graph.meeting_link import attach_link, disturb_link, follow_body, synchronize_meeting
from local.graph.records import Event, EventTime, Mailbox
from local.graph.tenant import Tenant
from local.graph.validation import EVENT_CODE

logger = logging.getLogger(__name__)

_APART: Final = frozenset(
    [
        "start",
        "end",
        "body",
        "location",
        "locations",
        "attendees",
        "recurrence",
        "isOnlineMeeting",
        "onlineMeetingProvider",
        "transactionId",
        "singleValueExtendedProperties",
    ]
)
# https://learn.microsoft.com/graph/api/resources/singlevaluelegacyextendedproperty
_PROPERTY_ID: Final = re.compile(
    r"\w+ \{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\} (?:Name .+|Id 0x[0-9a-f]+)|\w+ 0x[0-9a-f]+", re.IGNORECASE
)
_EVENT_ID: Final = re.compile(r"[\w+/=-]{8,}", re.ASCII)
_DUPLICATE: Final = (
    "Your request can't be completed. The TransactionId specified in the request has already been used to create a "
    "different event."
)


def create_event(tenant: Tenant, mailbox: Mailbox, body: JsonObject) -> Event:
    """Put an event into the calendar and invite its attendees; with a known transactionId, return its event."""
    fields: JsonObject = NEW_EVENT.read(body, EVENT_CODE)
    if "start" not in fields or "end" not in fields:
        raise validation_failure("Start and end are required.")
    start, end = read_time(fields["start"]), read_time(fields["end"])
    check_times(start, end, all_day=fields.get("isAllDay", False))
    attendees = complete_attendees(fields.get("attendees", []), _names(tenant, fields))
    locations = complete_locations(fields)
    recurrence = check_recurrence(fields["recurrence"], start, end) if "recurrence" in fields else None
    extended = _extended(fields)
    transaction_id, fingerprint = fields.get("transactionId"), json.dumps(body, sort_keys=True)
    if known := _known_transaction(tenant, mailbox, transaction_id, fingerprint):
        return known
    make = tenant.identifiers
    now = tenant.now()
    given = fields.get("body", {})
    event = Event(
        id=make.event_id(),
        immutable_id=make.immutable_event_id(),
        organizer=mailbox.user,
        created=now,
        modified=now,
        change_key=make.change_key(),
        ical_uid=make.ical_uid(),
        start=start,
        end=end,
        properties={
            **DEFAULTS,
            **{name: value for name, value in fields.items() if name not in _APART},
            "attendees": attendees,
            "location": locations[0] if locations else no_location(),
            "locations": locations,
            "recurrence": recurrence,
        },
        content=html_document(given.get("content", ""), given.get("contentType", "text")),
        transaction_id=transaction_id,
        fingerprint=fingerprint,
        extended=extended,
    )
    if fields.get("isOnlineMeeting"):
        delay = timedelta(seconds=tenant.settings.join_link_delay_seconds)
        provider = fields.get("onlineMeetingProvider", mailbox.user.default_online_meeting_provider)
        attach_link(
            tenant, event, provider, link_from=tenant.clock() + delay, missing=tenant.settings.join_link_missing
        )
    mailbox.events[event.id] = mailbox.by_id[event.id] = mailbox.by_id[event.immutable_id] = event
    if transaction_id is not None:
        mailbox.by_transaction[transaction_id] = event
    _index_extended(mailbox, event)
    let_rooms_answer(tenant, event)
    # Invitations go out even if no link could be made: that failure is silent.
    tenant.send("invitation", event, _addresses(attendees))
    return event


def update_event(tenant: Tenant, mailbox: Mailbox, event: Event, body: JsonObject) -> None:
    """Change an event, and notify the attendees whom the change concerns.

    https://learn.microsoft.com/graph/api/event-update
    """
    fields: JsonObject = CHANGED_EVENT.read(body, EVENT_CODE)
    cleared = {name for name, value in body.items() if value is None}
    former = event.properties
    start = read_time(fields["start"]) if "start" in fields else event.start
    end = read_time(fields["end"]) if "end" in fields else event.end
    if {"start", "end", "isAllDay"} & fields.keys():
        check_times(start, end, all_day=fields.get("isAllDay", former.get("isAllDay", False)))
    changed = _changed(tenant, event, fields, cleared) | _changed_recurrence(event, fields, start, end, cleared)
    extended = _extended(fields)
    moved = (start.moment, end.moment) != (event.start.moment, event.end.moment)

    event.start, event.end, event.properties = start, end, {**former, **changed}
    event.modified, event.change_key = tenant.now(), tenant.identifiers.change_key()
    if extended:
        event.extended |= extended
        _index_extended(mailbox, event)
    if "body" in body:
        _replace_body(tenant, event, fields.get("body", {}))
    elif fields.get("isOnlineMeeting") and event.link is None:
        provider = fields.get("onlineMeetingProvider", mailbox.user.default_online_meeting_provider)
        attach_link(tenant, event, provider, link_from=tenant.clock())
    elif body:  # once online, always online, with the same provider: Outlook ignores later changes
        disturb_link(tenant, event)
    if not event.deleted:
        if moved:
            reset_answers(event)
        let_rooms_answer(tenant, event)
        synchronize_meeting(tenant, event)
        _mail_changes(tenant, event, former["attendees"], body.keys())


def find_event(mailbox: Mailbox, event_id: str) -> Event:
    """Return the event of an id in either form, even from Deleted Items."""
    if event := mailbox.by_id.get(event_id):
        return event
    if not _EVENT_ID.fullmatch(event_id):
        raise GraphError(400, "ErrorInvalidIdMalformed", "Id is malformed.")
    raise item_not_found()


def find_by_extended_property(mailbox: Mailbox, property_id: str, value: str) -> list[Event]:
    """Return the events of the whole mailbox that have this value, in any case, of a property.

    https://learn.microsoft.com/graph/api/singlevaluelegacyextendedproperty-get
    """
    return list(mailbox.by_extended.get((property_id, value.lower()), {}).values())


def _known_transaction(tenant: Tenant, mailbox: Mailbox, transaction_id: str | None, fingerprint: str) -> Event | None:
    if transaction_id is None or not tenant.settings.transaction_id_memory:
        return None
    known = mailbox.by_transaction.get(transaction_id)
    if known is not None and known.fingerprint != fingerprint:
        # https://github.com/alcionai/corso/issues/2490
        raise GraphError(
            tenant.settings.duplicate_transaction_status,
            "ErrorDuplicateTransactionId",
            _DUPLICATE,
            members={"@event.existingEventId": known.id},
        )
    return known


def _extended(fields: JsonObject) -> dict[str, str]:
    result: dict[str, str] = {}
    for entry in fields.get("singleValueExtendedProperties", []):
        if not _PROPERTY_ID.fullmatch(entry.get("id", "")) or "value" not in entry:
            raise invalid_request("The extended property's id or value is not valid.")
        result[entry["id"]] = entry["value"]
    return result


def _index_extended(mailbox: Mailbox, event: Event) -> None:
    for name, value in event.extended.items():
        mailbox.by_extended.setdefault((name, value.lower()), {})[event.immutable_id] = event


def _changed(tenant: Tenant, event: Event, fields: JsonObject, cleared: set[str]) -> JsonObject:
    former = event.properties
    changed: JsonObject = {name: value for name, value in fields.items() if name not in _APART}
    changed.update({name: DEFAULTS[name] for name in cleared if name in DEFAULTS})
    if "attendees" in fields:
        changed["attendees"] = _with_answers(
            complete_attendees(fields["attendees"], _names(tenant, fields)), former["attendees"]
        )
    if {"location", "locations"} & (fields.keys() | cleared):
        locations = complete_locations(fields)
        changed |= {"location": locations[0] if locations else no_location(), "locations": locations}
    return changed


def _changed_recurrence(
    event: Event, fields: JsonObject, start: EventTime, end: EventTime, cleared: set[str]
) -> JsonObject:
    if "recurrence" in fields:
        return {"recurrence": check_recurrence(fields["recurrence"], start, end)}
    if event.properties.get("recurrence") and "recurrence" not in cleared:
        logger.info("graph.series_changed_without_recurrence", extra={"event": event.id})
    return {}


def _replace_body(tenant: Tenant, event: Event, body: Mapping[str, Any]) -> None:
    event.content = html_document(body.get("content", ""), body.get("contentType", "text"))
    follow_body(tenant, event)


def _mail_changes(tenant: Tenant, event: Event, before: list[JsonObject], changed: Any) -> None:
    kinds = {attendee["emailAddress"]["address"].lower(): attendee["type"] for attendee in before}
    now = event.properties["attendees"]
    left = {address.lower() for address in _addresses(now)}
    everyone = bool(set(changed) - PERSONAL - {"attendees"})
    tenant.send("invitation", event, [address for address in _addresses(now) if address.lower() not in kinds])
    updated = [
        attendee
        for attendee in now
        if (kind := kinds.get(attendee["emailAddress"]["address"].lower())) and (everyone or kind != attendee["type"])
    ]
    tenant.send("update", event, _addresses(updated))
    tenant.send("cancellation", event, [address for address in _addresses(before) if address.lower() not in left])


def _with_answers(attendees: list[JsonObject], before: list[JsonObject]) -> list[JsonObject]:
    answers = {attendee["emailAddress"]["address"].lower(): attendee["status"] for attendee in before}
    for attendee in attendees:
        attendee["status"] = answers.get(attendee["emailAddress"]["address"].lower(), attendee["status"])
    return attendees


def _names(tenant: Tenant, fields: JsonObject) -> dict[str, str]:
    names: dict[str, str] = {}
    for attendee in fields.get("attendees", []):
        address = attendee.get("emailAddress", {}).get("address", "")
        if user := tenant.find_user(address):
            names[address.lower()] = user.display_name
    return names


def _addresses(attendees: list[JsonObject]) -> list[str]:
    return [attendee["emailAddress"]["address"] for attendee in attendees]
