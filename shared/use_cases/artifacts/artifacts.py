"""The use case: read the artifacts of a meeting."""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial

from shared.access.callers import ANYBODY, Caller
from shared.errors import ArtifactsOffError, Fault, InvalidRequestError
from shared.graph.artifacts import AttendanceRecord, AttendanceReport, OnlineMeetingIds, Recording, Transcript
from shared.graph.event_details import read_event
from shared.graph.refusals import NotCalendarBackedError
from shared.graph.services import GraphServices
from shared.meeting import Meeting, Status
from shared.meeting.ledger import Ledger
from shared.meeting_request import ExistingRequest, parse_request
from shared.meeting_request.event_occurrences import Occurrence
from shared.settings.artifacts import Artifact
from shared.throttling.mailbox_gate import MailboxGate
from shared.use_cases.artifacts.reports import ReportWithParticipants, by_occurrence, in_order
from shared.use_cases.meeting_occurrences import event_series, is_series, occurrences
from shared.use_cases.online_meeting_lookup import OnlineMeetingLookup
from shared.use_cases.ownership import Ownership
from shared.use_cases.refused_changes import not_made
from shared.validation.date_times import check_date

type _Series = Callable[[], Iterator[Occurrence]]

# In one answer: participants, and their attendance intervals.
_MOST_ENTRIES = 20_000


class Artifacts:
    """Reads artifacts for a caller, each only if the operator has switched it on.

    Each call may raise StorageUnavailableError and GraphErrors, and also:

        MeetingNotFoundError: there is none with this id that the caller may see.
        ArtifactsOffError: the setting ARTIFACTS does not have the artifact.
        ChangeRefusedError: `notMade`: Graph has no online meeting of the meeting, or it is cancelled.
    """

    def __init__(
        self,
        ledger: Ledger,
        graph: GraphServices,
        gate: MailboxGate,
        ownership: Ownership,
        lookup: OnlineMeetingLookup,
        switched_on: frozenset[Artifact],
    ) -> None:
        self._ledger = ledger
        self._graph = graph
        self._gate = gate
        self._ownership = ownership
        self._lookup = lookup
        self._switched_on = switched_on

    async def attendance(
        self, meeting_id: str, occurrence: str | None, caller: Caller = ANYBODY
    ) -> tuple[ReportWithParticipants, ...]:
        """Return the attendance reports of a meeting, the earliest first, or those of one occurrence of a series.

        Raises:
            InvalidRequestError: `occurrence` is no date on which this series takes place.
        """
        meeting = await self._read(meeting_id, Artifact.ATTENDANCE, caller)
        series = await self._series(meeting, occurrence) if occurrence is not None else None
        async with self._open(meeting) as ids:
            reports = in_order(await self._graph.artifacts.reports(ids))
            if series is not None:
                of_each = by_occurrence(reports, series())
                reports = [
                    report for at, of_it in of_each.items() if at.date.isoformat() == occurrence for report in of_it
                ]
            return await self._with_participants(ids, reports)

    async def transcripts(self, meeting_id: str, caller: Caller = ANYBODY) -> list[Transcript]:
        """Return the transcripts of a meeting.

        Raises:
            RejectedError: `notCalendarBacked`: the meeting has no event, and Graph no transcripts of it.
        """
        async with self._open(await self._with_event(meeting_id, Artifact.TRANSCRIPTS, caller)) as ids:
            return await self._graph.artifacts.transcripts(ids)

    async def transcript(self, meeting_id: str, transcript_id: str, caller: Caller = ANYBODY) -> bytes:
        """Return a transcript of a meeting as WebVTT.

        Raises:
            RejectedError: `notCalendarBacked` as above; `transcriptNotFound`: the meeting has none of this id.
        """
        async with self._open(await self._with_event(meeting_id, Artifact.TRANSCRIPTS, caller)) as ids:
            return await self._graph.artifacts.transcript(ids, transcript_id)

    async def recordings(self, meeting_id: str, caller: Caller = ANYBODY) -> list[Recording]:
        """Return the recordings of a meeting.

        Raises:
            RejectedError: `notCalendarBacked`: the meeting has no event, and Graph no recordings of it.
        """
        async with self._open(await self._with_event(meeting_id, Artifact.RECORDINGS, caller)) as ids:
            return await self._graph.artifacts.recordings(ids)

    async def _read(self, meeting_id: str, artifact: Artifact, caller: Caller) -> Meeting:
        meeting = caller.require_sees(await self._ledger.read(meeting_id))
        if artifact not in self._switched_on:
            raise ArtifactsOffError(artifact)
        if meeting.cancellation or not meeting.outcome.join_url:
            raise not_made(Status.CANCELLED if meeting.cancellation else meeting.status)
        return meeting

    async def _with_event(self, meeting_id: str, artifact: Artifact, caller: Caller) -> Meeting:
        meeting = await self._read(meeting_id, artifact, caller)
        if meeting.kind == "standalone":
            raise NotCalendarBackedError
        return meeting

    @asynccontextmanager
    async def _open(self, meeting: Meeting) -> AsyncGenerator[OnlineMeetingIds]:
        """Hold the gate of the organizer's mailbox, and yield the ids of the online meeting."""
        async with self._gate.access(meeting.organizer or "", read_only=True):
            if (ids := await self._lookup.find(meeting)) is None:
                raise not_made(meeting.status)
            yield ids

    async def _series(self, meeting: Meeting, occurrence: str) -> _Series:
        """Return the occurrences of a series; refuse a date on which it does not take place.

        The times of an existing event are only in Graph, so it is read.

        Raises:
            InvalidRequestError: that is no date, or the meeting is no series, or does not take place then.
        """
        try:
            check_date(occurrence)
        except ValueError as error:
            raise _invalid("invalidDate", f"{error}") from error
        request = parse_request(meeting.request)
        if isinstance(request, ExistingRequest):
            async with self._gate.access(meeting.organizer or "", read_only=True):
                event_id = meeting.outcome.event_id or request.event_id
                event = await read_event(self._graph.events, meeting.organizer or "", event_id)
            await self._ownership.require_own(meeting, event)
            repeats, series = bool(event.recurrence), partial(event_series, event)
        else:
            repeats, series = is_series(request), partial(occurrences, request, meeting.observed)
        if not repeats:
            raise _invalid("notASeries", "is for a series, and this meeting is not one")
        if occurrence not in (each.date.isoformat() for each in series()):
            raise _invalid("noSuchOccurrence", "is no date on which this meeting takes place")
        return series

    async def _with_participants(
        self, ids: OnlineMeetingIds, reports: list[AttendanceReport]
    ) -> tuple[ReportWithParticipants, ...]:
        found: list[ReportWithParticipants] = []
        room = _MOST_ENTRIES
        for report in reports:
            records: list[AttendanceRecord] = []
            if room > 0:
                async for record in self._graph.artifacts.records(ids, report.id):
                    room -= 1 + len(record.attendance_intervals or ())
                    if room < 0:
                        break
                    records.append(record)
            found.append(ReportWithParticipants(report, tuple(records), more=room < 0))
        return tuple(found)


def _invalid(code: str, message: str) -> InvalidRequestError:
    return InvalidRequestError([Fault("/occurrence", code, f"occurrence {message}.")])
