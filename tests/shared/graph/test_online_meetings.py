"""Teams' online meetings: what is asked of Graph, and what is read from its documented answers."""

from base64 import b64encode
from typing import Any
from urllib.parse import quote, quote_plus, unquote

import pytest

from shared.errors import RejectedError, UnavailableError
from shared.graph import OnlineMeetings
from shared.graph.online_meetings import by_join_meeting_id, by_join_url
from shared.meeting import DialIn, Outcome
from tests.shared.graph.wire import CLIENT_ID, OBJECT_ID, Wire, documented, refusal

MEETINGS = f"/v1.0/users/{OBJECT_ID}/onlineMeetings"
HTML = '<div style="width:100%">\n<a href="https://x/19%3ameeting?a=1+1">A &amp; B</a></div>'

BASE64 = b64encode(HTML.encode()).decode()


@pytest.fixture
def meetings(wire: Wire) -> OnlineMeetings:
    return OnlineMeetings(wire.client)


class TestCreate:
    async def test_what_is_sent(self, wire: Wire, meetings: OnlineMeetings) -> None:
        """A plain creation sends the properties as they are, in the language of the join information."""
        wire.answers(201, documented("standalone_create"))
        await meetings.create(
            OBJECT_ID, {"subject": "Visit", "joinMeetingIdSettings": {"isPasscodeRequired": True}}, "ja"
        )
        assert (wire.request.method, wire.target) == ("POST", MEETINGS)
        assert wire.sent == {"subject": "Visit", "joinMeetingIdSettings": {"isPasscodeRequired": True}}
        assert wire.request.headers["Prefer"] == "include-unknown-enum-members"
        assert wire.request.headers["Accept-Language"] == "ja"

    async def test_create_or_get(self, wire: Wire, meetings: OnlineMeetings) -> None:
        """With our id a meeting is created once, and had again ever after."""
        wire.answers(200, documented("standalone_create"))
        await meetings.create_or_get(OBJECT_ID, "8f0c", {"subject": "Visit"}, None)
        assert (wire.request.method, wire.target) == ("POST", f"{MEETINGS}/createOrGet")
        assert wire.sent == {"externalId": "8f0c", "subject": "Visit"}
        assert wire.request.headers["Prefer"] == "include-unknown-enum-members"
        assert wire.request.headers.get("Accept-Language") is None

    async def test_the_documented_answer(self, wire: Wire, meetings: OnlineMeetings) -> None:
        """Link, id to type in, telephone and chat are read, the conference id as the documentation spells it."""
        answer = documented("standalone_create")
        wire.answers(201, answer)
        meeting = await meetings.create(OBJECT_ID, {}, None)
        assert meeting.id == "MSpkYzE3NjctYmZiMi04ZdFpHRTNaR1F6WGhyZWFkLnYy"
        assert meeting.join_url == answer["joinWebUrl"]
        assert "ConferenceId" in answer["audioConferencing"]
        assert meeting.dial_in == DialIn(
            toll_number="+1252578",
            toll_free_number="+18588",
            conference_id="24999",
            dialin_url="https://dialin.teams.microsoft.com/22f12faf--bc69-b8de580ba330?id=24299",
        )
        assert meeting.chat_info is not None
        assert meeting.chat_info.thread_id == "19:meeting_M2IzYzczNTItYzUtYmFiMjNlOTY4MGEz@thread.skype"
        assert meeting.join_meeting_id_settings is not None
        assert meeting.join_meeting_id_settings.join_meeting_id == "1234567890"
        assert meeting.invitation is None
        assert meeting.raw["subject"] == "User Token Meeting"

    @pytest.mark.parametrize(
        ("name", "required", "passcode"),
        [("standalone_passcode", True, "123abc"), ("standalone_no_passcode", False, None)],
    )
    async def test_passcodes(
        self, wire: Wire, meetings: OnlineMeetings, name: str, passcode: str | None, *, required: bool
    ) -> None:
        """The documented meetings with and without a passcode tell it or none; a link that is no URL is not one."""
        wire.answers(201, documented(name))
        settings = (await meetings.create(OBJECT_ID, {}, None)).join_meeting_id_settings
        assert settings is not None
        assert (settings.is_passcode_required, settings.passcode) == (required, passcode)

    async def test_the_conference_id_of_the_metadata(self, wire: Wire, meetings: OnlineMeetings) -> None:
        """Graph's metadata spell it conferenceId, and so does the service."""
        wire.answers(201, {"id": "1", "audioConferencing": {"conferenceId": "5", "tollNumber": None}})
        assert (await meetings.create(OBJECT_ID, {}, None)).dial_in == DialIn(conference_id="5")

    @pytest.mark.parametrize(
        "wrong",
        [
            {"audioConferencing": "x", "chatInfo": 1, "joinMeetingIdSettings": [], "joinInformation": "x"},
            {"audioConferencing": {"tollNumber": 5}, "chatInfo": {"threadId": 5}, "meetingOptionsWebUrl": {}},
            {"joinMeetingIdSettings": {"joinMeetingId": 5, "passcode": {}, "isPasscodeRequired": "x"}},
            {"joinInformation": {"content": 5, "contentType": []}},
        ],
    )
    async def test_what_only_informs_may_be_of_any_type(self, wire: Wire, meetings: OnlineMeetings, wrong: Any) -> None:
        """It counts as not told, and the meeting with its link is one."""
        answer = documented("standalone_create")
        wire.answers(201, answer | wrong)
        made = await meetings.create(OBJECT_ID, {}, None)
        told = made.added_to(Outcome())
        assert (told.join_url, made.invitation) == (answer["joinWebUrl"], None)
        assert "5" not in {told.join_meeting_id, told.passcode, told.chat_thread_id, told.meeting_options_web_url}

    async def test_a_link_of_another_type_is_none(self, wire: Wire, meetings: OnlineMeetings) -> None:
        """The meeting is there all the same."""
        wire.answers(201, {"id": "1", "joinWebUrl": 5})
        made = await meetings.create(OBJECT_ID, {}, None)
        assert (made.id, made.join_url) == ("1", None)

    @pytest.mark.parametrize("answer", [{}, {"id": None}, {"id": 7}])
    async def test_an_answer_that_is_no_meeting(self, wire: Wire, meetings: OnlineMeetings, answer: Any) -> None:
        """A success without a meeting leaves it uncertain whether there is one."""
        wire.answers(201, answer)
        for call in (meetings.create(OBJECT_ID, {}, None), meetings.create_or_get(OBJECT_ID, "1", {}, None)):
            with pytest.raises(UnavailableError) as raised:
                await call
            assert raised.value.uncertain

    async def test_a_refusal_is_about_the_policy(self, wire: Wire, meetings: OnlineMeetings) -> None:
        """A 403 comes with the command for this organizer and this app."""
        wire.answer = refusal("policy_missing")
        with pytest.raises(RejectedError) as raised:
            await meetings.create(OBJECT_ID, {}, None)
        assert raised.value.code == "applicationAccessPolicyMissing"
        assert f"Grant-CsApplicationAccessPolicy -PolicyName Convene -Identity '{OBJECT_ID}'" in raised.value.remedy
        assert f"-AppIds '{CLIENT_ID}'" in raised.value.remedy


