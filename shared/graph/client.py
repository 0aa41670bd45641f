"""One way to call Graph: a request builder of the SDK, JSON out, JSON back, and our errors."""

import asyncio
import json
import logging
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
import httpx
from azure.core.exceptions import AzureError
from kiota_abstractions.api_error import APIError
from kiota_abstractions.base_request_builder import BaseRequestBuilder
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient
from msgraph_core import GraphClientFactory
from msgraph_core.middleware import GraphTelemetryHandler

from shared.errors import GraphAnswer, GraphError, RejectedError, UnavailableError
from shared.graph import remedies
from shared.graph.answer_stream import bound_answer
from shared.graph.batch import BatchResponse, batch_body, responses_in
from shared.graph.credentials import (
    Credential,
    app_id_in_token,
    make_authentication,
    make_credential,
    tenant_id_in_token,
)
from shared.graph.error_translation import translate
from shared.graph.refusals import Addressee, Surface
from shared.graph.resources import decode_answer
from shared.graph.transport import AiohttpTransport
from shared.settings import GraphService
from shared.trace_context import caller_traceparent

_logger = logging.getLogger(__name__)

# The longest that a call may take; shared.use_cases.provision.attempt counts on it.
CALL_TIMEOUT_SECONDS = 12.0
_TIMEOUT = aiohttp.ClientTimeout(total=CALL_TIMEOUT_SECONDS, sock_connect=5.0)
# What Graph's codes and request ids look like; anything else in their place stays out of the log.
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,79}|[0-9A-Fa-f-]{36}")
# An id that is one of these would be resolved like a folder, and lead to another resource: RFC 3986, section 5.2.4.
# https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html#sec_SystemQueryOptions
_SYSTEM_OPTIONS = frozenset(
    {"count", "expand", "filter", "format", "orderby", "search", "select", "skip", "skiptoken", "top"}
)
_DOT_SEGMENTS = frozenset({".", ".."})
# A path parameter in a URL template of the SDK: https://www.rfc-editor.org/rfc/rfc6570#section-3.2.2
_VARIABLE = re.compile(r"\{([^}]+)\}")
# The SDK's names of the path parameters that lead to one event or one online meeting.
_ITEM_IDS = frozenset({"event%2Did", "onlineMeeting%2Did"})
_HEADERS = {"Accept": "application/json"}


