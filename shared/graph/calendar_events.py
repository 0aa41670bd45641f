"""Events in an organizer's calendar: /users/{organizer}/calendar and /users/{organizer}/events."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from kiota_abstractions.base_request_builder import BaseRequestBuilder
from kiota_abstractions.method import Method
from pydantic import AfterValidator, Field

from shared.errors import GraphError
from shared.graph.client import Call, GraphClient
from shared.graph.join_block import meeting_id_in_block
from shared.graph.pages import items_of, odata_string
from shared.graph.refusals import Surface
from shared.graph.resources import Content, GraphId, GraphResource, Lenient, parse_resource
from shared.ids import is_record_id
from shared.meeting import DialIn, DialInNumbers, Outcome
from shared.validation.join_links import is_join_link
from shared.validation.time_zones import allowed_names, to_utc

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
_EXCHANGE_YEARS = range(1601, 9999)


class _OnlineMeetingInfo(GraphResource):
    join_url: Lenient[str] = None
    conference_id: Lenient[str] = None
    toll_number: Lenient[str] = None
    toll_free_numbers: Lenient[tuple[str, ...]] = None


class ExtendedProperty(GraphResource):
    """A property that an app has given an event."""

    id: str
    value: str


def _check_year(wall: datetime) -> datetime:
    if not _EXCHANGE_YEARS.start <= wall.year < _EXCHANGE_YEARS.stop:
        raise ValueError("Exchange has no such year")
    return wall


class GraphTime(GraphResource):
    """A wall-clock time with its zone: https://learn.microsoft.com/graph/api/resources/datetimetimezone.

    Attributes:
        time_zone: the zone of the time: UTC, unless Graph passes on a time as another program wrote it.
    """

    date_time: Annotated[datetime, AfterValidator(_check_year)]
    time_zone: str

    @property
    def moment(self) -> datetime:
        """Return the instant, in UTC. An unknown zone counts as UTC, which is what we ask for."""
        return to_utc(self.date_time, self.time_zone if self.time_zone in allowed_names() else "UTC")


class OnlineEvent(GraphResource):
    """The members that every reading of an event has: its ids, the meeting that it was created for, and the link.

    Attributes:
        etag: of the event as it was read, so that a change can be refused if it has changed since.
    """

    id: GraphId
    etag: Lenient[str] = Field(default=None, alias="@odata.etag")
    i_cal_u_id: Lenient[str] = None
    transaction_id: Lenient[str] = None
    online_meeting: Lenient[_OnlineMeetingInfo] = None
    single_value_extended_properties: Lenient[tuple[ExtendedProperty, ...]] = None

    @property
    def meeting_id(self) -> str | None:
        """Return the id of the meeting that this app created the event for; None for others, and if not read."""
        return meeting_id_among(self.single_value_extended_properties)

    @property
    def join_url(self) -> str | None:
        """Return the join link, or None where Graph has none that may be passed on."""
        url = self.online_meeting.join_url if self.online_meeting else None
        return url if url and is_join_link(url) else None


class Event(OnlineEvent):
    """An event, as far as it concerns an online meeting.

    Its organizer, its cancellation and its attendees decide what is done with it, so they have to be readable.

    Attributes:
        body: as HTML, with Teams' join block; None where it was not read.
    """

    web_link: Lenient[str] = None
    is_organizer: bool | None = None
    is_cancelled: bool | None = None
    is_online_meeting: Lenient[bool] = None
    online_meeting_provider: Lenient[str] = None
    attendees: tuple[dict[str, Any], ...] | None = None
    start: Lenient[GraphTime] = None
    end: Lenient[GraphTime] = None
    body: Lenient[Content] = None

    @property
    def join_meeting_id_in_body(self) -> str | None:
        """Return the Meeting ID to type in, from the body; None where the body has none, or was not read."""
        return meeting_id_in_block(self.body.content) if self.body and self.body.content else None

    @property
    def dial_in(self) -> DialIn | None:
        """Return how to join by telephone."""
        about = self.online_meeting
        if not about or not (about.toll_number or about.conference_id or about.toll_free_numbers):
            return None
        toll_free = about.toll_free_numbers or ()
        return DialIn(
            toll_number=about.toll_number,
            toll_free_number=toll_free[0] if toll_free else None,
            conference_id=about.conference_id,
        )

    @property
    def dial_in_numbers(self) -> DialInNumbers | None:
        """Return all the numbers, None if Graph lists none; an event lists the toll-free ones only."""
        numbers = self.online_meeting.toll_free_numbers if self.online_meeting else None
        return DialInNumbers(toll_free_numbers=numbers) if numbers else None

    def added_to(self, outcome: Outcome) -> Outcome:
        """Return an outcome with what the event says."""
        return outcome.model_copy(
            update={
                "is_online_meeting": self.join_url is not None,
                "online_meeting_provider": self.online_meeting_provider,
                "join_url": self.join_url,
                "dial_in": self.dial_in,
                "dial_in_numbers": self.dial_in_numbers,
                "event_id": self.id,
                "i_cal_u_id": self.i_cal_u_id,
                "web_link": self.web_link,
                "join_meeting_id_in_body": self.join_meeting_id_in_body or outcome.join_meeting_id_in_body,
            }
        )


def by_meeting(meeting_id: str) -> str:
    """Return the condition that finds the event that was created for a meeting."""
    return f"singleValueExtendedProperties/Any(ep: ep/id eq '{MEETING_PROPERTY}' and ep/value eq '{meeting_id}')"


def by_i_cal_u_id(i_cal_u_id: str) -> str:
    """Return the condition that finds an event by the id that it has in every calendar."""
    return f"iCalUId eq {odata_string(i_cal_u_id)}"


def meeting_id_among(properties: tuple[ExtendedProperty, ...] | None) -> str | None:
    """Return the id of the meeting that an event with these properties was created for, None without one."""
    return next((each.value for each in properties or () if is_record_id(each.value)), None)


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
