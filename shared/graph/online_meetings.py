"""Teams' online meetings: /users/{object id}/onlineMeetings, behind an application access policy."""

import binascii
from base64 import b64decode
from datetime import datetime
from typing import Any
from urllib.parse import unquote, unquote_plus

from kiota_abstractions.base_request_builder import BaseRequestBuilder
from kiota_abstractions.method import Method
from pydantic import Field

from shared.errors import RejectedError
from shared.graph.client import Call, GraphClient
from shared.graph.pages import items_of, odata_string
from shared.graph.refusals import NothingFoundError, Surface
from shared.graph.resources import LONGEST_STRING, Content, GraphId, GraphResource, Lenient, parse_resource
from shared.meeting import DialIn, DialInNumbers, JoinInformation, Outcome
from shared.meeting_request.any_kind import TEAMS
from shared.validation.join_links import is_join_link

# Without it the newer enum members, coorganizer among them, read back as unknownFutureValue:
# https://learn.microsoft.com/graph/best-practices-concept#handling-future-members-in-evolvable-enumerations
_PREFER = "include-unknown-enum-members"


_NO_TENANT = "00000000-0000-0000-0000-000000000000"
_REFUSALS_OF_ACCESS = frozenset(
    {
        "applicationAccessPolicyMissing",
        "applicationPermissionMissing",
        "onlineMeetingsDenied",
        "organizerHasNoMailbox",
        "organizerNotFound",
    }
)


class _AudioConferencing(GraphResource):
    toll_number: Lenient[str] = None
    toll_free_number: Lenient[str] = None
    conference_id: Lenient[str] = Field(default=None, alias="conferenceId")
    dialin_url: Lenient[str] = None
    toll_numbers: Lenient[tuple[str, ...]] = None
    toll_free_numbers: Lenient[tuple[str, ...]] = None


class _ChatInfo(GraphResource):
    thread_id: Lenient[str] = None


class _JoinMeetingIdSettings(GraphResource):
    is_passcode_required: Lenient[bool] = None
    join_meeting_id: Lenient[str] = None
    passcode: Lenient[str] = None


class OnlineMeeting(GraphResource):
    """An online meeting; `raw` is Graph's whole answer, to compare the options with."""

    id: GraphId
    join_web_url: Lenient[str] = None
    audio_conferencing: Lenient[_AudioConferencing] = None
    chat_info: Lenient[_ChatInfo] = None
    join_meeting_id_settings: Lenient[_JoinMeetingIdSettings] = None
    join_information: Lenient[Content] = None
    meeting_options_web_url: Lenient[str] = None
    expiry_date_time: Lenient[datetime] = None
    raw: dict[str, Any] = Field(default_factory=dict, exclude=True)

    @property
    def join_url(self) -> str | None:
        """Return the join link, or None if Graph has none that may be passed on."""
        return self.join_web_url if self.join_web_url and is_join_link(self.join_web_url) else None

    @property
    def has_passcode(self) -> bool | None:
        """Return whether a passcode is required, None if Graph does not say."""
        return self.join_meeting_id_settings.is_passcode_required if self.join_meeting_id_settings else None

    @property
    def dial_in(self) -> DialIn | None:
        """Return how to join by telephone."""
        audio = self.audio_conferencing
        lists = {"toll_numbers", "toll_free_numbers"}
        return DialIn(**audio.model_dump(exclude=lists)) if audio else None

    @property
    def dial_in_numbers(self) -> DialInNumbers | None:
        """Return all the numbers, None if Graph lists none."""
        audio = self.audio_conferencing
        if audio is None or not (audio.toll_numbers or audio.toll_free_numbers):
            return None
        return DialInNumbers(toll_numbers=audio.toll_numbers or (), toll_free_numbers=audio.toll_free_numbers or ())

    @property
    def invitation(self) -> JoinInformation | None:
        """Return the text to invite people with, decoded from Graph's data URL."""
        body = self.join_information
        content = _decoded(body.content) if body and body.content else None
        if not body or not content:
            return None
        return JoinInformation(content_type=(body.content_type or "html").lower(), content=content)

    @property
    def organizer_id(self) -> str | None:
        """Return the organizer's object id in lower case, None if Graph does not say."""
        found: Any = self.raw
        for name in ("participants", "organizer", "identity", "user", "id"):
            found = found.get(name) if isinstance(found, dict) else None
        return found.lower() if isinstance(found, str) and len(found) <= LONGEST_STRING else None

    @property
    def created_at(self) -> datetime | None:
        """Return when it was created, None if Graph does not say."""
        try:
            return datetime.fromisoformat(self.raw["creationDateTime"])
        except (KeyError, TypeError, ValueError):
            return None

    def added_to(self, outcome: Outcome) -> Outcome:
        """Return an outcome with what the meeting says. The link and an event's numbers stay as they are."""
        settings = self.join_meeting_id_settings
        return outcome.model_copy(
            update={
                "is_online_meeting": True,
                "online_meeting_provider": outcome.online_meeting_provider or TEAMS,
                "join_url": outcome.join_url or self.join_url,
                "join_meeting_id": settings and settings.join_meeting_id,
                "passcode": settings and settings.passcode,
                "dial_in": outcome.dial_in or self.dial_in,
                "dial_in_numbers": self.dial_in_numbers or outcome.dial_in_numbers,
                "join_information": self.invitation,
                "online_meeting_id": self.id,
                "chat_thread_id": self.chat_info and self.chat_info.thread_id,
                "meeting_options_web_url": self.meeting_options_web_url,
                "expires_at": self.expiry_date_time,
            }
        )


