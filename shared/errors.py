"""The failures that more than one folder names, by what their catcher does about them.

ConveneError
├── RequestRefusedError          the request fails for good; where no caller waits, it becomes a failed meeting
│   ├── InvalidRequestError      the caller corrects the request (400)
│   ├── RequestTooLargeError     the caller sends less (413)
│   ├── KeyReusedError           the caller picks another idempotency key (422)
│   ├── CallerNotAllowedError    the operator names the caller in CALLERS (403)
│   ├── OrganizerNotAllowedError the operator allows the organizer, or the caller names another (403)
│   ├── ChangeRefusedError       the state of the meeting does not allow the change (409)
│   └── RowRefusedError          the storage never accepts this row: end the meeting; the log has the reason (500)
│       └── RowTooLargeError     it is too large: end the meeting with a smaller row (413)
├── ArtifactsOffError            the operator enables the artifact in ARTIFACTS (403)
├── QuotaExceededError           the caller has used up its quota, and retries tomorrow (429)
├── RecordNotFoundError          there is no record with this id (404)
│   ├── MeetingNotFoundError     there is no such meeting
│   │   ├── MeetingForgottenError    there was one, and the app has forgotten it
│   │   └── AnothersMeetingError     only another caller may read it
│   └── ScheduleNotFoundError    there is no such schedule
│       └── AnothersScheduleError    only another caller may read it
├── AttendeeNotFoundError        the meeting does not invite this address (404)
├── VersionMismatchError         the caller reads the present version, and decides again (412)
├── NoJoinLinkError              the meeting has no join link to invite with (409)
├── InvalidContinuationError     the caller sends a continuation token that it has received (400)
├── ConflictError                another writer changed the record first: read it again
├── StorageUnavailableError      the storage account does not answer: try again (503)
├── UnreadableRecordError        the operator repairs or deletes the record; the rest of the run continues (500)
├── IncompleteRunError           a timer's run failed for some items: the log names them
├── TopicUnavailableError        the Event Grid topic does not accept events: try again
├── SettingsError                the operator corrects the settings; until then nothing works
└── GraphError
    ├── RejectedError            Graph refused permanently: the meeting fails, with a remedy
    └── TransientError           try again, after `delay` if there is one
        ├── ThrottledError       Graph throttles (429)
        │   └── HeldBackError    the call was not sent: the mailbox's gate is closed, or full
        └── UnavailableError     Graph gave no usable answer
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import NoReturn


class ConveneError(Exception):
    """The root of the tree, never raised itself."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a request, or one warning about it.

    Attributes:
        pointer: where, as an RFC 6901 JSON pointer; empty for the document as a whole.
        code: a stable name, such as `unknownField`.
        message: for the person who corrects it.
    """

    pointer: str
    code: str
    message: str

    @property
    def length(self) -> int:
        """The length of pointer and message in UTF-16 code units, each of which is at most 6 bytes of JSON."""
        return _length(self.pointer) + _length(self.message)

    def shortened(self, most: int) -> "Fault":
        """Return the fault with at most `most` UTF-16 code units in pointer and message, half of them in each."""
        if self.length <= most:
            return self
        return Fault(_shortened(self.pointer, most // 2), self.code, _shortened(self.message, most // 2))


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _shortened(text: str, most: int) -> str:
    if _length(text) <= most:
        return text
    return text.encode("utf-16-le", "surrogatepass")[: 2 * (most - 3)].decode("utf-16-le", "ignore") + "..."


MOST_FAULTS = 100
_MOST_CHARACTERS = 32_768


class RequestRefusedError(ConveneError):
    """The request fails for good. `as_meeting_error` says what the failed meeting of each subclass shows."""


class InvalidRequestError(RequestRefusedError):
    """The request cannot become a meeting.

    Attributes:
        faults: every fault, or the first 100 of possibly thousands. They are shortened to 32,768 characters in all,
            which fit into a record and into an answer of 256 KiB.
        more_faults: whether there are further ones.
    """

    def __init__(self, faults: Iterable[Fault], *, more_faults: bool = False) -> None:
        first = tuple(islice(faults, MOST_FAULTS + 1))
        self.faults = first[:MOST_FAULTS]
        if sum(fault.length for fault in self.faults) > _MOST_CHARACTERS:
            self.faults = tuple(fault.shortened(_MOST_CHARACTERS // MOST_FAULTS) for fault in self.faults)
        self.more_faults = more_faults or len(self.faults) < len(first)
        super().__init__("; ".join(f"{fault.pointer or '/'}: {fault.message}" for fault in self.faults))

    @property
    def size(self) -> int:
        """The size of the faults in bytes of JSON."""
        return sum(len(json.dumps([fault.pointer, fault.code, fault.message])) for fault in self.faults)

    def first(self, most: int, longest: int) -> "InvalidRequestError":
        """Return the error with at most `most` faults, each of at most `longest` UTF-16 code units."""
        kept = [fault.shortened(longest) for fault in self.faults[:most]]
        return InvalidRequestError(kept, more_faults=self.more_faults or len(kept) < len(self.faults))

    def placed(self, place: Callable[[Fault], Fault | None]) -> "InvalidRequestError":
        """Return the error of an enclosing document: `place` moves each fault, or drops it by returning None."""
        faults = dict.fromkeys(found for fault in self.faults if (found := place(fault)))
        return InvalidRequestError(faults, more_faults=self.more_faults)


def raise_with_faults_of(check: Callable[[], object], faults: Iterable[Fault]) -> NoReturn:
    """Raise faults, followed by those that `check` finds in the rest of the request.

    Raises:
        InvalidRequestError: always.
    """
    try:
        check()
    except InvalidRequestError as error:
        raise InvalidRequestError([*faults, *error.faults], more_faults=error.more_faults) from error
    raise InvalidRequestError(faults)


class RequestTooLargeError(RequestRefusedError):
    """The request is larger than the app accepts."""


class KeyReusedError(RequestRefusedError):
    """The idempotency key belongs to another request, which created the meeting or schedule `holder`."""

    def __init__(self, holder: str) -> None:
        super().__init__(f"came with another request before, which made the {holder}")


class CallerNotAllowedError(RequestRefusedError):
    """The settings do not allow this caller."""


class OrganizerNotAllowedError(RequestRefusedError):
    """The settings do not allow this organizer, or do not allow the caller to name them."""


class ArtifactsOffError(ConveneError):
    """The setting ARTIFACTS does not list this artifact."""

    def __init__(self, artifact: str) -> None:
        super().__init__(f"The setting ARTIFACTS of this service does not have {artifact}; its operator decides that")


class QuotaExceededError(ConveneError):
    """The caller has made `limit` meetings and changes today; the next day begins after `delay`."""

    def __init__(self, limit: int, delay: timedelta) -> None:
        super().__init__(
            f"This caller may create meetings, and change those that invite somebody, {limit} times a day (of UTC) in "
            "all, and has done so"
        )
        self.delay = delay


class RecordNotFoundError(ConveneError):
    """A table has no record with this id."""


class MeetingNotFoundError(RecordNotFoundError):
    """The ledger has no meeting with this id."""


class MeetingForgottenError(MeetingNotFoundError):
    """The app has forgotten the meeting with this id, by a request at `forgotten_at`.

    Earlier requests are about the forgotten meeting, and are not processed again.
    """

    def __init__(self, message: str, forgotten_at: datetime) -> None:
        super().__init__(message)
        self.forgotten_at = forgotten_at

    def was_meant(self, asked_at: datetime | None) -> bool:
        """Return whether a request of this time is about the forgotten meeting; None is now."""
        return asked_at is not None and asked_at <= self.forgotten_at


class AnothersMeetingError(MeetingNotFoundError):
    """The meeting belongs to another caller. The answer is as if it did not exist; the log has the difference."""


class ScheduleNotFoundError(RecordNotFoundError):
    """There is no schedule with this id."""


class AnothersScheduleError(ScheduleNotFoundError):
    """The schedule belongs to another caller. The answer is as if it did not exist; the log has the difference."""


class AttendeeNotFoundError(ConveneError):
    """The meeting does not invite this address."""


class ChangeRefusedError(RequestRefusedError):
    """The state of the meeting does not allow the change; `code` is the reason, `pointers` what would change."""

    def __init__(self, code: str, message: str, pointers: Sequence[str] = ("",)) -> None:
        super().__init__(message)
        self.code = code
        self.pointers = pointers


class VersionMismatchError(ConveneError):
    """The meeting or schedule does not have a version that the caller expects."""


class NoJoinLinkError(ConveneError):
    """The meeting has no join link to invite anybody with."""


class InvalidContinuationError(ConveneError):
    """No earlier page has returned this continuation token."""


class ConflictError(ConveneError):
    """A conditional write failed: the row exists already, or has changed since it was read."""


class StorageUnavailableError(ConveneError):
    """The storage account did not answer, or cannot be reached; a write may have happened or not."""


class RowRefusedError(RequestRefusedError):
    """The storage account refused a row permanently, because of its content."""


class RowTooLargeError(RowRefusedError):
    """The row, one of its properties, or the transaction is larger than the storage accepts."""


class UnreadableRecordError(ConveneError):
    """A row does not hold a record that this version can read; the message quotes nothing of its content."""

    def __init__(self, record_id: str, fault: str) -> None:
        super().__init__(f"the record {record_id} cannot be read: {fault}")
        self.record_id = record_id


class IncompleteRunError(ConveneError):
    """A timer's run failed for some items; the log has a line for each."""


