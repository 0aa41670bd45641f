"""The records of a tenant."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from local.graph.errors import JsonObject
from local.graph.time_zones import Moment

WORKING_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday")


@dataclass(slots=True)
class Room:
    """A room in the directory of places.

    Attributes:
        answers: how its mailbox answers an invitation: it accepts, declines, accepts if the room is free, or waits for
            a person.
    """

    list_address: str | None = None
    capacity: int | None = None
    building: str | None = None
    floor_number: int | None = None
    answers: Literal["accept", "decline", "whenFree", "wait"] = "whenFree"


@dataclass(slots=True)
class WorkingHours:
    """The working hours of a user, by a wall clock in the zone.

    https://learn.microsoft.com/graph/api/resources/workinghours
    """

    days_of_week: list[str] = field(default_factory=lambda: list(WORKING_DAYS))
    start_time: str = "08:00:00.0000000"
    end_time: str = "17:00:00.0000000"
    time_zone: str = "Pacific Standard Time"


@dataclass(slots=True)
class User:
    """A person or a room in the directory, with the settings of administrators.

    Attributes:
        in_scope: the app may use the mailbox (Exchange's RBAC for applications).
        application_access_policy: the app may use the user's online meetings (Teams' policy).
        room: not None for a room.
    """

    user_principal_name: str
    id: str
    display_name: str
    has_mailbox: bool = True
    in_scope: bool = True
    application_access_policy: bool = True
    allowed_online_meeting_providers: list[str] = field(
        default_factory=lambda: ["teamsForBusiness", "skypeForBusiness"]
    )
    default_online_meeting_provider: str = "teamsForBusiness"
    licensed: bool = True
    working_hours: WorkingHours = field(default_factory=WorkingHours)
    room: Room | None = None

    @property
    def names(self) -> frozenset[str]:
        """The two names of the user in paths, in lower case."""
        return frozenset({self.user_principal_name.lower(), self.id.lower()})


@dataclass(frozen=True, slots=True)
class Artifact:
    """An artifact of a call, as Graph shows it, and from when on."""

    shown_from: datetime
    document: JsonObject


@dataclass(slots=True)
class OnlineMeeting:
    """A Teams meeting; `properties` are in Graph's spelling and order, with moments for times.

    Attributes:
        artifacts: of its calls, by kind, oldest first: `attendanceReports`, `transcripts` with their text as
            `content`, and `recordings`.
    """

    id: str
    organizer: User
    thread: str
    join_url: str
    join_meeting_id: str
    conference_id: str
    properties: JsonObject
    created: Moment
    found_from: datetime
    passcode: str | None = None
    external_id: str | None = None
    event_id: str | None = None
    short_url_key: str = ""
    artifacts: dict[str, list[Artifact]] = field(default_factory=dict[str, list[Artifact]])

    @property
    def short_url(self) -> str:
        """The link that people see since 2026: https://mc.merill.net/message/MC772556."""
        return f"https://teams.microsoft.com/meet/{self.join_meeting_id}?p={self.short_url_key}"


@dataclass(slots=True)
class EventTime:
    """A parsed dateTimeTimeZone."""

    moment: Moment
    zone: str
    wall_clock: str


@dataclass(slots=True)
class Event:
    """An event of a mailbox; `properties` are the writable ones in Graph's spelling, except the times.

    Attributes:
        link: the value of `onlineMeeting`, None without a link.
        link_from: when the link begins to show.
        content: the HTML of the body.
        changes: the number of changes of other properties than the body.
        deleted: the event is in Deleted Items.
        cancelled: its attendees got a cancellation.
    """

    id: str
    immutable_id: str
    organizer: User
    created: Moment
    modified: Moment
    change_key: str
    ical_uid: str
    start: EventTime
    end: EventTime
    properties: JsonObject
    content: str = ""
    provider: str = "unknown"
    link: JsonObject | None = None
    link_from: datetime | None = None
    meeting: OnlineMeeting | None = None
    transaction_id: str | None = None
    fingerprint: str = ""
    extended: dict[str, str] = field(default_factory=dict)
    changes: int = 0
    deleted: bool = False
    cancelled: bool = False

    @property
    def etag(self) -> str:
        """The entity tag of this version."""
        return f'W/"{self.change_key}"'


@dataclass(slots=True)
class Mailbox:
    """An Exchange mailbox, with one calendar.

    Attributes:
        events: those in the calendar.
        deleted_items: those in Deleted Items, where the tenant keeps them.
        by_id: every event under both its ids.
        by_extended: the events that carry a property, by its id and its value in lower case.
    """

    user: User
    calendar_id: str
    events: dict[str, Event] = field(default_factory=dict)
    deleted_items: dict[str, Event] = field(default_factory=dict)
    by_id: dict[str, Event] = field(default_factory=dict)
    by_transaction: dict[str, Event] = field(default_factory=dict)
    by_extended: dict[tuple[str, str], dict[str, Event]] = field(default_factory=dict)
    running: int = 0
    peak: int = 0


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail to one recipient about an event."""

    kind: str
    organizer: str
    to: str
    event_id: str
    subject: str
    comment: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request as received, and its outcome; status 0 is a dropped connection."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    status: int
    time: datetime
