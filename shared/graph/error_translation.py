"""Translates every failure of a Graph call into what the caller does next: give up, wait, or retry.

What a 429 does next is in the docstring of shared/throttling. Graph's codes and statuses: https://learn.microsoft.com/graph/errors
"""

import re
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus

import httpx
from azure.core.exceptions import AzureError
from kiota_abstractions.api_error import APIError
from msgraph.generated.models.o_data_errors.o_data_error import ODataError

from shared.errors import GraphAnswer, GraphError, ThrottledError, UnavailableError
from shared.graph.refusals import Addressee, DuplicateTransactionError, GraphRefusal, rejection_of
from shared.graph.resources import LONGEST_STRING, quotable
from shared.graph.retry_after import parse_retry_after

THROTTLED = "Microsoft Graph throttles this mailbox"

# Named errors that are temporary, whatever their status.
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
_LONGEST_MESSAGE = 1000
_TOKEN = re.compile(r"bearer[\s:=]+[^\s'\",]+|eyJ[\w-]{8,}[\w.-]*", re.IGNORECASE)
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
        addressee: what the call was about.
        request_id: our client-request-id, where Graph does not name its own.
        writes: whether the call changes something, so that a lost answer leaves it uncertain.
        unread: an error answer of which only the status and headers could be read.
    """
    if unread:
        error = APIError("", unread.status_code, dict(unread.headers))
    if isinstance(error, APIError):
        return _translate_refusal(_refusal_of(error, request_id), addressee, writes=writes, read=unread is None)
    if isinstance(error, AzureError):
        return UnavailableError(f"no token for Graph could be obtained ({type(error).__name__})", uncertain=False)
    never_sent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
    return UnavailableError(f"Graph could not be reached ({type(error).__name__})", uncertain=writes and not never_sent)


def _translate_refusal(refusal: GraphRefusal, addressee: Addressee, *, writes: bool, read: bool) -> GraphError:
    """Return what an error answer means. The order of the checks counts, because a code may come with any status."""
    status, code = refusal.answer.status, refusal.answer.code.casefold()
    unavailable = partial(UnavailableError, delay=refusal.retry_after, answer=refusal.answer)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return ThrottledError(THROTTLED, refusal.retry_after, refusal.answer)
    failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status < HTTPStatus.BAD_REQUEST or code in _TRANSIENT_CODES
    if failed or not read:  # only the body names a refusal, and it was not read: retry
        did_nothing = status == HTTPStatus.PRECONDITION_FAILED  # its code also stands for conflicts half-way through
        return unavailable("Graph is not available", uncertain=writes and not did_nothing)
    if code == "errorduplicatetransactionid":
        return DuplicateTransactionError(refusal)
    if status in _PASSING_STATUSES:
        is_token = status == HTTPStatus.UNAUTHORIZED
        text = "Graph refuses the app's token" if is_token else f"Graph could not do it now (status {status})"
        return unavailable(text, uncertain=False)
    return rejection_of(refusal, addressee)


def _refusal_of(error: APIError, request_id: str) -> GraphRefusal:
    # httpx's headers, whatever the annotation of Kiota says; a mapping either way.
    headers = {name.casefold(): str(value) for name, value in dict(error.response_headers or {}).items()}
    code = message = inner_code = ""
    existing: str | None = None
    if isinstance(error, ODataError) and error.error:
        code, message = _quotable(error.error.code or ""), _quotable(error.error.message or "")
        inner = error.error.inner_error.additional_data.get("code") if error.error.inner_error else None
        inner_code = inner if isinstance(inner, str) else ""
        named = error.error.additional_data.get("@event.existingEventId")
        existing = named if isinstance(named, str) and 0 < len(named) <= LONGEST_STRING else None
    given_id = quotable(headers.get("request-id", ""), _LONGEST_MESSAGE)
    answer = GraphAnswer(error.response_status_code or 0, code, given_id or request_id)
    retry_after = parse_retry_after(headers.get("retry-after"), headers.get("date"), datetime.now(UTC))
    return GraphRefusal(answer, message, retry_after, existing, inner_code)


def _quotable(message: str) -> str:
    """Return a message of Graph's as it may be passed on: of bounded length, and without a token in it."""
    return _TOKEN.sub("(a token)", quotable(message, _LONGEST_MESSAGE))