class TopicUnavailableError(ConveneError):
    """The Event Grid topic did not answer, or refused the events; some may have arrived."""


class SettingsError(ConveneError):
    """The settings are incomplete or malformed; the message lists every fault by name."""


@dataclass(frozen=True, slots=True)
class GraphAnswer:
    """Graph's answer to a call that failed, for the administrator's support case.

    Attributes:
        status: the HTTP status.
        code: Graph's `error.code`; empty when the answer had none.
        request_id: Graph's `request-id`, or our `client-request-id` without it.
    """

    status: int
    code: str
    request_id: str


class GraphError(ConveneError):
    """A call to Microsoft Graph failed."""

    def __init__(self, message: str, answer: GraphAnswer | None = None) -> None:
        super().__init__(message)
        self.answer = answer


class RejectedError(GraphError):
    """Graph refused permanently: `code` is one of this app's failure codes, `remedy` says who has to do what."""

    def __init__(self, code: str, message: str, remedy: str, answer: GraphAnswer | None = None) -> None:
        super().__init__(message, answer)
        self.code = code
        self.message = message
        self.remedy = remedy


class TransientError(GraphError):
    """The same call may succeed later: after `delay`, or whenever, if Graph named no Retry-After."""

    def __init__(self, message: str, delay: timedelta | None, answer: GraphAnswer | None = None) -> None:
        super().__init__(message, answer)
        self.delay = delay


class ThrottledError(TransientError):
    """Graph throttled the call (429) and did nothing.

    What follows is in the docstring of shared/throttling, step by step.
    """


class HeldBackError(ThrottledError):
    """The call was not sent: Graph throttles this mailbox, or as many calls as it allows are in progress."""


class UnavailableError(TransientError):
    """Graph gave no usable answer; `uncertain` when the call may have taken effect."""

    def __init__(
        self, message: str, *, uncertain: bool, delay: timedelta | None = None, answer: GraphAnswer | None = None
    ) -> None:
        super().__init__(message, delay, answer)
        self.uncertain = uncertain
