"""Every failure of a Graph call, translated once into what the caller will do: give up, wait, or try again.

Graph's codes and statuses: https://learn.microsoft.com/graph/errors. Branch on the code; the message counts only for
the Teams policy, whose refusals have no code of their own.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus

import httpx
from azure.core.exceptions import AzureError
from kiota_abstractions.api_error import APIError
from msgraph.generated.models.o_data_errors.o_data_error import ODataError

from shared.errors import GraphAnswer, GraphError, RejectedError, ThrottledError, UnavailableError
from shared.graph import remedies

ASKED_FOR_PATIENCE = "Microsoft Graph asked for patience with this mailbox"
# Graph counts in seconds and minutes (its longest window is ten minutes, see throttling-limits in its documentation).
# A longer wait is a slip or a clock that is wrong, and believed it would close a mailbox for as long as it says, even
# for ever; after a day one call asks again, and is told again if it was meant.
LONGEST_RETRY_AFTER = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)
# How far our clock may be ahead of Graph's where only ours can measure a date.
_CLOCK_DIFFERENCE = timedelta(seconds=5)


class Surface(StrEnum):
    """Which part of Graph was called: each has its own permission and its own way to refuse."""

    DIRECTORY = "directory"
    MAILBOX = "mailbox"
    ONLINE_MEETINGS = "onlineMeetings"


@dataclass(frozen=True, slots=True)
class Addressee:
    """What a call was about, for the remedy.

    Attributes:
        surface: the part of Graph.
        organizer: whose mailbox, meetings or directory entry.
        client_id: of this app, if it is known.
        item: whether the path led on to one event or one online meeting, so that it may be that which is missing.
    """

    surface: Surface
    organizer: str
    client_id: str | None
    item: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error answer, reduced to what matters."""

    answer: GraphAnswer
    message: str
    retry_after: timedelta | None
    existing_event_id: str | None = None


