"""A meeting: what was asked for, how far it is, and what Graph has made of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.errors import (
    CallerNotAllowedError,
    ChangeRefusedError,
    Fault,
    GraphAnswer,
    InvalidRequestError,
    KeyReusedError,
    OrganizerNotAllowedError,
    RejectedError,
)


class Status(StrEnum):
    """Where a meeting stands; the last three are ends."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINISHED = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED})


class _Record(BaseModel):
    """Frozen, with the contract's camelCase names in JSON."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)


class DialIn(_Record):
    """How to join by telephone.

    Attributes:
        toll_number: A number to dial, at the usual cost.
        toll_free_number: A number to dial free of charge.
        conference_id: The number to enter when the call is answered.
        dialin_url: A page with further numbers.
    """

    toll_number: str | None = None
    toll_free_number: str | None = None
    conference_id: str | None = None
    dialin_url: str | None = None


class JoinInformation(_Record):
    """The text to invite people with, decoded from Graph's data URL.

    Attributes:
        content_type: The format of the content, such as `html`.
        content: The text itself.
    """

    content_type: str
    content: str


class Outcome(_Record):
    """What Graph has made so far. It survives a failed attempt, so that the next one resumes instead of repeating.

    Attributes:
        meeting_id_in_body: the Meeting ID as the invitation shows it; the meeting is found by it and does not show it.
    """

    is_online_meeting: bool = False
    online_meeting_provider: str | None = None
    join_url: str | None = None
    join_meeting_id: str | None = None
    passcode: str | None = None
    dial_in: DialIn | None = None
    join_information: JoinInformation | None = None
    event_id: str | None = None
    i_cal_u_id: str | None = Field(default=None, alias="iCalUId")
    web_link: str | None = None
    online_meeting_id: str | None = None
    chat_thread_id: str | None = None
    meeting_options_web_url: str | None = None
    meeting_id_in_body: str | None = None


# Every `code` that the error of a meeting can have; README.md and docs/operations.md say who acts on each.
FAILURE_CODES = (
    "invalidRequest",
    "organizerNotAllowed",
    "callerNotAllowed",
    "organizerNotFound",
    "organizerHasNoMailbox",
    "providerNotAllowed",
    "mailboxAccessDenied",
    "applicationAccessPolicyMissing",
    "applicationPermissionMissing",
    "onlineMeetingsDenied",
    "timeZoneNotSupported",
    "eventDeleted",
    "onlineMeetingMissing",
    "joinBlockMissing",
    "optionsNotSet",
    "graphRejected",
    "gaveUp",
    "crashed",
)


class MeetingError(_Record):
    """Why a meeting failed, and who does what about it."""

    code: str
    message: str
    remedy: str
    graph: GraphAnswer | None = None
    errors: tuple[Fault, ...] = ()

    @staticmethod
    def of(error: RejectedError, meeting_id: str) -> "MeetingError":
        """Return what a refusal of Graph means for a meeting."""
        remedy = error.remedy.replace("{id}", meeting_id)
        return MeetingError(code=error.code, message=error.message, remedy=remedy, graph=error.answer)


type Refusal = (
    CallerNotAllowedError | InvalidRequestError | KeyReusedError | OrganizerNotAllowedError | ChangeRefusedError
)


def as_meeting_error(error: Refusal) -> MeetingError:
    """Return the `error` of the failed meeting that a request becomes when nobody is there to be told of it."""
    match error:
        case InvalidRequestError():
            message, faults = "This is not a valid meeting request.", error.faults
        case KeyReusedError():
            message = "The idempotency key came with another request before."
            faults = (Fault("/idempotencyKey", "keyReused", message),)
        case ChangeRefusedError():
            message, faults = "The meeting cannot be changed like this.", (Fault("", error.code, str(error)),)
        case CallerNotAllowedError():
            remedy = "Have the operator name the caller in the setting CALLERS, or end the caller's schedule."
            return MeetingError(code="callerNotAllowed", message=f"{error}.", remedy=remedy)
        case OrganizerNotAllowedError():
            remedy = "Name another organizer, or have the operator add this one to the setting ALLOWED_ORGANIZERS."
            return MeetingError(code="organizerNotAllowed", message=f"{error}.", remedy=remedy)
    remedy = "Correct what the errors name and send the request again."
    return MeetingError(code="invalidRequest", message=message, remedy=remedy, errors=faults)


class Cancellation(_Record):
    """The wish that the meeting be no more, with a word to the attendees."""

    comment: str | None = None


class Claim(_Record):
    """Who works on the meeting, and until when nobody else does."""

    owner: str
    expires_at: datetime


class Meeting(_Record):
    """The record in the ledger: a desired request with a version, and how far it has come true.

    Attributes:
        id: a UUID in its canonical form.
        request: what was asked for; of a message that cannot become a meeting, what it held instead.
        is_message: only the sender of that message can try again, by sending it again.
        fingerprint: of the request as it was accepted; tells a repeated request from another with the same key.
        version: of the request; the meeting is finished when its status says so, for this version.
        since: when this version began to be tried; `GIVE_UP_AFTER` counts from here.
        attempts: how often it has been claimed.
        crashes: how many claims in a row ended without a word.
        uncertain_since: the version whose attempt may have made something in Graph that `outcome` does not know of.
        late_until: until when Graph may still carry out a creation that was given up, though a later one is made: while
            that is there, Graph knows the two for one.
        applied: a digest of each property that Graph has been told, so that a change sends only what differs; and the
            etags with which it refused to change the event.
        cancellation: set once the meeting is not wanted any more.
        seen: the messages that have changed this meeting; delivered again, they change it no more.
        reported: the result event of this version is sent (or none is wanted).
        graph_failures: how many attempts in a row Graph did not answer usably; the waits grow with it.
        misses: how many attempts in a row did not see yet what an earlier one had made.
        problem: what kept the latest attempt from finishing, for the case that it was the last one.
        organizer_id: the organizer's object id, once it was looked up.
        traceparent: of the caller, kept for the result event.
        caller: the principal that asked over HTTP; None where callers are not told apart, and for the queue.
        etag: of the record as it was read; not a part of it.
        index_keys: the ledger's rows that lead to the record as it was read; not a part of it either.
    """

    id: str
    kind: str
    organizer: str | None
    reference: str | None
    request: dict[str, Any] | None
    fingerprint: str
    status: Status
    version: int
    created_at: datetime
    updated_at: datetime
    since: datetime
    attempts: int = 0
    crashes: int = 0
    graph_failures: int = 0
    misses: int = 0
    problem: str | None = None
    next_attempt_at: datetime | None = None
    claim: Claim | None = None
    uncertain_since: int | None = None
    late_until: datetime | None = None
    applied: dict[str, str] = Field(default_factory=dict)
    cancellation: Cancellation | None = None
    seen: tuple[str, ...] = ()
    is_message: bool = False
    reported: bool = False
    organizer_id: str | None = None
    outcome: Outcome = Outcome()
    error: MeetingError | None = None
    traceparent: str | None = None
    caller: str | None = None
    etag: str = Field(default="", exclude=True)
    index_keys: frozenset[str] = Field(default=frozenset(), exclude=True)

    @property
    def finished(self) -> bool:
        """Tell whether nothing is left to be done in Graph."""
        return self.status in FINISHED

    def changed(self, **update: Any) -> "Meeting":
        """Return the meeting with other values; nothing is checked again."""
        return self.model_copy(update=update)

    def next_version(self, now: datetime, **update: Any) -> "Meeting":
        """Return the meeting with a new wish, to be tried from the start; a claim on the old one stays."""
        anew: dict[str, Any] = {
            "version": self.version + 1,
            "status": Status.QUEUED,
            "since": now,
            "updated_at": now,
            "next_attempt_at": None,
            "reported": False,
            "error": None,
            "problem": None,
            "crashes": 0,
            "graph_failures": 0,
            "misses": 0,
        }
        return self.changed(**(anew | update))