class TestRead:
    async def test_by_id(self, wire: Wire, meetings: OnlineMeetings) -> None:
        """A meeting is read by its id, in a language."""
        wire.answers(200, documented("standalone_create"))
        await meetings.read(OBJECT_ID, "MSpk/=+", "de-DE")
        assert (wire.request.method, wire.target) == ("GET", f"{MEETINGS}/MSpk%2F%3D%2B")
        assert wire.request.headers["Accept-Language"] == "de-DE"
        assert wire.request.headers["Prefer"] == "include-unknown-enum-members"

    async def test_a_broken_answer_to_a_question(self, wire: Wire, meetings: OnlineMeetings) -> None:
        """Asking changes nothing, so nothing is uncertain afterwards."""
        wire.answers(200, {"id": 7})
        with pytest.raises(UnavailableError) as raised:
            await meetings.read(OBJECT_ID, "1", None)
        assert not raised.value.uncertain


class TestFind:
    @pytest.mark.parametrize(
        "url",
        [
            documented("standalone_create")["joinWebUrl"],
            "https://teams.microsoft.com/l/meetup-join/19%3ameeting_o'neil''%27&$expand=x#y",
        ],
    )
    async def test_by_join_link(self, wire: Wire, meetings: OnlineMeetings, url: str) -> None:
        """The link is sent exactly as Graph gave it: quotes doubled for OData, then percent-encoded once."""
        wire.answers(200, {"value": [documented("standalone_create")]})
        meeting = await meetings.find(OBJECT_ID, by_join_url(url), "ja")
        path, _, query = wire.target.partition("?")
        assert path == MEETINGS
        name, _, condition = query.partition("=")
        assert (unquote(name), unquote(condition)) == ("$filter", "JoinWebUrl eq '" + url.replace("'", "''") + "'")
        assert "&" not in query
        assert wire.request.headers["Accept-Language"] == "ja"
        assert meeting is not None
        assert meeting.id == "MSpkYzE3NjctYmZiMi04ZdFpHRTNaR1F6WGhyZWFkLnYy"

    async def test_by_the_id_to_type_in(self, wire: Wire, meetings: OnlineMeetings) -> None:
        """A short link's meeting is found by its join meeting id."""
        wire.answers(200, {"value": []})
        assert await meetings.find(OBJECT_ID, by_join_meeting_id("1234567890"), None) is None
        assert unquote(wire.target).endswith("?$filter=joinMeetingIdSettings/joinMeetingId eq '1234567890'")

    @pytest.mark.parametrize("name", ["teams_1026", "teams_3004", "teams_organizer_mismatch"])
    async def test_a_miss(self, wire: Wire, meetings: OnlineMeetings, name: str) -> None:
        """Graph has several ways to say that it found nothing."""
        wire.answer = refusal(name)
        assert await meetings.find(OBJECT_ID, by_join_url("https://x"), None) is None

    async def test_not_allowed_is_no_miss(self, wire: Wire, meetings: OnlineMeetings) -> None:
        """Who may not look does not know that there is nothing."""
        wire.answer = refusal("teams_3003")
        with pytest.raises(RejectedError) as raised:
            await meetings.find(OBJECT_ID, by_join_url("https://x"), None)
        assert raised.value.code == "applicationAccessPolicyMissing"

    @pytest.mark.parametrize("answer", [{}, {"value": None}, {"value": {}}, {"value": [1]}, {"value": [{"x": 1}]}])
    async def test_an_answer_that_is_no_list(
        self, wire: Wire, meetings: OnlineMeetings, answer: dict[str, Any]
    ) -> None:
        """What is not a list of meetings is not "none was found"."""
        wire.answers(200, answer)
        with pytest.raises(UnavailableError):
            await meetings.find(OBJECT_ID, by_join_url("https://x"), None)


