"""Events in a calendar: what is asked of Graph, and what is read from its documented answers."""

from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.errors import RejectedError, UnavailableError
from shared.graph import CalendarEvents
from shared.graph.calendar_events import MEETING_PROPERTY
from shared.graph.event import GraphTime
from shared.graph.refusals import DuplicateTransactionError
from shared.meeting import DialIn
from shared.validation.time_zones import allowed_names, to_utc
from tests.shared.graph.wire import CLIENT_ID, ORGANIZER, Wire, documented, refusal

MEETING_ID = "8f0c3a1e-6d53-4a55-9d9e-0d5a8a7f6b11"
USER = "/v1.0/users/AlexW%40contoso.com"
JOIN_URL = (
    "https://teams.microsoft.com/l/meetup-join/"
    "19%3ameeting_ODkyNWFmNGYtZjBjYS00MDdlLTllOWQtN2E3MzJlNjM0ZWRj%40thread.v2/0"
    "?context=%7b%22Tid%22%3a%2298a79ebe-74bf-4e07-a017-7b410848cb32%22%2c"
    "%22Oid%22%3a%2264339082-ed84-4b0b-b4ab-004ae54f3747%22%7d"
)
SELECT = (
    "id,iCalUId,webLink,isOrganizer,isCancelled,isOnlineMeeting,onlineMeetingProvider,onlineMeeting,attendees,"
    "transactionId,start,end"
)


@pytest.fixture
def events(wire: Wire) -> CalendarEvents:
    return CalendarEvents(wire.client)


def query(wire: Wire) -> dict[str, str]:
    options = wire.target.partition("?")[2].split("&")
    return {unquote(name): unquote(value) for name, _, value in (option.partition("=") for option in options)}


_WALLS = st.builds(datetime.combine, st.dates(date(1602, 1, 1), date(9998, 1, 1)), st.times())


class TestTimes:
    @given(_WALLS, st.sampled_from(sorted(allowed_names())))
    def test_the_zone_beside_a_time_counts(self, wall: datetime, zone_name: str) -> None:
        """A time is in the zone that Graph names beside it."""
        time = GraphTime.model_validate({"dateTime": wall.isoformat(), "timeZone": zone_name})
        assert time.moment == to_utc(wall, zone_name)

    @pytest.mark.parametrize("zone_name", ["", "tzone://Microsoft/Custom", "Customized Time Zone", "EST"])
    def test_a_zone_without_a_known_name(self, zone_name: str) -> None:
        """What Graph is asked for is UTC."""
        time = GraphTime.model_validate({"dateTime": "2027-01-20T21:00:00.0000000", "timeZone": zone_name})
        assert time.moment == datetime(2027, 1, 20, 21, tzinfo=UTC)

    @pytest.mark.parametrize("text", ["0001-01-01T00:00:00", "1600-12-31T23:59:59", "9999-12-31T23:59:59", "x"])
    def test_no_time_of_exchange(self, text: str) -> None:
        """Years that Exchange does not have, in which no zone can be applied, are no time."""
        with pytest.raises(ValidationError):
            GraphTime.model_validate({"dateTime": text, "timeZone": "Tokyo Standard Time"})


class TestProviders:
    async def test_the_documented_calendar(self, wire: Wire, events: CalendarEvents) -> None:
        """A calendar tells which providers it allows, and which it takes by itself."""
        wire.answers(200, documented("calendar_read"))
        providers = await events.providers(ORGANIZER)
        assert providers.allowed_online_meeting_providers == ("teamsForBusiness", "skypeForBusiness")
        assert providers.default_online_meeting_provider == "teamsForBusiness"
        assert (wire.request.method, wire.target) == ("GET", f"{USER}/calendar")

    async def test_a_calendar_without_providers(self, wire: Wire, events: CalendarEvents) -> None:
        """A mailbox without online meetings allows none."""
        wire.answers(200, {"allowedOnlineMeetingProviders": [], "defaultOnlineMeetingProvider": "unknown"})
        assert (await events.providers(ORGANIZER)).allowed_online_meeting_providers == ()

    @pytest.mark.parametrize("told", [{}, *({"allowedOnlineMeetingProviders": each} for each in (None, 5, "x", [5]))])
    async def test_a_calendar_that_does_not_tell(
        self, wire: Wire, events: CalendarEvents, told: dict[str, Any]
    ) -> None:
        """That is not to allow none."""
        wire.answers(200, {"id": "1"} | told)
        assert (await events.providers(ORGANIZER)).allowed_online_meeting_providers is None


