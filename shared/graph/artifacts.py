"""What meetings that have taken place leave behind: attendance reports, transcripts and recordings.

They are below /users/{object id}/onlineMeetings/{id}.

https://learn.microsoft.com/graph/api/resources/meetingattendancereport,
https://learn.microsoft.com/graph/api/resources/calltranscript,
https://learn.microsoft.com/graph/api/resources/callrecording
"""

from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from kiota_abstractions.base_request_builder import BaseRequestBuilder
from kiota_abstractions.method import Method
from msgraph.generated.users.item.online_meetings.item.online_meeting_item_request_builder import (
    OnlineMeetingItemRequestBuilder,
)
from pydantic import AfterValidator

from shared.errors import GraphAnswer, RejectedError
from shared.graph import remedies
from shared.graph.client import Call, GraphClient
from shared.graph.pages import each_item
from shared.graph.refusals import NothingFoundError, OtherOrganizerError, Surface
from shared.graph.resources import GraphId, GraphResource, Lenient, parse_resource

MOST_ARTIFACTS = 1_000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_REFUSALS_OF_ACCESS = frozenset(
    {"applicationAccessPolicyMissing", "applicationPermissionMissing", "organizerNotFound", "transcriptsOff"}
)


def _with_zone(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


type GraphMoment = Annotated[datetime, AfterValidator(_with_zone)]


@dataclass(frozen=True, slots=True)
class OnlineMeetingIds:
    """What Graph finds an online meeting by: its organizer's object id, and its own."""

    organizer: str
    meeting: str


class AttendanceReport(GraphResource):
    """Who attended one call of a meeting; there is one for each time that everybody had left."""

    id: GraphId
    total_participant_count: Lenient[int] = None
    meeting_start_date_time: Lenient[GraphMoment] = None
    meeting_end_date_time: Lenient[GraphMoment] = None


class _Identity(GraphResource):
    id: Lenient[str] = None
    display_name: Lenient[str] = None


class AttendanceInterval(GraphResource):
    """One stay in a call."""

    join_date_time: Lenient[GraphMoment] = None
    leave_date_time: Lenient[GraphMoment] = None


class AttendanceRecord(GraphResource):
    """One participant of a call; guests and telephones have no address.

    https://learn.microsoft.com/graph/api/resources/attendancerecord
    """

    id: Lenient[str] = None
    email_address: Lenient[str] = None
    role: Lenient[str] = None
    total_attendance_in_seconds: Lenient[int] = None
    identity: Lenient[_Identity] = None
    attendance_intervals: Lenient[tuple[AttendanceInterval, ...]] = None

    @property
    def name(self) -> str | None:
        """Return the name to show, None for a participant who does not want to be named."""
        return self.identity.display_name if self.identity else None

    @property
    def participant(self) -> str | None:
        """Return an identifier of the participant that is the same in every report, None if Graph has none."""
        return (self.identity and self.identity.id) or self.email_address or self.id


class Transcript(GraphResource):
    """A transcript of a call, without its content."""

    id: GraphId
    created_date_time: Lenient[GraphMoment] = None
    end_date_time: Lenient[GraphMoment] = None


class Recording(GraphResource):
    """A recording of a call, and its URL in Graph."""

    id: GraphId
    created_date_time: Lenient[GraphMoment] = None
    end_date_time: Lenient[GraphMoment] = None
    recording_content_url: Lenient[str] = None


class TranscriptNotFoundError(RejectedError):
    """The meeting has no transcript of this id."""

    def __init__(self, answer: GraphAnswer | None = None) -> None:
        message = "The meeting has no transcript of this id."
        super().__init__("transcriptNotFound", message, remedies.TRANSCRIPT_NOT_FOUND, answer)


class Artifacts:
    """Attendance, transcripts and recordings of meetings. Every call may raise the GraphErrors of GraphClient.send.

    Graph shows them to the organizer of the meeting only. It has several answers for a meeting without any: they all
    give an empty list.
    """

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    async def require_access(self, organizer_id: str, surface: Surface) -> None:
        """Read the artifacts of a meeting that cannot exist: an authorised app finds nothing, any other is refused.

        How Graph says that there is no such meeting is not documented, so only an error with a known meaning counts.

        Raises:
            RejectedError: the app may not read this of the user's meetings, or there is no such user.
        """
        nowhere = f"1*{organizer_id}*0**19:meeting_readiness@thread.v2"
        ids = OnlineMeetingIds(organizer_id, b64encode(nowhere.encode()).decode())
        meeting = self._meeting(ids)
        builders: dict[Surface, BaseRequestBuilder] = {
            Surface.ATTENDANCE: meeting.attendance_reports,
            Surface.TRANSCRIPTS: meeting.transcripts,
            Surface.RECORDINGS: meeting.recordings,
        }
        try:
            async for _ in self._each(ids, builders[surface], surface):
                return
        except OtherOrganizerError:
            return
        except RejectedError as error:
            if error.code in _REFUSALS_OF_ACCESS:
                raise

    async def reports(self, ids: OnlineMeetingIds) -> list[AttendanceReport]:
        """Return the attendance reports, of which Graph keeps the 50 newest, in no order."""
        return await self._list(AttendanceReport, ids, self._meeting(ids).attendance_reports, Surface.ATTENDANCE)

    async def records(self, ids: OnlineMeetingIds, report_id: str) -> AsyncIterator[AttendanceRecord]:
        """Yield the participants of a report; further pages are read on demand."""
        reports = self._meeting(ids).attendance_reports
        builder = reports.by_meeting_attendance_report_id(report_id).attendance_records
        async for each in self._each(ids, builder, Surface.ATTENDANCE):
            yield parse_resource(AttendanceRecord, each, uncertain=False)

    async def transcripts(self, ids: OnlineMeetingIds) -> list[Transcript]:
        """Return which transcripts there are, at most `MOST_ARTIFACTS`."""
        return await self._list(Transcript, ids, self._meeting(ids).transcripts, Surface.TRANSCRIPTS)

    async def recordings(self, ids: OnlineMeetingIds) -> list[Recording]:
        """Return which recordings there are, at most `MOST_ARTIFACTS`."""
        return await self._list(Recording, ids, self._meeting(ids).recordings, Surface.RECORDINGS)

    async def transcript(self, ids: OnlineMeetingIds, transcript_id: str) -> bytes:
        """Return a transcript as WebVTT.

        https://learn.microsoft.com/graph/api/calltranscript-get

        Raises:
            TranscriptNotFoundError: the meeting has no transcript of this id, or the id is malformed.
            RejectedError: the content does not begin as a WebVTT file does: https://www.w3.org/TR/webvtt1/#file-structure.
        """
        builder = self._meeting(ids).transcripts.by_call_transcript_id(transcript_id).content
        query, headers = {"format": "text/vtt"}, {"Accept": "text/vtt"}
        call = Call(Method.GET, builder, Surface.TRANSCRIPTS, ids.organizer, query, headers)
        try:
            content = await self._client.read(call)
        except RejectedError as error:
            malformed = error.answer is None or error.answer.status == HTTPStatus.BAD_REQUEST
            if isinstance(error, NothingFoundError) or (error.code == "graphRejected" and malformed):
                raise TranscriptNotFoundError(error.answer) from error
            raise
        if not content.removeprefix(_BYTE_ORDER_MARK).startswith(b"WEBVTT"):
            message = "Graph answered with content that is not WebVTT, which begins with WEBVTT."
            raise RejectedError("graphRejected", message, remedies.NOT_WEBVTT)
        return content

    def _meeting(self, ids: OnlineMeetingIds) -> OnlineMeetingItemRequestBuilder:
        return self._client.user(ids.organizer).online_meetings.by_online_meeting_id(ids.meeting)

    async def _each(self, ids: OnlineMeetingIds, builder: BaseRequestBuilder, surface: Surface) -> AsyncIterator[Any]:
        """Yield the items of a list; none where Graph says that there is no such meeting."""
        try:
            async for each in each_item(self._client, Call(Method.GET, builder, surface, ids.organizer)):
                yield each
        except NothingFoundError:
            return

    async def _list[T: GraphResource](
        self, model: type[T], ids: OnlineMeetingIds, builder: BaseRequestBuilder, surface: Surface
    ) -> list[T]:
        items: list[T] = []
        async for each in self._each(ids, builder, surface):
            items.append(parse_resource(model, each, uncertain=False))
            if len(items) == MOST_ARTIFACTS:
                break
        return items