class TestChange:
    @pytest.mark.parametrize("status", [200, 204])
    async def test_what_is_sent(self, wire: Wire, meetings: OnlineMeetings, status: int) -> None:
        """A change sends the changed properties and nothing else."""
        wire.answers(status, {})
        await meetings.change(OBJECT_ID, "MSpk", {"lobbyBypassSettings": {"scope": "everyone"}})
        assert (wire.request.method, wire.target) == ("PATCH", f"{MEETINGS}/MSpk")
        assert wire.sent == {"lobbyBypassSettings": {"scope": "everyone"}}


class TestJoinInformation:
    async def invitation(self, wire: Wire, meetings: OnlineMeetings, content: Any, kind: Any = "Html") -> Any:
        wire.answers(200, {"id": "1", "joinInformation": {"content": content, "contentType": kind}})
        return (await meetings.read(OBJECT_ID, "1", None)).invitation

    async def test_the_documented_japanese_example(self, wire: Wire, meetings: OnlineMeetings) -> None:
        """Graph's data URL becomes HTML that a mail can hold: decoded once, so that links in it stay links."""
        wire.answers(200, {"id": "1", "joinInformation": documented("standalone_join_information_ja")})
        invitation = (await meetings.read(OBJECT_ID, "1", "ja")).invitation
        assert invitation is not None
        assert invitation.content_type == "html"
        assert invitation.content.startswith("<div")
        assert "会議" in invitation.content
        assert "width:100%" in invitation.content
        assert "tel:+16477490000" in invitation.content
        assert "meetup-join/19%3ameeting_" in invitation.content
        assert "data:" not in invitation.content

    @pytest.mark.parametrize(
        "content",
        [
            quote_plus("data:text/html,\n  " + HTML),
            quote_plus("data:text/html,") + quote(HTML),
            "data:text/html," + quote_plus(HTML),
            "data:text/html," + quote(HTML, safe=""),
            "DATA:text/html;charset=utf-8," + quote_plus(HTML),
            "data:text/html," + HTML,
            "data:text/html;base64," + BASE64,
            "data:text/html;charset=utf-8;base64,\r\n" + BASE64.rstrip("="),
            "data:text/html;Base64," + quote(BASE64, safe=""),
            quote_plus("data:text/html;base64,") + BASE64,
            quote_plus("data:text/html;base64," + BASE64),
            HTML,
        ],
        ids=[
            "whole",
            "quoted apart",
            "data",
            "data with blanks",
            "charset",
            "not encoded",
            "base64",
            "base64 without padding",
            "quoted base64",
            "base64 quoted apart",
            "whole base64",
            "html",
        ],
    )
    async def test_every_form(self, wire: Wire, meetings: OnlineMeetings, content: str) -> None:
        """However much of the data URL is encoded, the same HTML comes out."""
        invitation = await self.invitation(wire, meetings, content)
        assert invitation.content == HTML

    @pytest.mark.parametrize("content", ["data:text/html;base64,A", "data:text/html;base64,", "data:text/html"])
    async def test_what_cannot_be_decoded_is_none(self, wire: Wire, meetings: OnlineMeetings, content: str) -> None:
        """Better no text to invite with than one that nobody can read."""
        assert await self.invitation(wire, meetings, content) is None

    @pytest.mark.parametrize("content", [None, ""])
    async def test_there_is_none(self, wire: Wire, meetings: OnlineMeetings, content: str | None) -> None:
        """A meeting may be without join information."""
        assert await self.invitation(wire, meetings, content) is None

    async def test_text(self, wire: Wire, meetings: OnlineMeetings) -> None:
        """Its type is Graph's, in lower case, and HTML where Graph does not tell."""
        assert (await self.invitation(wire, meetings, "Join", "Text")).content_type == "text"
        assert (await self.invitation(wire, meetings, "Join", None)).content_type == "html"