class TestCreate:
    async def test_what_is_sent(self, wire: Wire, events: CalendarEvents) -> None:
        """The event carries the meeting's id twice: so that Graph knows a repetition, and so that we find it again."""
        wire.answers(201, documented("calendar_create"))
        properties: dict[str, Any] = {"subject": "Prep", "isOnlineMeeting": True}
        await events.create(ORGANIZER, MEETING_ID, properties)
        assert (wire.request.method, wire.target) == ("POST", f"{USER}/events")
        assert wire.request.headers["Prefer"] == 'IdType="ImmutableId"'
        assert wire.sent == {
            "subject": "Prep",
            "isOnlineMeeting": True,
            "transactionId": MEETING_ID,
            "singleValueExtendedProperties": [{"id": MEETING_PROPERTY, "value": MEETING_ID}],
        }
        assert properties == {"subject": "Prep", "isOnlineMeeting": True}

    async def test_the_same_request_is_the_same_bytes(self, wire: Wire, events: CalendarEvents) -> None:
        """A repetition differs in nothing, or Graph would take it for another event."""
        wire.answers(201, documented("calendar_create"))
        for _ in range(2):
            await events.create(ORGANIZER, MEETING_ID, {"subject": "Prep", "attendees": []})
        first, second = (request.content for request in wire.requests)
        assert first == second

    async def test_the_documented_answer(self, wire: Wire, events: CalendarEvents) -> None:
        """The event of the documentation has a join link and a telephone number."""
        wire.answers(201, documented("calendar_create"))
        event = await events.create(ORGANIZER, MEETING_ID, {})
        assert event.id == "AAMkADAAABIGYDZAAA="
        assert event.i_cal_u_id is not None
        assert event.i_cal_u_id.startswith("040000008200E00074C5B7101A82E008")
        assert event.web_link is not None
        assert event.web_link.startswith("https://outlook.office365.com/owa/")
        assert (event.is_online_meeting, event.online_meeting_provider) == (True, "teamsForBusiness")
        assert (event.is_organizer, event.is_cancelled) == (True, False)
        assert event.join_url == JOIN_URL
        assert event.dial_in == DialIn(toll_number="+1 323-555-0166", conference_id="291633251")

    @pytest.mark.parametrize("name", ["duplicate_transaction_400", "duplicate_transaction_409"])
    async def test_an_id_that_was_used(self, wire: Wire, events: CalendarEvents, name: str) -> None:
        """An id that another event has is an error of its own."""
        wire.answer = refusal(name)
        with pytest.raises(DuplicateTransactionError):
            await events.create(ORGANIZER, MEETING_ID, {})

    @pytest.mark.parametrize(
        "wrong",
        [
            {"iCalUId": [1], "webLink": 7, "@odata.etag": 1, "body": 3},
            {"isOnlineMeeting": {}, "onlineMeetingProvider": 5},
            {"onlineMeeting": {"joinUrl": JOIN_URL, "conferenceId": 1, "tollNumber": [], "tollFreeNumbers": "x"}},
            {"onlineMeeting": {"joinUrl": JOIN_URL, "tollFreeNumbers": [1]}},
        ],
    )
    async def test_what_only_informs_may_be_of_any_type(self, wire: Wire, events: CalendarEvents, wrong: Any) -> None:
        """It counts as not told, and the event with its link is one."""
        answer = documented("calendar_create")
        wire.answers(201, answer | wrong)
        event = await events.create(ORGANIZER, MEETING_ID, {})
        assert event.join_url == JOIN_URL
        for name in wrong.keys() - {"onlineMeeting"}:
            assert name in {"@odata.etag", "body"} or event.model_dump(by_alias=True)[name] is None
        if "onlineMeeting" in wrong:
            assert event.dial_in is None

    @pytest.mark.parametrize("wrong", ["x", 5, {"joinUrl": 5}, {"joinUrl": ["x"]}])
    async def test_a_link_of_another_type_is_none(self, wire: Wire, events: CalendarEvents, wrong: Any) -> None:
        """It is looked for again, as a link that is not there yet."""
        wire.answers(201, documented("calendar_create") | {"onlineMeeting": wrong})
        assert (await events.create(ORGANIZER, MEETING_ID, {})).join_url is None

    @pytest.mark.parametrize(
        "answer",
        [
            {},
            {"id": None},
            {"id": 5},
            {"id": "1", "isCancelled": {}},
            {"id": "1", "isOrganizer": []},
            {"id": "1", "attendees": 5},
        ],
    )
    async def test_an_answer_that_is_no_event(self, wire: Wire, events: CalendarEvents, answer: Any) -> None:
        """A success without an event leaves it uncertain whether there is one."""
        wire.answers(201, answer)
        with pytest.raises(UnavailableError) as raised:
            await events.create(ORGANIZER, MEETING_ID, {})
        assert raised.value.uncertain

    async def test_a_refusal_is_about_the_mailbox(self, wire: Wire, events: CalendarEvents) -> None:
        """A 403 comes with the commands for this organizer's mailbox and this app."""
        wire.answer = refusal("mailbox_access_denied")
        with pytest.raises(RejectedError) as raised:
            await events.create(ORGANIZER, MEETING_ID, {})
        assert raised.value.code == "mailboxAccessDenied"
        assert ORGANIZER in raised.value.remedy
        assert CLIENT_ID in raised.value.remedy


