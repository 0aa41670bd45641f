"""An event as Graph shows it, as far as it concerns an online meeting."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from shared.graph.join_block import meeting_id_in_block
from shared.graph.resources import Content, GraphId, GraphResource, Lenient
from shared.ids import is_record_id
from shared.meeting import DialIn, DialInNumbers, Outcome
from shared.validation.join_links import is_join_link
from shared.validation.time_zones import allowed_names, to_utc

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
        properties = self.single_value_extended_properties or ()
        return next((each.value for each in properties if is_record_id(each.value)), None)

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