@pytest.mark.parametrize(
    "url", ["https://evil.example/", "https://teams.microsoft.com@evil.example/", "javascript:1", ""]
)
async def test_a_foreign_link_is_not_passed_on(wire: Wire, meetings: OnlineMeetings, url: str) -> None:
    """A link that leads anywhere but to Teams or Skype is as good as none."""
    wire.answers(200, {"id": "1", "joinWebUrl": url})
    assert (await meetings.read(OBJECT_ID, "1", None)).join_url is None


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (404, "NotFound", "3004: Specified meeting is not found"),
        (400, "BadRequest", "1026: An error has occurred."),
        (404, "NotFound", "Organizer Id mismatch User Id"),
        (400, "BadRequest", "Invalid meeting id."),
        (400, "InvalidArgument", "Tenant mismatch."),
    ],
)
async def test_whoever_is_told_that_there_is_nothing_may_look(
    wire: Wire, meetings: OnlineMeetings, status: int, code: str, message: str
) -> None:
    """However a miss is told, only a refusal with a meaning of its own says that the app may not look."""
    wire.answers(status, {"error": {"code": code, "message": message}})
    await meetings.require_access(OBJECT_ID)


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("Forbidden", "No Application Access Policy found for this app", "applicationAccessPolicyMissing"),
        ("Forbidden", "3003: User does not have access to lookup meeting", "applicationAccessPolicyMissing"),
        ("Forbidden", "", "onlineMeetingsDenied"),
        ("Authorization_RequestDenied", "Insufficient privileges", "applicationPermissionMissing"),
    ],
)
async def test_whoever_is_refused_may_not_look(
    wire: Wire, meetings: OnlineMeetings, code: str, message: str, expected: str
) -> None:
    """The refusals that administrators can do something about are passed on."""
    wire.answers(403, {"error": {"code": code, "message": message}})
    with pytest.raises(RejectedError) as refused:
        await meetings.require_access(OBJECT_ID)
    assert refused.value.code == expected