class TestRead:
    async def test_the_documented_answer(self, wire: Wire, events: CalendarEvents) -> None:
        """An event is read by its id, with what concerns the online meeting and nothing else."""
        wire.answers(200, documented("event_read_online"))
        event = await events.read(ORGANIZER, "AAMkADAGu0AABIGYDZAAA=")
        assert wire.request.method == "GET"
        assert wire.target.partition("?")[0] == f"{USER}/events/AAMkADAGu0AABIGYDZAAA%3D"
        assert query(wire) == {"$select": SELECT}
        assert wire.request.headers["Prefer"] == 'IdType="ImmutableId"'
        assert event.join_url == JOIN_URL
        assert (event.i_cal_u_id, event.web_link, event.is_cancelled) == (None, None, None)

    async def test_an_event_that_is_gone(self, wire: Wire, events: CalendarEvents) -> None:
        """Somebody deleted it."""
        wire.answer = refusal("event_not_found")
        with pytest.raises(RejectedError) as raised:
            await events.read(ORGANIZER, "x")
        assert raised.value.code == "eventDeleted"

    async def test_a_broken_answer_to_a_question(self, wire: Wire, events: CalendarEvents) -> None:
        """Asking changes nothing, so nothing is uncertain afterwards."""
        wire.answers(200, {"id": 7})
        with pytest.raises(UnavailableError) as raised:
            await events.read(ORGANIZER, "x")
        assert not raised.value.uncertain


class TestFind:
    async def test_what_is_asked(self, wire: Wire, events: CalendarEvents) -> None:
        """The search names our property and the meeting's id."""
        wire.answers(200, {"value": []})
        assert await events.find(ORGANIZER, MEETING_ID) is None
        assert wire.target.partition("?")[0] == f"{USER}/events"
        assert query(wire) == {
            "$filter": (
                "singleValueExtendedProperties/Any(ep: ep/id eq "
                "'String {8a3f6f0e-3f0c-4d51-a3c4-6f2a5f1b9f10} Name ConveneMeetingId' "
                f"and ep/value eq '{MEETING_ID}')"
            ),
            "$select": SELECT,
        }
        assert "+" not in wire.target
        assert wire.request.headers["Prefer"] == 'IdType="ImmutableId"'

    async def test_the_first_that_is_not_cancelled(self, wire: Wire, events: CalendarEvents) -> None:
        """A cancelled event that is still about is not the one."""
        event = documented("event_read_online")
        wire.answers(200, {"value": [event | {"id": "old", "isCancelled": True}, event]})
        found = await events.find(ORGANIZER, MEETING_ID)
        assert found is not None
        assert found.id == event["id"]
        wire.answers(200, {"value": [event | {"isCancelled": True}]})
        assert await events.find(ORGANIZER, MEETING_ID) is None

    @pytest.mark.parametrize("answer", [{}, {"value": None}, {"value": {}}, {"value": [1]}, {"value": [{"x": 1}]}])
    async def test_an_answer_that_is_no_list_of_events(
        self, wire: Wire, events: CalendarEvents, answer: dict[str, Any]
    ) -> None:
        """What is not a list of events is not "none was found": that would make a second one."""
        wire.answers(200, answer)
        with pytest.raises(UnavailableError):
            await events.find(ORGANIZER, MEETING_ID)


