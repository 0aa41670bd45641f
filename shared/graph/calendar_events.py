"""Events in an organizer's calendar: /users/{organizer}/calendar and /users/{organizer}/events."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from kiota_abstractions.base_request_builder import BaseRequestBuilder
from kiota_abstractions.method import Method

from shared.errors import GraphError
from shared.graph.client import Call, GraphClient
from shared.graph.event import Event, GraphTime
from shared.graph.pages import items_of, odata_string
from shared.graph.refusals import Surface
from shared.graph.resources import GraphResource, Lenient, parse_resource

# Marks an event as a meeting's, so that it is found again when the answer to its creation was lost. The GUID names
# our set of properties: https://learn.microsoft.com/graph/api/resources/singlevaluelegacyextendedproperty
MEETING_PROPERTY = "String {8a3f6f0e-3f0c-4d51-a3c4-6f2a5f1b9f10} Name ConveneMeetingId"

_EXPAND_MEETING_ID = f"singleValueExtendedProperties($filter=id eq '{MEETING_PROPERTY}')"

# Ids that survive a move between folders: https://learn.microsoft.com/graph/outlook-immutable-id
_HEADERS = {"Prefer": 'IdType="ImmutableId"'}
_SELECT = (
    "id,iCalUId,webLink,isOrganizer,isCancelled,isOnlineMeeting,onlineMeetingProvider,onlineMeeting,attendees,"
    "transactionId,start,end"
)
_MOST_IN_VIEW = 1000
_DAY = timedelta(days=1)
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"


def by_meeting(meeting_id: str) -> str:
    """Return the condition that finds the event that was created for a meeting."""
    return f"singleValueExtendedProperties/Any(ep: ep/id eq '{MEETING_PROPERTY}' and ep/value eq '{meeting_id}')"


def by_i_cal_u_id(i_cal_u_id: str) -> str:
    """Return the condition that finds an event by the id that it has in every calendar."""
    return f"iCalUId eq {odata_string(i_cal_u_id)}"


class Providers(GraphResource):
    """What a calendar says of online meetings; a calendar that names no providers does not forbid them."""

    allowed_online_meeting_providers: Lenient[tuple[str, ...]] = None
    default_online_meeting_provider: Lenient[str] = None


class CalendarEvents:
    """The calendar of any organizer. Every call may raise the GraphErrors of GraphClient.send."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    async def providers(self, organizer: str) -> Providers:
        """Return which online meeting providers the organizer's calendar allows.

        https://learn.microsoft.com/graph/outlook-calendar-online-meetings
        """
        answer = await self._send(organizer, Method.GET, self._client.user(organizer).calendar)
        return parse_resource(Providers, answer, uncertain=False)

    async def create(self, organizer: str, meeting_id: str, properties: dict[str, Any]) -> Event:
        """Create an event with the meeting's id: sent twice, it creates one event, which can be found by the id.

        Raises:
            DuplicateTransactionError: the id was used for an event with other properties.
        """
        body = properties | {
            "transactionId": meeting_id,
            "singleValueExtendedProperties": [{"id": MEETING_PROPERTY, "value": meeting_id}],
        }
        answer = await self._send(organizer, Method.POST, self._client.user(organizer).events, body=body)
        return parse_resource(Event, answer, uncertain=True)

    async def read(
        self, organizer: str, event_id: str, *, with_body: bool = False, with_meeting_id: bool = False
    ) -> Event:
        """Return an event by its id, as it is now."""
        builder = self._client.user(organizer).events.by_event_id(event_id)
        query = {"select": f"{_SELECT},body" if with_body else _SELECT}
        if with_meeting_id:
            query["expand"] = _EXPAND_MEETING_ID
        answer = await self._send(organizer, Method.GET, builder, query=query)
        return parse_resource(Event, answer, uncertain=False)

    async def read_properties(self, organizer: str, event_id: str, names: str) -> dict[str, Any]:
        """Return some properties of an event as Graph gives them, times in UTC, and the meeting that it is for.

        https://learn.microsoft.com/graph/api/singlevaluelegacyextendedproperty-get
        """
        builder = self._client.user(organizer).events.by_event_id(event_id)
        query = {"select": names, "expand": _EXPAND_MEETING_ID}
        return await self._send(organizer, Method.GET, builder, query=query)

    async def read_many(self, events: Sequence[tuple[str, str]], names: str) -> list[dict[str, Any] | GraphError]:
        """Return some properties of at most 20 events, each named by its organizer and id, or each one's error."""
        calls = [
            self._call(
                organizer,
                Method.GET,
                self._client.user(organizer).events.by_event_id(event_id),
                {"select": names, "expand": _EXPAND_MEETING_ID},
            )
            for organizer, event_id in events
        ]
        return await self._client.send_batch(calls)

    async def find(self, organizer: str, meeting_id: str) -> Event | None:
        """Return the event that was created for a meeting, or None."""
        found = await self.list_properties(organizer, by_meeting(meeting_id), _SELECT)
        events = [parse_resource(Event, item, uncertain=False) for item in found]
        there = [event for event in events if not event.is_cancelled]
        # A copy that somebody makes in Outlook may carry the property as well.
        first_made = (event for event in there if event.transaction_id == meeting_id)
        return next(first_made, next(iter(there), None))

    async def list_properties(self, organizer: str, condition: str, names: str) -> list[Any]:
        """Return some properties of the events that an OData condition names, in the whole mailbox."""
        query = {"filter": condition, "select": names}
        answer = await self._send(organizer, Method.GET, self._client.user(organizer).events, query=query)
        return items_of(answer, "events")

    async def is_in_calendar(
        self, organizer: str, event_id: str, start: GraphTime | None, end: GraphTime | None
    ) -> bool:
        """Return whether an event that was read is in the calendar, and not in Deleted Items.

        A deleted event can still be read by its immutable id, and one without attendees is never cancelled:
        https://learn.microsoft.com/graph/outlook-immutable-id. The calendar view shows the calendar only:
        https://learn.microsoft.com/graph/api/user-list-calendarview
        """
        if start is None or end is None:
            return True
        window = {  # all-day events are matched as days in UTC
            "startDateTime": (start.moment - _DAY).strftime(_INSTANT),
            "endDateTime": (end.moment + _DAY).strftime(_INSTANT),
        }
        query = {"select": "id,seriesMasterId", "top": str(_MOST_IN_VIEW), **window}
        builder = self._client.user(organizer).calendar_view
        found = items_of(await self._send(organizer, Method.GET, builder, query=query), "events")
        shown = [item for item in found if isinstance(item, dict)]
        return len(found) >= _MOST_IN_VIEW or any(
            event_id in {item.get("id"), item.get("seriesMasterId")} for item in shown
        )

    async def change(self, organizer: str, event_id: str, changes: dict[str, Any], etag: str | None) -> Event:
        """Change some properties of an event and return it.

        With the `etag` of the event as it was read, an event that has changed since is left as it is, which is an
        UnavailableError with the status 412; with None it is changed in any case.
        """
        builder = self._client.user(organizer).events.by_event_id(event_id)
        condition = {"If-Match": etag} if etag else {}
        answer = await self._send(organizer, Method.PATCH, builder, body=changes, headers=condition)
        return parse_resource(Event, answer, uncertain=True)

    async def cancel(self, organizer: str, event_id: str, comment: str | None) -> None:
        """Cancel an event, with a comment to its attendees.

        https://learn.microsoft.com/graph/api/event-cancel
        """
        builder = self._client.user(organizer).events.by_event_id(event_id).cancel
        await self._send(organizer, Method.POST, builder, body={"comment": comment or ""})

    async def delete(self, organizer: str, event_id: str) -> None:
        """Remove an event without attendees."""
        await self._send(organizer, Method.DELETE, self._client.user(organizer).events.by_event_id(event_id))

    async def _send(
        self,
        organizer: str,
        method: Method,
        builder: BaseRequestBuilder,
        *,
        query: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        return await self._client.send(self._call(organizer, method, builder, query, body, headers))

    def _call(
        self,
        organizer: str,
        method: Method,
        builder: BaseRequestBuilder,
        query: dict[str, str] | None,
        body: dict[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Call:
        return Call(method, builder, Surface.MAILBOX, organizer, query, {**_HEADERS, **(headers or {})}, body)