class DuplicateTransactionError(RejectedError):
    """The event's transactionId was used before, for the event `existing_event_id` if Graph names it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(
            "graphRejected",
            "Graph has used this meeting's transaction id for another event.",
            remedies.REPORT,
            refusal.answer,
        )
        self.existing_event_id = refusal.existing_event_id


class NothingFoundError(RejectedError):
    """A search for an online meeting found nothing; a fresh meeting may be found a little later."""


class OtherOrganizerError(RejectedError):
    """The online meeting belongs to somebody else, or the policy lets the app in for somebody else only."""


# Named errors that pass by themselves, whatever their status.
_TRANSIENT_CODES = frozenset(
    {
        "applicationthrottled",
        "activitylimitreached",
        "concurrentitemsave",
        "directory_concurrencyviolation",
        "errorconcurrentitemsave",
        "errorexceededconnectioncount",
        "errorinternalservertransienterror",
        "errorirresolvableconflict",
        "errormailboxmoveinprogress",
        "errormailboxstoreunavailable",
        "errorserverbusy",
        "errortimeoutexpired",
        "errortoomanyobjectsopened",
        "mailboxinfostale",
        "servicenotavailable",
    }
)
_NO_MAILBOX_CODES = frozenset(
    {"mailboxnotenabledforrestapi", "mailboxnotsupportedforrestapi", "errornonexistentmailbox"}
)
_NO_USER_CODES = frozenset({"errorinvaliduser", "request_resourcenotfound", "resourcenotfound"})
_LONGEST_MESSAGE = 1000
_TOKEN = re.compile(r"bearer[\s:=]+[^\s'\",]+|eyJ[\w-]{8,}[\w.-]*", re.IGNORECASE)
_NOTHING_FOUND = ("1026:", "3004:", "organizer id mismatch")
_NOT_THEIRS = "3003:"
_OF_POLICY = ("is not authorized to", "not allowed to perform operations on the user", _NOT_THEIRS)
_NO_PERMISSION_CODE = "authorization_requestdenied"
_PERMISSIONS = {
    Surface.DIRECTORY: "User.ReadBasic.All",
    Surface.MAILBOX: "Calendars.ReadWrite",
    Surface.ONLINE_MEETINGS: "OnlineMeetings.ReadWrite.All",
}
_PASSING_STATUSES = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,  # the next attempt brings a new token
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.CONFLICT,
        HTTPStatus.PRECONDITION_FAILED,
        HTTPStatus.LOCKED,
        HTTPStatus.FAILED_DEPENDENCY,
        HTTPStatus.TOO_EARLY,
    }
)


def translate(
    error: APIError | httpx.HTTPError | AzureError | TimeoutError,
    addressee: Addressee,
    request_id: str,
    *,
    writes: bool,
    unread: httpx.Response | None = None,
) -> GraphError:
    """Return what an exception of the SDK means.

    Args:
        error: as the adapter raised it; an AzureError comes from the credential.
        addressee: whom the call was about.
        request_id: our client-request-id, for when Graph does not tell its own.
        writes: whether the call changes something, so that a lost answer leaves it uncertain.
        unread: an answer that is no success, of which no more than status and headers could be read.
    """
    if unread:
        error = APIError("", unread.status_code, dict(unread.headers))
    if isinstance(error, AzureError):
        return UnavailableError(f"no token for Graph could be had ({type(error).__name__})", uncertain=False)
    if isinstance(error, (httpx.HTTPError, TimeoutError)):
        never_sent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
        return UnavailableError(
            f"Graph could not be reached ({type(error).__name__})", uncertain=writes and not never_sent
        )
    refusal = _refusal(error, request_id)
    status, code = refusal.answer.status, refusal.answer.code.casefold()
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return ThrottledError(ASKED_FOR_PATIENCE, refusal.retry_after, refusal.answer)
    failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status < HTTPStatus.BAD_REQUEST or code in _TRANSIENT_CODES
    if failed or unread:  # which refusal it is that cannot be read, its code would have said: so it is tried again
        did_nothing = status == HTTPStatus.PRECONDITION_FAILED  # its code is that of conflicts half-way as well
        return UnavailableError(
            "Graph is not available",
            uncertain=writes and not did_nothing,
            delay=refusal.retry_after,
            answer=refusal.answer,
        )
    if code == "errorduplicatetransactionid":
        return DuplicateTransactionError(refusal)
    if status in _PASSING_STATUSES:
        return UnavailableError(
            "Graph could not do it now", uncertain=False, delay=refusal.retry_after, answer=refusal.answer
        )
    return _rejection(refusal, addressee)


def _rejection(refusal: Refusal, addressee: Addressee) -> RejectedError:
    status, code, answer = refusal.answer.status, refusal.answer.code.casefold(), refusal.answer
    organizer, surface = addressee.organizer, addressee.surface
    if code in _NO_MAILBOX_CODES:
        return RejectedError(
            "organizerHasNoMailbox",
            f"The organizer {organizer} has no Exchange Online mailbox.",
            remedies.no_mailbox(organizer),
            answer,
        )
    if surface is Surface.ONLINE_MEETINGS and any(text in refusal.message.casefold() for text in _NOTHING_FOUND):
        return NothingFoundError(
            "onlineMeetingMissing", "Graph finds no such online meeting.", remedies.ONLINE_MEETING_MISSING, answer
        )
    if status == HTTPStatus.FORBIDDEN:
        return _forbidden(refusal, addressee)
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        if addressee.item and surface is Surface.MAILBOX and code not in _NO_USER_CODES:
            return RejectedError(
                "eventDeleted", "The event is not in the organizer's calendar.", remedies.EVENT_DELETED, answer
            )
        if addressee.item and surface is Surface.ONLINE_MEETINGS and code not in _NO_USER_CODES:
            return NothingFoundError(
                "onlineMeetingMissing",
                "The online meeting is not there any more.",
                remedies.ONLINE_MEETING_MISSING,
                answer,
            )
        return RejectedError(
            "organizerNotFound", f"There is no user {organizer}.", remedies.organizer_not_found(organizer), answer
        )
    if "timezonenotsupported" in code:
        return RejectedError(
            "timeZoneNotSupported",
            "The organizer's mailbox server does not know the time zone.",
            remedies.TIME_ZONE,
            answer,
        )
    said = f"{refusal.answer.code}: {refusal.message}".strip(": ") or f"status {status}"
    return RejectedError("graphRejected", f"Graph refused the request ({said}).", remedies.REPORT, answer)


def _forbidden(refusal: Refusal, addressee: Addressee) -> RejectedError:
    organizer, client_id, answer = addressee.organizer, addressee.client_id, refusal.answer
    if _is_of_policy(refusal, addressee.surface):
        kind = OtherOrganizerError if _NOT_THEIRS in refusal.message else RejectedError
        return kind(
            "applicationAccessPolicyMissing",
            f"No Teams application access policy lets the app make online meetings for {organizer}.",
            remedies.application_access_policy(organizer, client_id),
            answer,
        )
    if addressee.surface is Surface.MAILBOX and answer.code.casefold() != _NO_PERMISSION_CODE:
        return RejectedError(
            "mailboxAccessDenied",
            f"The app may not use the calendar of {organizer}.",
            remedies.mailbox_access(organizer, client_id),
            answer,
        )
    permission = _PERMISSIONS[addressee.surface]
    # Exchange's way to grant it, the only one that keeps the app out of other mailboxes.
    in_exchange = addressee.surface is Surface.MAILBOX
    return RejectedError(
        "applicationPermissionMissing",
        f"The app lacks Graph's application permission {permission}.",
        remedies.mailbox_access(organizer, client_id)
        if in_exchange
        else remedies.application_permission(permission, client_id),
        answer,
    )


def _is_of_policy(refusal: Refusal, surface: Surface) -> bool:
    """Tell whether the Teams application access policy is missing; it has no code of its own."""
    message = refusal.message.casefold()
    if "application access policy" in message:
        return True
    return surface is Surface.ONLINE_MEETINGS and any(text in message for text in _OF_POLICY)


def _refusal(error: APIError, request_id: str) -> Refusal:
    # httpx's headers, whatever the annotation of Kiota says; a mapping either way.
    headers = {name.casefold(): str(value) for name, value in dict(error.response_headers or {}).items()}
    code = message = ""
    existing: str | None = None
    if isinstance(error, ODataError) and error.error:
        code, message = _quotable(error.error.code or ""), _quotable(error.error.message or "")
        named = error.error.additional_data.get("@event.existingEventId")
        existing = named if isinstance(named, str) and named else None
    answer = GraphAnswer(error.response_status_code or 0, code, headers.get("request-id") or request_id)
    retry_after = parse_retry_after(headers.get("retry-after"), headers.get("date"), datetime.now(UTC))
    return Refusal(answer, message, retry_after, existing)


def parse_retry_after(text: str | None, date: str | None, now: datetime) -> timedelta | None:
    """Return how long Graph asks us to wait, never less than it says and at most a day; None for nonsense and no wait.

    https://learn.microsoft.com/graph/throttling shows `Retry-After: 2.128`; RFC 9110 section 10.2.3 has the date. It
    is a moment on Graph's clock, so it is measured against the answer's own Date, which is on that clock as well.

    Args:
        text: the header Retry-After: seconds, also fractional ones, or an HTTP date; of several the longest counts.
        date: the header Date of the same answer.
        now: by our clock, which measures where there is no Date.
    """
    # Several headers are joined by commas. A date is parted from its day of the week, which says nothing more.
    waits = [_seconds(part, date, now) for part in (text or "").split(",")]
    seconds = max((each for each in waits if each is not None and each.is_finite()), default=Decimal(0))
    if seconds <= 0:
        return None
    longest = Decimal(LONGEST_RETRY_AFTER // timedelta(seconds=1))
    rounded = min(seconds, longest).quantize(Decimal("0.000001"), ROUND_CEILING)
    return int(rounded.scaleb(6)) * _MICROSECOND


def _seconds(text: str, date: str | None, now: datetime) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        moment, sent_at = _http_date(text), _http_date(date)
        if moment is None:
            return None
        wait = moment - sent_at if sent_at else moment - now + _CLOCK_DIFFERENCE
        return Decimal(wait // _MICROSECOND).scaleb(-6)


def _http_date(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text or "")
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _quotable(message: str) -> str:
    """Return a message of Graph's as it may be passed on: of bounded length, and without a token in it."""
    return _TOKEN.sub("(a token)", message[:_LONGEST_MESSAGE])