class TestChange:
    async def test_the_documented_example(self, wire: Wire, events: CalendarEvents) -> None:
        """An event becomes an online meeting by a change of two properties."""
        wire.answers(200, documented("event_enable_online"))
        changes = {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}
        event = await events.change(ORGANIZER, "AAMkADAGu0AABIGYDaAAA=", changes, None)
        assert (wire.request.method, wire.target) == ("PATCH", f"{USER}/events/AAMkADAGu0AABIGYDaAAA%3D")
        assert wire.sent == changes
        assert wire.request.headers["Prefer"] == 'IdType="ImmutableId"'
        assert event.dial_in == DialIn(toll_number="+1 323-555-0166", conference_id="275984951")
        assert event.join_url is not None
        assert "NTRkMWViMmEtNzcxNC00OTk3LWJjOTEtYTdhMDU3ZmJhYWFi" in event.join_url
        assert "If-Match" not in wire.request.headers

    async def test_the_etag_that_was_read_is_sent(self, wire: Wire, events: CalendarEvents) -> None:
        """A change is of the event as it was read."""
        wire.answers(200, documented("event_read_online"))
        read = await events.read(ORGANIZER, "1")
        assert read.etag is not None
        assert read.etag == documented("event_read_online")["@odata.etag"]
        await events.change(ORGANIZER, "1", {"subject": "New"}, read.etag)
        headers = wire.requests[-1].headers
        assert (headers["If-Match"], headers["Prefer"]) == (read.etag, 'IdType="ImmutableId"')

    async def test_a_body_is_read_where_it_is_asked_for(self, wire: Wire, events: CalendarEvents) -> None:
        """With all the rest, so that it is of the same etag."""
        wire.answers(200, {"id": "1", "@odata.etag": 'W/"x"', "body": {"contentType": "html", "content": "<p>"}})
        event = await events.read(ORGANIZER, "1", with_body=True)
        assert query(wire) == {"$select": f"{SELECT},body"}
        assert event.body is not None
        assert (event.etag, event.body.content) == ('W/"x"', "<p>")


class TestJoinLink:
    @pytest.mark.parametrize("meeting", [None, {}, {"joinUrl": None}, {"joinUrl": ""}])
    async def test_there_is_none_yet(self, wire: Wire, events: CalendarEvents, meeting: Any) -> None:
        """An event may be without a link, and then without a telephone number."""
        wire.answers(200, {"id": "1", "isOnlineMeeting": False, "onlineMeeting": meeting})
        event = await events.read(ORGANIZER, "1")
        assert (event.join_url, event.dial_in) == (None, None)

    @pytest.mark.parametrize(
        "url",
        [
            "https://teams.microsoft.com.evil.example/l/meetup-join/1",
            "https://evil.example/l/meetup-join/1",
            "http://teams.microsoft.com/l/meetup-join/1",
            "javascript:alert(1)",
        ],
    )
    async def test_a_foreign_link_is_not_passed_on(self, wire: Wire, events: CalendarEvents, url: str) -> None:
        """A link that leads anywhere but to Teams or Skype is as good as none."""
        wire.answers(200, {"id": "1", "isOnlineMeeting": True, "onlineMeeting": {"joinUrl": url}})
        assert (await events.read(ORGANIZER, "1")).join_url is None

    async def test_a_toll_free_number(self, wire: Wire, events: CalendarEvents) -> None:
        """Of several toll-free numbers all are given, and the first by itself."""
        wire.answers(200, {"id": "1", "onlineMeeting": {"tollFreeNumbers": ["+1 800", "+1 888"]}})
        assert (await events.read(ORGANIZER, "1")).dial_in == DialIn(toll_free_number="+1 800")
        numbers = (await events.read(ORGANIZER, "1")).dial_in_numbers
        assert numbers is not None
        assert numbers.toll_free_numbers == ("+1 800", "+1 888")
