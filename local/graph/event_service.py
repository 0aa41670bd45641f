"""Requests for events."""

import re
from typing import Final

from local.graph.errors import GraphError, JsonObject, bad_request, invalid_request, method_not_allowed
from local.graph.event_removal import cancel_event as remove_event
from local.graph.event_removal import delete_event
from local.graph.event_schema import CANCELLATION, SELECTABLE
from local.graph.events import create_event, find_by_extended_property, find_event, update_event
from local.graph.http_messages import GraphAnswer, GraphRequest
from local.graph.records import Event, Mailbox
from local.graph.tenant import Tenant
from local.graph.time_zones import Moment, parse_offset_time, zone
from local.graph.validation import EVENT_CODE
from local.graph.views import context, event_view, selected

_STRING: Final = r"'((?:[^']|'')*)'"
_BY_EXTENDED: Final = re.compile(
    rf"singleValueExtendedProperties/any\(\s*(\w+)\s*:\s*\1/id eq {_STRING} and \1/value eq {_STRING}\s*\)",
    re.IGNORECASE,
)
_BY_ICAL_UID: Final = re.compile(rf"iCalUId eq {_STRING}", re.IGNORECASE)
_EXPANDED: Final = re.compile(rf"singleValueExtendedProperties\(\s*\$filter=\s*id eq {_STRING}\s*\)", re.IGNORECASE)
_PAGE: Final = 10
_OPTIONS: Final = frozenset({"$select", "$expand", "$filter", "$top", "$skip"})
_VIEW_OPTIONS: Final = frozenset({"startDateTime", "endDateTime", "$select", "$top", "$skip"})
_OFFSET: Final = re.compile(r"(?:Z|[+-]\d\d:\d\d)\Z", re.IGNORECASE)


def answer_events(tenant: Tenant, mailbox: Mailbox, request: GraphRequest, *, in_calendar: bool) -> GraphAnswer:
    """Answer POST and GET of the events of a mailbox.

    A filter searches the whole mailbox, unless the path names the calendar:
    https://learn.microsoft.com/graph/api/singlevaluelegacyextendedproperty-get
    """
    preferences, query = _preferences(request), _query(request, _OPTIONS)
    if request.method == "POST":
        event = create_event(tenant, mailbox, request.json())
        return _whole(tenant, mailbox, event, preferences, 201)
    if request.method != "GET":
        raise method_not_allowed()
    found = _filtered(mailbox, query["$filter"]) if "$filter" in query else list(mailbox.events.values())
    if in_calendar:
        found = [event for event in found if not event.deleted]
    return _page(tenant, mailbox, request, found)


def answer_calendar_view(tenant: Tenant, mailbox: Mailbox, request: GraphRequest) -> GraphAnswer:
    """Answer GET /calendarView: the events that overlap a window, of a series only the first occurrence.

    https://learn.microsoft.com/graph/api/calendar-list-calendarview
    """
    query = _query(request, _VIEW_OPTIONS)
    bounds = [query.get(name) for name in ("startDateTime", "endDateTime")]
    if None in bounds:
        raise invalid_request("This request requires a time window: startDateTime and endDateTime.")
    start, end = (_instant(str(bound)) for bound in bounds)
    found = [event for event in mailbox.events.values() if event.start.moment < end and start < event.end.moment]
    return _page(tenant, mailbox, request, found)


def _instant(text: str) -> Moment:
    return parse_offset_time(text if _OFFSET.search(text) else text + "Z")


def _page(tenant: Tenant, mailbox: Mailbox, request: GraphRequest, found: list[Event]) -> GraphAnswer:
    preferences, query = _preferences(request), request.query()
    skip, top = _number(query, "$skip", 0), _number(query, "$top", _PAGE)
    values = [_chosen(tenant, event, preferences, query) for event in found[skip : skip + top]]
    kind = context(mailbox.user, "events", selected=query.get("$select", ""), entity=False)
    following = f"$top={top}&$skip={skip + top}" if skip + top < len(found) else None
    return request.page(kind, values, following)


