"""The tenant: its users, mailboxes, meetings, sent mail and received requests. No HTTP here."""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, Self

from local.graph.errors import access_denied, invalid_user, no_mailbox, no_such_user
from local.graph.event_rules import DEFAULTS
from local.graph.faults import Faults
from local.graph.identifiers import Identifiers
from local.graph.join_block import html_document
from local.graph.records import Event, EventTime, Mailbox, OnlineMeeting, RecordedRequest, Room, SentMail, User
from local.graph.settings import Settings
from local.graph.time_zones import Moment, parse_local_time

_TENANT_ID: Final = "98a79ebe-74bf-4e07-a017-7b410848cb32"
_APP_ID: Final = "2f6b1d3c-8a57-4c0e-9b64-5d0e7f1a2b3c"
_REQUESTS_KEPT: Final = 50_000


def _now() -> datetime:
    return datetime.now(UTC)


class Tenant:
    """A Microsoft 365 tenant in memory.

    Its attributes are public, for tests and the page to read; the rules are in `events` and `online_meetings`.
    """

    def __init__(self, *, seed: int, clock: Callable[[], datetime]) -> None:
        self.id = _TENANT_ID
        self.app_id = _APP_ID
        self.clock = clock
        self.identifiers = Identifiers(seed)
        self.faults = Faults(seed)
        self.settings = Settings()
        self.mailboxes: dict[str, Mailbox] = {}
        self.meetings: dict[str, OnlineMeeting] = {}
        self.meetings_by_url: dict[str, OnlineMeeting] = {}
        self.meetings_by_join_id: dict[str, OnlineMeeting] = {}
        self.meetings_by_external_id: dict[tuple[str, str], OnlineMeeting] = {}
        self.sent_mail: list[SentMail] = []
        self.requests: deque[RecordedRequest] = deque(maxlen=_REQUESTS_KEPT)
        self._users: dict[str, User] = {}

    @classmethod
    def example(cls, *, seed: int = 0, clock: Callable[[], datetime] = _now) -> Self:
        """Return Contoso from Microsoft's documentation, with users whose names say what they lack."""
        tenant = cls(seed=seed, clock=clock)
        alex = tenant.add_user("AlexW@contoso.com", "Alex Wilber", id="64339082-ed84-4b0b-b4ab-004ae54f3747")
        tenant.add_user("AdeleV@contoso.com", "Adele Vance")
        tenant.add_user("MeganB@contoso.com", "Megan Bowen")
        tenant.add_user("LidiaH@contoso.com", "Lidia Holloway")
        tenant.add_user("NestorW@contoso.com", "Nestor Wilke")
        baker = Room(list_address="Rooms@contoso.com", capacity=6, building="1", floor_number=2)
        tenant.add_user("Baker@contoso.com", "Conf Room Baker", room=baker)
        tenant.add_user("NoMailbox@contoso.com", "No Mailbox", has_mailbox=False)
        tenant.add_user("NoPolicy@contoso.com", "No Policy", application_access_policy=False)
        tenant.add_user("OutOfScope@contoso.com", "Out Of Scope", in_scope=False)
        tenant.add_user(
            "SkypeOnly@contoso.com",
            "Skype Only",
            allowed_online_meeting_providers=["skypeForBusiness"],
            default_online_meeting_provider="skypeForBusiness",
        )
        tenant.add_user(
            "NoProvider@contoso.com",
            "No Provider",
            allowed_online_meeting_providers=[],
            default_online_meeting_provider="unknown",
        )
        able = Room(list_address="Rooms@contoso.com", capacity=12, building="1", floor_number=2)
        tenant.add_user("Able@contoso.com", "Conf Room Able", room=able)
        tenant._add_price_strategy(alex)
        return tenant

    @property
    def users(self) -> list[User]:
        """Every user, once."""
        return list({user.id: user for user in self._users.values()}.values())

    def add_user(self, user_principal_name: str, display_name: str, **properties: Any) -> User:
        """Add a user with a mailbox, or change the one of this name.

        Args:
            user_principal_name: the name to sign in with, which is also the mail address.
            display_name: the name to show.
            **properties: other fields of `User`; a new user without `id` gets a new one.
        """
        user = self.find_user(user_principal_name)
        if user is None:
            properties.setdefault("id", self.identifiers.guid())
            user = User(user_principal_name, display_name=display_name, **properties)
            self.mailboxes[user_principal_name.lower()] = Mailbox(user, self.identifiers.event_id())
        else:
            # In place, because events and meetings refer to their organizer.
            for name in user.names:
                del self._users[name]
            for name, value in {**properties, "display_name": display_name}.items():
                setattr(user, name, value)
        for name in user.names:
            self._users[name] = user
        return user

    def find_user(self, name: str) -> User | None:
        """Return the user of this object id or user principal name, in any case."""
        return self._users.get(name.lower())

    def directory_user(self, name: str) -> User:
        """Return a user, or raise the directory's refusal."""
        if user := self.find_user(name):
            return user
        raise no_such_user(name)

    def open_mailbox(self, name: str) -> Mailbox:
        """Return a user's mailbox, or raise Exchange's refusal."""
        user = self.find_user(name)
        if user is None:
            raise invalid_user(name)
        if not user.has_mailbox:
            raise no_mailbox()
        if not user.in_scope:
            raise access_denied()
        return self.mailboxes[user.user_principal_name.lower()]

    def now(self) -> Moment:
        """Return the present moment."""
        return Moment.of(self.clock())

    def send(self, kind: str, event: Event, addresses: list[str], comment: str = "") -> None:
        """Mail attendees about an event."""
        organizer, subject = event.organizer.user_principal_name, event.properties["subject"]
        self.sent_mail += [SentMail(kind, organizer, to, event.id, subject, comment, self.clock()) for to in addresses]

    def _add_price_strategy(self, alex: User) -> None:
        # The event that Microsoft's page about online calendar events enables online in its last example.
        room = {
            "displayName": "Conf Room Baker",
            "locationType": "conferenceRoom",
            "uniqueId": "Baker@contoso.com",
            "uniqueIdType": "directory",
        }
        attendee = {
            "type": "required",
            "status": {"response": "none", "time": "0001-01-01T00:00:00Z"},
            "emailAddress": {"name": "Adele Vance", "address": "AdeleV@contoso.com"},
        }
        zone = "Pacific Standard Time"
        start, end = "2019-11-18T15:00:00", "2019-11-18T16:00:00"
        event = Event(
            id="AAMkADAGu0AABIGYDaAAA=",
            immutable_id="AAkALgAGu0AABIGYDaAAA=",
            organizer=alex,
            created=Moment(datetime(2019, 11, 15, 2, 13, 38, tzinfo=UTC), "5558455"),
            modified=Moment(datetime(2019, 11, 15, 2, 13, 38, tzinfo=UTC), "5558455"),
            change_key="NEXywgsVrkeNsFsyVyRrtAAASBUExA==",
            ical_uid=(
                "040000008200E00074C5B7101A82E00800000000CD93094B5A9BD501000000000000000010000000"
                "A16AF77C6F6C254EA13F69C3B2808B4A"
            ),
            start=EventTime(parse_local_time(start, zone), zone, start),
            end=EventTime(parse_local_time(end, zone), zone, end),
            properties={
                **DEFAULTS,
                "subject": "Price strategy",
                "location": room,
                "locations": [room],
                "attendees": [attendee],
            },
            content=html_document("<div>Let's define our strategy.</div>", "html"),
        )
        mailbox = self.mailboxes["alexw@contoso.com"]
        mailbox.events[event.id] = event
        mailbox.by_id[event.id] = mailbox.by_id[event.immutable_id] = event