class OnlineMeetings:
    """The online meetings of any user. Every call may raise the GraphErrors of GraphClient.send.

    The organizer is given as an object id, the only form that these paths take:
    https://learn.microsoft.com/graph/api/application-post-onlinemeetings
    """

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    async def create(self, organizer_id: str, properties: dict[str, Any], language: str | None) -> OnlineMeeting:
        """Create a meeting; each call creates another one."""
        builder = self._client.user(organizer_id).online_meetings
        answer = await self._send(organizer_id, Method.POST, builder, body=properties, language=language)
        return _parse(answer, uncertain=True)

    async def create_or_get(
        self, organizer_id: str, external_id: str, properties: dict[str, Any], language: str | None
    ) -> OnlineMeeting:
        """Create a meeting with our id, or return the one that has it.

        https://learn.microsoft.com/graph/api/onlinemeeting-createorget
        """
        builder = self._client.user(organizer_id).online_meetings.create_or_get
        body = {"externalId": external_id} | properties
        answer = await self._send(organizer_id, Method.POST, builder, body=body, language=language)
        return _parse(answer, uncertain=True)

    async def read(self, organizer_id: str, online_meeting_id: str, language: str | None) -> OnlineMeeting:
        """Return a meeting by its id, with its join information in the language."""
        builder = self._client.user(organizer_id).online_meetings.by_online_meeting_id(online_meeting_id)
        return _parse(await self._send(organizer_id, Method.GET, builder, language=language), uncertain=False)

    async def find(self, organizer_id: str, condition: str, language: str | None) -> OnlineMeeting | None:
        """Return the meeting that an OData condition names (see `by_join_url`), or None.

        A new meeting may not be found at once, for which Graph has four different answers.
        """
        builder = self._client.user(organizer_id).online_meetings
        try:
            answer = await self._send(organizer_id, Method.GET, builder, query={"filter": condition}, language=language)
        except NothingFoundError:
            return None
        found = items_of(answer, "online meetings")
        return _parse(found[0], uncertain=False) if found else None

    async def require_access(self, organizer_id: str) -> None:
        """Look up a join link that cannot exist: an authorised app gets an empty list, any other an error.

        Graph has several answers for "not found", so only an error with a known meaning counts as a refusal.

        Raises:
            RejectedError: the app may not use the user's online meetings, or there is no such user.
        """
        tenant_id = await self._client.tenant_id() or _NO_TENANT
        try:
            await self.find(organizer_id, by_join_url(_link_to_nowhere(tenant_id, organizer_id)), None)
        except RejectedError as error:
            if error.code in _REFUSALS_OF_ACCESS:
                raise

    async def change(self, organizer_id: str, online_meeting_id: str, changes: dict[str, Any]) -> None:
        """Change some properties of a meeting."""
        builder = self._client.user(organizer_id).online_meetings.by_online_meeting_id(online_meeting_id)
        await self._send(organizer_id, Method.PATCH, builder, body=changes)

    async def delete(self, organizer_id: str, online_meeting_id: str) -> None:
        """Remove a meeting."""
        builder = self._client.user(organizer_id).online_meetings.by_online_meeting_id(online_meeting_id)
        await self._send(organizer_id, Method.DELETE, builder)

    async def _send(
        self,
        organizer_id: str,
        method: Method,
        builder: BaseRequestBuilder,
        *,
        query: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
        language: str | None = None,
    ) -> dict[str, Any]:
        headers = {"Prefer": _PREFER} | ({"Accept-Language": language} if language else {})
        call = Call(method, builder, Surface.ONLINE_MEETINGS, organizer_id, query, headers, body)
        return await self._client.send(call)


def by_join_url(join_url: str) -> str:
    """Return the condition that finds a meeting by its join link, exactly as Graph gave it."""
    return f"JoinWebUrl eq {odata_string(join_url)}"


def by_join_meeting_id(join_meeting_id: str) -> str:
    """Return the condition that finds a meeting by the id that people type in."""
    return f"joinMeetingIdSettings/joinMeetingId eq {odata_string(join_meeting_id)}"


def _link_to_nowhere(tenant_id: str, organizer_id: str) -> str:
    """Return a link in Teams' own form, of this organizer, whose thread does not exist."""
    context = f"%7b%22Tid%22%3a%22{tenant_id}%22%2c%22Oid%22%3a%22{organizer_id}%22%7d"
    return f"https://teams.microsoft.com/l/meetup-join/19%3ameeting_readiness%40thread.v2/0?context={context}"


def _decoded(content: str) -> str | None:
    """Return the HTML of a data URL, None if it cannot be read.

    Graph form-encodes the whole text, also the part before the comma; others only the data, or write them in base64
    (RFC 2397).
    """
    whole = content[:5].casefold() == "data%"
    if not whole and content[:5].casefold() != "data:":
        return content
    about, _, data = (unquote(content) if whole else content).partition(",")
    if about.rstrip().casefold().endswith(";base64"):
        try:
            return b64decode(unquote(data) + "==").decode("utf-8", errors="replace").strip()
        except binascii.Error:
            return None
    if whole:
        return unquote_plus(content).partition(",")[2].strip()
    return (data if "<" in data else unquote_plus(data)).strip()


def _parse(answer: Any, *, uncertain: bool) -> OnlineMeeting:
    if isinstance(answer, dict):
        audio = answer.get("audioConferencing")
        if isinstance(audio, dict) and "ConferenceId" in audio:  # as the documentation spells it, v1.0 does not
            answer = answer | {"audioConferencing": audio | {"conferenceId": audio["ConferenceId"]}}
    return parse_resource(OnlineMeeting, answer, uncertain=uncertain).model_copy(update={"raw": answer})