def answer_event(tenant: Tenant, mailbox: Mailbox, event_id: str, request: GraphRequest) -> GraphAnswer:
    """Answer GET, PATCH and DELETE of one event."""
    preferences, query = _preferences(request), _query(request, _OPTIONS)
    event = find_event(mailbox, event_id)
    if request.method == "GET":
        names = query.get("$select", "")
        body = {"@odata.context": context(mailbox.user, "events", selected=names)}
        return GraphAnswer(200, body | _chosen(tenant, event, preferences, query))
    if request.headers.get("if-match", "*") not in {"*", event.etag}:
        message = "The change key passed in the request does not match the current change key for the item."
        raise GraphError(412, "ErrorIrresolvableConflict", message)
    if request.method == "PATCH":
        update_event(tenant, mailbox, event, request.json())
        return _whole(tenant, mailbox, event, preferences, 200)
    if request.method == "DELETE":
        delete_event(tenant, mailbox, event)
        return GraphAnswer(204)
    raise method_not_allowed()


def cancel_event(tenant: Tenant, mailbox: Mailbox, event_id: str, request: GraphRequest) -> GraphAnswer:
    """Answer POST /cancel.

    https://learn.microsoft.com/graph/api/event-cancel
    """
    event = find_event(mailbox, event_id)
    fields = CANCELLATION.read(request.json(), EVENT_CODE) if request.content else {}
    remove_event(tenant, mailbox, event, fields.get("comment") or fields.get("Comment") or "")
    return GraphAnswer(202)


def _preferences(request: GraphRequest) -> dict[str, str]:
    preferences = request.preferences()
    if "outlook.timezone" in preferences:
        # Unknown zones are refused before anything happens.
        zone(preferences["outlook.timezone"])
    return preferences


def _query(request: GraphRequest, known: frozenset[str]) -> dict[str, str]:
    query = request.query()
    for name in query.keys() - known:
        raise bad_request(f"Query option '{name}' was specified but is not supported.")
    return query


def _whole(tenant: Tenant, mailbox: Mailbox, event: Event, preferences: dict[str, str], status: int) -> GraphAnswer:
    body = {"@odata.context": context(mailbox.user, "events"), **event_view(tenant, event, preferences)}
    applied = [
        f'{name}="{preferences[name.lower()]}"'
        for name in ("outlook.timezone", "IdType")
        if name.lower() in preferences
    ]
    return GraphAnswer(status, body, {"Preference-Applied": ", ".join(applied)} if applied else {})


def _chosen(tenant: Tenant, event: Event, preferences: dict[str, str], query: dict[str, str]) -> JsonObject:
    view = event_view(tenant, event, preferences)
    if names := query.get("$select"):
        view = selected(view, names.split(","), SELECTABLE, "event")
    if wanted := query.get("$expand"):
        found = _EXPANDED.fullmatch(wanted)
        if found is None:
            raise invalid_request("The $expand option is not supported.")
        property_id = found[1].replace("''", "'")
        if property_id in event.extended:
            view["singleValueExtendedProperties"] = [{"id": property_id, "value": event.extended[property_id]}]
    return view


def _filtered(mailbox: Mailbox, text: str) -> list[Event]:
    if by_ical_uid := _BY_ICAL_UID.fullmatch(text.strip()):
        ical_uid = by_ical_uid[1].replace("''", "'")
        everywhere = (*mailbox.events.values(), *mailbox.deleted_items.values())
        return [event for event in everywhere if event.ical_uid == ical_uid]
    found = _BY_EXTENDED.fullmatch(text.strip())
    if found is None:
        raise bad_request(f"Invalid filter clause: {text}")
    return find_by_extended_property(mailbox, found[2].replace("''", "'"), found[3].replace("''", "'"))


def _number(query: dict[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isascii() or not text.isdigit() or len(text) > 9:  # noqa: PLR2004 - an Int32
        raise bad_request(f"Invalid value '{text}' for {name} query option found.")
    return int(text)