# A task's check before each of its calls; it may raise a GraphError to stop the call.
before_each_call: ContextVar[Callable[[], None] | None] = ContextVar("before_each_call", default=None)
# The answer to a task's call that is not a success: status and headers count, even if no body can be read.
_refused: ContextVar[httpx.Response | None] = ContextVar("_refused", default=None)


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        builder: of the SDK; gives the URL template and its parameters.
        surface: the part of Graph that is called.
        organizer: whose mailbox, meetings or directory entry; for places the room list, empty for the tenant.
        query: OData system query options without the dollar sign, and other parameters, unencoded.
        only_reads: a POST that changes nothing, as getSchedule: a lost answer to it leaves nothing uncertain.
    """

    method: Method
    builder: BaseRequestBuilder
    surface: Surface
    organizer: str
    query: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None
    body: Mapping[str, Any] | None = None
    only_reads: bool = False

    @property
    def writes(self) -> bool:
        """Whether the call may change something."""
        return self.method is not Method.GET and not self.only_reads


class GraphClient:
    """A connection to Graph. It belongs to the event loop that created it.

    Attributes:
        service: the SDK's request builders.
    """

    def __init__(self, service: GraphService, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Prepare the connection; nothing is sent before the first call.

        Args:
            service: which Graph, and as whom.
            transport: what carries the requests, instead of the network.
        """
        self._client_id = service.client_id
        self._credential: Credential | None = make_credential(service)
        # The ledger retries, and a redirect would carry the token to another host: neither handler is in the pipeline.
        # A proxy of the environment tunnels https and sees no token; a Graph on this machine needs none.
        self._transport = transport or AiohttpTransport(
            _TIMEOUT, trust_env=urlsplit(service.base_url).scheme == "https"
        )
        http_client = httpx.AsyncClient(
            transport=self._transport,
            follow_redirects=False,
            headers={"Accept-Encoding": "gzip"},
            event_hooks={"request": [_check_before_call], "response": [_note_refusal, bound_answer]},
        )
        self._http_client = GraphClientFactory.create_with_custom_middleware(
            [GraphTelemetryHandler()], client=http_client
        )
        host = urlsplit(service.base_url).hostname or ""
        authentication = make_authentication(self._credential, host)
        self._tokens = authentication.access_token_provider
        self._adapter = GraphRequestAdapter(authentication, self._http_client)
        # Otherwise its spans carry each URL, with organizers and links in it, into the telemetry.
        self._adapter.observability_options.include_euii_attributes = False
        self._adapter.base_url = service.base_url
        self.service = GraphServiceClient(request_adapter=self._adapter)
        self._batch = BaseRequestBuilder(self._adapter, "{+baseurl}/$batch", {})

    def user(self, organizer: str) -> UserItemRequestBuilder:
        """Return the SDK's builder of `/users/{organizer}`."""
        return self.service.users.by_user_id(organizer)

    async def send(self, call: Call) -> dict[str, Any]:
        """Send a call and return the JSON object that Graph answers; an empty one for an answer without content.

        Raises:
            RejectedError: Graph refused for good.
            ThrottledError: Graph throttles the mailbox.
            UnavailableError: no answer, an error of the service, or an answer that is not JSON or cannot be read. With
                the delay that its headers name, unless it is a success.
        """
        return _json_object(await self.read(call), uncertain=call.writes)

    async def read(self, call: Call) -> bytes:
        """Send a call and return the body of Graph's answer, which need not be JSON.

        Raises:
            RejectedError, TransientError: as `send` does.
        """
        if not _DOT_SEGMENTS.isdisjoint(call.builder.path_parameters.values()):
            raise RejectedError("graphRejected", "Graph has no ids that are dots.", remedies.REPORT)
        request_id = str(uuid.uuid4())
        ids = {"client_request_id": request_id, "traceparent": caller_traceparent.get()}
        _refused.set(None)
        try:
            async with asyncio.timeout(CALL_TIMEOUT_SECONDS):
                content = await self._adapter.send_primitive_async(
                    self._request(call, request_id), "bytes", {"XXX": ODataError}
                )
        except (APIError, httpx.HTTPError, AzureError, TimeoutError) as error:
            unread = None if isinstance(error, APIError) else _refused.get()
            addressee = await self._addressee(call, error)
            failure = translate(error, addressee, request_id, writes=call.writes, unread=unread)
            _logger.warning(
                "graph.failed %s %s: %s (client-request-id %s, traceparent %s)",
                call.method.value,
                _path(call),
                _codes_for_log(failure.answer) or type(error).__name__,
                *ids.values(),
                extra=ids,
            )
            raise failure from error
        _logger.info(
            "graph.answered %s %s (client-request-id %s, traceparent %s)",
            call.method.value,
            _path(call),
            *ids.values(),
            extra=ids,
        )
        return content or b""

    async def send_batch(self, calls: Sequence[Call]) -> list[dict[str, Any] | GraphError]:
        """Send at most 20 reads as one request, and return the answer or the error of each, in order.

        https://learn.microsoft.com/graph/json-batching

        Raises:
            TransientError, RejectedError: there is no answer to the batch as a whole.
        """
        requests = [self._request(call, str(uuid.uuid4())) for call in calls]
        body = batch_body(requests, self._adapter.base_url)
        answer = await self.send(Call(Method.POST, self._batch, Surface.MAILBOX, "several organizers", body=body))
        responses = responses_in(answer, len(calls))
        return [await self._outcome(*each) for each in zip(calls, requests, responses, strict=True)]

    async def _outcome(
        self, call: Call, request: RequestInformation, response: BatchResponse | None
    ) -> dict[str, Any] | GraphError:
        """Return the answer or the error of one call of a batch."""
        if response is None:
            return UnavailableError("Graph's answer to a batch lacks one of its responses", uncertain=False)
        if not HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
            error = response.error
            [request_id] = request.headers.get("client-request-id")
            return translate(error, await self._addressee(call, error), request_id, writes=False)
        if not isinstance(response.body, dict):
            return UnavailableError("Graph answered with something that is not one of its objects", uncertain=False)
        return response.body

    async def app_id(self) -> str | None:
        """Return this app's client id, to name it in commands: from the settings, or else from its token."""
        return self._client_id or await app_id_in_token(self._tokens, self._adapter.base_url)

    async def tenant_id(self) -> str | None:
        """Return the tenant that this app's token is for, None if the token does not say."""
        return await tenant_id_in_token(self._tokens, self._adapter.base_url)

    async def close(self) -> None:
        """Close the connections."""
        await self._http_client.aclose()
        await self._transport.aclose()  # the SDK's pipeline lies between the two and closes nothing
        if self._credential:
            await self._credential.close()

    async def _addressee(self, call: Call, error: Exception) -> Addressee:
        """Return what a call was about; only the remedy for an answer of Graph names the app's id."""
        client_id = await self.app_id() if isinstance(error, APIError) else None
        item = not _ITEM_IDS.isdisjoint(call.builder.path_parameters)
        return Addressee(call.surface, call.organizer, client_id, item)

    def _request(self, call: Call, request_id: str) -> RequestInformation:
        # The SDK expands a template character by character, several times a call. So it is given the expanded URL.
        request = RequestInformation(call.method, _template_path(call))
        request.url = f"{self._adapter.base_url}{_target(call)}"
        for name, value in {**_HEADERS, "client-request-id": request_id, **(call.headers or {})}.items():
            request.headers.try_add(name, value)
        if call.body is not None:
            content = json.dumps(call.body, ensure_ascii=False, separators=(",", ":")).encode()
            request.set_stream_content(content, "application/json")
        return request


