"""A meeting: what was requested, its progress, and what Graph has of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.meeting.applied import Applied
from shared.meeting.attendance import AttendanceWatch
from shared.meeting.history_entry import HistoryEntry, HistoryEvent, added
from shared.meeting.meeting_error import MeetingError
from shared.meeting.notice import Notice
from shared.meeting.observed import Observed
from shared.meeting.outcome import Outcome
from shared.meeting.record_model import RecordModel, StoredRecord
from shared.meeting.rejected_message import ReceivedMessage
from shared.meeting.reserved import PassedOver, Reserved, ReservedRoom
from shared.meeting_request.pools import organizers_in


class Status(StrEnum):
    """The status of a meeting; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINISHED = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED})


class Cancellation(RecordModel):
    """A request to cancel, with an optional comment for the attendees."""

    comment: str | None = None


class Claim(RecordModel):
    """Who works on the meeting, and until when nobody else does."""

    owner: str
    expires_at: datetime


class Progress(RecordModel):
    """The progress of the work on one version. A new version starts with a new one.

    Attributes:
        version_started_at: when the first attempt at this version became possible; `GIVE_UP_AFTER` counts from here.
        next_attempt_at: when the next attempt is due, None for at once.
        crashes: how many claims in a row ended without a report.
        graph_failures: how many attempts in a row got no usable answer from Graph; the pauses grow with it.
        not_found_yet: how many attempts in a row did not find yet what an earlier one had created.
        last_problem: why the latest attempt did not finish; the error of a meeting that is given up names it.
    """

    version_started_at: datetime
    next_attempt_at: datetime | None = None
    crashes: int = 0
    graph_failures: int = 0
    not_found_yet: int = 0
    last_problem: str | None = None


class Doubt(RecordModel):
    """What Graph may have done, or may still do, without a trace in the record. It outlives a version.

    Attributes:
        in_doubt_since: the version whose attempt may have created something that `outcome` does not name; None when
            every attempt has reported.
        late_effect_until: until when Graph may still carry out an abandoned creation although a later one succeeded:
            while the later event exists, Graph treats both as one. It may remain set when nothing else is in doubt.
    """

    in_doubt_since: int | None = None
    late_effect_until: datetime | None = None


class Meeting(RecordModel, StoredRecord):
    """The record in the ledger: a desired request with a version, and the progress towards it.

    Attributes:
        id: a UUID in its canonical form.
        request: the request; None for a message that could not be read.
        received: the message that could not be read as a request: only its sender can retry, by sending it again.
        fingerprint: of the request as it was accepted; distinguishes a repeated request from another with the same key.
        version: of the request; the meeting is finished when its status says so, for this version.
        attempts: how often it has been claimed, in all versions.
        claim: who works on it; a claim on a former version stays until it ends or expires.
        progress: how far the work on this version has come.
        doubt: what Graph may have done that `outcome` does not name.
        applied: what Graph has of the meeting, so that a change sends only what differs.
        unwanted_attendees: digests of the addresses that the caller has removed and this app has not invited, until a
            version has succeeded without them.
        reinvited_attendees: digests of the addresses that somebody has removed in Outlook and the caller has added
            again, until a version has succeeded with them.
        cancellation: set once the meeting is to be cancelled.
        applied_messages: the messages that have changed this meeting; a redelivered one changes nothing.
        observed: what the latest look at Graph showed; None before the first.
        look_at: when the watch looks at it in Graph again; None for never.
        attendance: what the watch knows of its attendance reports.
        reported: the result event of this version is sent, or noted in the outbox (or none is wanted).
        outbox: the events still to be sent to one sink or both, in order.
        observations: how many events about observations there were, in all versions.
        organizer: None until one of the request's pool is chosen.
        organizer_id: the organizer's object id, once it was looked up.
        reserved: the time that is reserved of an organizer who was chosen.
        room: the room that was chosen from the request's pool.
        passed_over: the candidates whom Graph refused, in this version.
        schedule: the id of the schedule that made it.
        history: the latest entries, oldest first.
        traceparent: of the caller, kept for the result event.
        caller: the principal that sent the request over HTTP; None for the queue, and where callers are not
            distinguished.
    """

    kind: str
    organizer: str | None
    reference: str | None
    request: dict[str, Any] | None
    fingerprint: str
    status: Status
    version: int
    created_at: datetime
    updated_at: datetime
    progress: Progress
    attempts: int = 0
    claim: Claim | None = None
    doubt: Doubt = Doubt()
    applied: Applied = Applied()
    unwanted_attendees: frozenset[str] = frozenset()
    reinvited_attendees: frozenset[str] = frozenset()
    cancellation: Cancellation | None = None
    applied_messages: tuple[str, ...] = ()
    received: ReceivedMessage | None = None
    schedule: str | None = None
    reported: bool = False
    outbox: tuple[Notice, ...] = ()
    observations: int = 0
    organizer_id: str | None = None
    reserved: Reserved | None = None
    room: ReservedRoom | None = None
    passed_over: tuple[PassedOver, ...] = ()
    outcome: Outcome = Outcome()
    observed: Observed | None = None
    look_at: datetime | None = None
    attendance: AttendanceWatch = AttendanceWatch()
    error: MeetingError | None = None
    history: tuple[HistoryEntry, ...] = ()
    traceparent: str | None = None
    caller: str | None = None

    @property
    def finished(self) -> bool:
        """Return whether there is nothing left to do in Graph."""
        return self.status in FINISHED

    @property
    def may_be_in_graph(self) -> bool:
        """Return whether Graph has something of the meeting, or may have."""
        return self.outcome.made or self.doubt.in_doubt_since is not None

    @property
    def organizers(self) -> tuple[str, ...]:
        """Return all who may organize the meeting: its organizer, or the candidates of its pool."""
        return (self.organizer,) if self.organizer else organizers_in(self.request or {})

    def next_version(self, now: datetime, **update: Any) -> "Meeting":
        """Return the next version of the meeting, queued and without progress; a claim on this one stays."""
        queued = self.changed(
            status=Status.QUEUED, error=None, reported=False, progress=Progress(version_started_at=now)
        )
        return queued.changed(version=self.version + 1, updated_at=now, **update)

    def noted(self, event: HistoryEvent, at: datetime, detail: str) -> "Meeting":
        """Return the meeting with one more entry in its history, which is stored with the next write of the record."""
        history = added(self.history, HistoryEntry.of(event, at, detail))
        return self if history is self.history else self.changed(history=history)

    def progressed(self, **update: Any) -> "Meeting":
        """Return the meeting with changed values in its progress."""
        return self.changed(progress=self.progress.changed(**update))