async def _check_before_call(_: httpx.Request) -> None:
    """Check at the last moment whether the call may be sent: fetching a token takes a while."""
    if check := before_each_call.get():
        check()


async def _note_refusal(response: httpx.Response) -> None:
    """Keep an answer that is not a success, and refuse a redirect, which the SDK takes for a success."""
    if response.is_success:
        return
    _refused.set(response)
    if response.status_code < HTTPStatus.BAD_REQUEST:
        raise httpx.RemoteProtocolError(f"unexpected status {response.status_code}", request=response.request)


def _codes_for_log(answer: GraphAnswer | None) -> str:
    """Return the codes of an error answer for the log, without its message."""
    if answer is None:
        return ""
    codes = filter(_CODE.fullmatch, (answer.code, answer.request_id))
    return " ".join([f"status={answer.status}", *codes])


def _path(call: Call) -> str:
    """Return the URL template's path: it says which call it was without saying for whom."""
    return _template_path(call).removeprefix("{+baseurl}").replace("%2D", "-")


def _template_path(call: Call) -> str:
    """Return the URL template without its query.

    The SDK names types by an alias of their namespace, the documentation by the namespace itself:
    https://learn.microsoft.com/graph/api/place-list
    """
    path = call.builder.url_template.partition("{?")[0].partition("?")[0]
    return path.replace("/graph.", "/microsoft.graph.")


def _target(call: Call) -> str:
    """Return the path and the query, every value percent-encoded."""
    parameters = call.builder.path_parameters
    template = _template_path(call).removeprefix("{+baseurl}")
    path = _VARIABLE.sub(lambda variable: quote(str(parameters[variable[1]]), safe=""), template)
    options = ((f"${name}" if name in _SYSTEM_OPTIONS else name, value) for name, value in (call.query or {}).items())
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in options)
    return f"{path}?{query}" if query else path


def _json_object(content: bytes, *, uncertain: bool) -> dict[str, Any]:
    if not content:
        return {}
    try:
        document = decode_answer(content)
    except (ValueError, RecursionError) as error:
        raise UnavailableError("Graph answered with something that is not JSON", uncertain=uncertain) from error
    if not isinstance(document, dict):
        raise UnavailableError("Graph answered with something that is not one of its objects", uncertain=uncertain)
    return document
