"""The one way to call Graph: what goes over the wire, and what comes back from it."""

import asyncio
import uuid
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from hypothesis import given
from hypothesis import strategies as st
from kiota_abstractions.authentication import AuthenticationProvider
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation

from shared.errors import RejectedError, ThrottledError, UnavailableError
from shared.graph.client import Call, GraphClient
from shared.graph.credentials import make_authentication
from shared.graph.refusals import Surface
from shared.settings import GraphService
from tests.shared.graph.wire import LOCAL, ORGANIZER, REAL, Wire

HOSTILE = [
    "o'neil@contoso.com",
    "o''neil@contoso.com",
    "%27",
    "%2527",
    "a&$expand=calendar",
    "a#fragment",
    "a?b=c",
    "/../users/other",
    "..%2f..%2f",
    "a+b c@contoso.com",
    "ü会😀@contoso.com",
    'a;b,c:d@e=f!g*(h)[i]{j}|\\^~`"<>',
    "{user%2Did}",
    "{+baseurl}",
]


def get(wire: Wire, organizer: str = ORGANIZER, **options: Any) -> Call:
    return Call(Method.GET, wire.client.user(organizer).events, Surface.MAILBOX, ORGANIZER, **options)


def post(wire: Wire, body: dict[str, Any] | None = None) -> Call:
    return Call(
        Method.POST, wire.client.user(ORGANIZER).events, Surface.MAILBOX, ORGANIZER, body=body or {"subject": "x"}
    )


class TestRequest:
    async def test_a_read(self, wire: Wire) -> None:
        """A GET has the URL of the builder, asks for JSON, says who asks, and has no body."""
        await wire.client.send(get(wire))
        assert wire.request.method == "GET"
        assert str(wire.request.url) == "http://127.0.0.1:7072/v1.0/users/AlexW%40contoso.com/events"
        assert wire.request.content == b""
        headers = wire.request.headers
        assert headers["Accept"] == "application/json"
        assert headers["Authorization"] == "Bearer local"
        assert str(uuid.UUID(headers["client-request-id"])) == headers["client-request-id"]
        assert "Content-Type" not in headers

    async def test_a_write(self, wire: Wire) -> None:
        """A POST carries its body as compact UTF-8 JSON and says so."""
        await wire.client.send(post(wire, {"subject": "会議", "n": None, "list": [1, True]}))
        assert wire.request.method == "POST"
        assert wire.request.headers["Content-Type"] == "application/json"
        assert wire.request.content == '{"subject":"会議","n":null,"list":[1,true]}'.encode()
        assert wire.request.headers["Content-Length"] == str(len(wire.request.content))

    async def test_headers_of_the_call(self, wire: Wire) -> None:
        """What a call adds is sent as it stands."""
        await wire.client.send(get(wire, headers={"Prefer": 'IdType="ImmutableId"', "Accept-Language": "ja"}))
        assert wire.request.headers["Prefer"] == 'IdType="ImmutableId"'
        assert wire.request.headers["Accept-Language"] == "ja"

    async def test_each_call_has_its_own_request_id(self, wire: Wire) -> None:
        """Two calls can be told apart in Microsoft's logs."""
        call = get(wire)
        await wire.client.send(call)
        await wire.client.send(call)
        first, second = (request.headers["client-request-id"] for request in wire.requests)
        assert first != second

    async def test_calls_do_not_change_their_builder(self, wire: Wire) -> None:
        """A builder can be used again, and its calls do not inherit each other's queries."""
        builder = wire.client.user(ORGANIZER).events
        before = dict(builder.path_parameters)
        await wire.client.send(Call(Method.GET, builder, Surface.MAILBOX, ORGANIZER, query={"filter": "a"}))
        await wire.client.send(Call(Method.GET, builder, Surface.MAILBOX, ORGANIZER))
        assert dict(builder.path_parameters) == before
        assert wire.requests[1].url.query == b""

    @pytest.mark.parametrize("value", HOSTILE)
    async def test_values_in_the_path(self, wire: Wire, value: str) -> None:
        """A value is one path segment, percent-encoded exactly once, whatever it holds."""
        await wire.client.send(get(wire, value))
        segments = wire.target.split("/")
        assert segments[:3] == ["", "v1.0", "users"]
        assert unquote(segments[3]) == value
        assert segments[4:] == ["events"]
        assert wire.request.url.host == "127.0.0.1"

    @pytest.mark.parametrize("value", HOSTILE)
    async def test_values_in_a_filter(self, wire: Wire, value: str) -> None:
        """A condition is one query option, percent-encoded exactly once, blanks as %20."""
        condition = f"a eq '{value}'"
        await wire.client.send(get(wire, query={"filter": condition, "select": "id,webLink"}))
        path, _, query = wire.target.partition("?")
        assert path == "/v1.0/users/AlexW%40contoso.com/events"
        options = dict(option.split("=", 1) for option in query.split("&"))
        assert {unquote(name): unquote(text) for name, text in options.items()} == {
            "$filter": condition,
            "$select": "id,webLink",
        }
        assert "+" not in query

    @pytest.mark.parametrize("value", [".", ".."])
    async def test_an_id_of_dots_is_never_sent(self, wire: Wire, value: str) -> None:
        """It would be resolved like a folder: the user would answer instead of the event."""
        with pytest.raises(RejectedError):
            await wire.client.send(get(wire, value))
        assert not wire.requests

    @given(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(
            lambda value: value not in {".", ".."}
        )
    )
    async def test_any_value(self, value: str) -> None:
        """No text breaks out of its place in the URL."""
        wire = Wire()
        await wire.client.send(get(wire, value, query={"filter": value}))
        path, _, query = wire.target.partition("?")
        assert unquote(path.split("/")[3]) == value
        assert len(path.split("/")) == 5
        assert unquote(query.partition("=")[2]) == value
        await wire.client.close()


class TestAnswer:
    @pytest.mark.parametrize("status", [200, 201])
    async def test_an_object(self, wire: Wire, status: int) -> None:
        """A JSON object is returned as it is, unknown members and all."""
        wire.answers(status, {"id": "1", "@odata.etag": 'W/"x"', "new": {"a": [None]}})
        assert await wire.client.send(post(wire)) == {"id": "1", "@odata.etag": 'W/"x"', "new": {"a": [None]}}

    @pytest.mark.parametrize("status", [200, 202, 204])
    async def test_no_content(self, wire: Wire, status: int) -> None:
        """An answer without content is an empty object."""
        wire.answer = httpx.Response(status)
        assert await wire.client.send(post(wire)) == {}

    @pytest.mark.parametrize("method", ["GET", "POST"])
    @pytest.mark.parametrize(
        ("content_type", "content"),
        [
            ("text/html", b"<html>Sign in</html>"),
            ("application/json", b'{"id":"1'),
            ("application/json", b'{"id":"\xff"}'),
            ("application/json", b"[" * 100_000),
            ("application/json", b'[{"id":"1"}]'),
            ("application/json", b'"text"'),
            ("application/json", b"null"),
            ("application/json", b"17"),
            ("application/json", b'{"id":"' + b"x" * 10 * 1024 * 1024 + b'"}'),
        ],
        ids=["html", "truncated", "not UTF-8", "deep", "array", "text", "null", "number", "10 MiB"],
    )
    async def test_what_is_no_object(self, wire: Wire, content_type: str, content: bytes, method: str) -> None:
        """A success that is not one of Graph's objects is none; a write may have taken effect all the same."""
        stream = httpx.ByteStream(content)  # read by the client, as from the network
        wire.answer = httpx.Response(200, headers={"Content-Type": content_type}, stream=stream)
        with pytest.raises(UnavailableError) as raised:
            await wire.client.send(get(wire) if method == "GET" else post(wire))
        assert raised.value.uncertain is (method == "POST")

    async def test_a_post_that_only_reads_leaves_nothing_uncertain(self, wire: Wire) -> None:
        """As getSchedule: whatever becomes of its answer, nothing was changed."""
        wire.answer = httpx.Response(503)
        with pytest.raises(UnavailableError) as raised:
            await wire.client.send(replace(post(wire), only_reads=True))
        assert not raised.value.uncertain

    @pytest.mark.parametrize("status", [301, 302, 303, 304, 307, 308])
    @pytest.mark.parametrize("headers", [{}, {"Location": "https://evil.example/"}])
    async def test_a_redirect_is_not_followed(self, wire: Wire, status: int, headers: dict[str, str]) -> None:
        """A redirect is neither followed, with our token, nor taken for a success."""
        wire.answer = httpx.Response(status, headers=headers, json={"id": "1"})
        with pytest.raises(UnavailableError):
            await wire.client.send(post(wire))
        assert wire.request.url.host == "127.0.0.1"

    @pytest.mark.parametrize("status", [429, 503, 504, 500])
    async def test_nothing_is_sent_twice(self, wire: Wire, status: int) -> None:
        """The SDK does not retry behind our back: the ledger decides when to try again."""
        wire.answer = httpx.Response(status, headers={"Retry-After": "0"})
        with pytest.raises((ThrottledError, UnavailableError)):
            await wire.client.send(get(wire))
        assert len(wire.requests) == 1

    async def test_a_failing_call_is_logged_without_names(self, wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
        """The log tells which call failed and its request id, and neither organizer nor body nor token."""
        wire.answers(503, {"error": {"code": "x", "message": ORGANIZER}})
        with pytest.raises(UnavailableError):
            await wire.client.send(post(wire, {"subject": "confidential"}))
        [record] = [record for record in caplog.records if record.name == "shared.graph.client"]
        assert record.__dict__["client_request_id"] == wire.request.headers["client-request-id"]
        assert record.__dict__["traceparent"] is None
        text = record.getMessage()
        assert "POST /users/{user-id}/events" in text
        for private in (ORGANIZER, "confidential", "Bearer"):
            assert private not in text


class Credential:
    """A credential of azure-identity's kind: it fetches a token when it has none, and keeps it."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.fetched: list[tuple[str, ...]] = []
        self.closed = False
        self._token: AccessToken | None = None

    async def get_token(self, *scopes: str, **_options: Any) -> AccessToken:
        if self._token is None:
            self.fetched.append(scopes)
            await asyncio.sleep(0.01)
            if self.error:
                raise self.error
            self._token = AccessToken("token-1", 2**31)
        return self._token

    async def close(self) -> None:
        self.closed = True


class TestToken:
    @pytest.fixture
    def credential(self, monkeypatch: pytest.MonkeyPatch) -> Credential:
        credential = Credential()

        def make(_service: GraphService) -> Credential:
            return credential

        monkeypatch.setattr("shared.graph.client.make_credential", make)
        return credential

    async def test_many_first_calls_fetch_one_token(self, credential: Credential) -> None:
        """Ten calls at once, with no token yet, ask for it once."""
        wire = Wire(REAL)
        await asyncio.gather(*(wire.client.send(get(wire)) for _ in range(10)))
        assert credential.fetched == [("https://graph.microsoft.com/.default",)]
        assert {request.headers["Authorization"] for request in wire.requests} == {"Bearer token-1"}
        assert len(wire.requests) == 10
        await wire.client.close()
        assert credential.closed

    async def test_the_request_id_is_ours_towards_the_real_graph_too(self, credential: Credential) -> None:
        """The SDK's telemetry, which is added there only, leaves our client-request-id as it is logged."""
        wire = Wire(REAL)
        wire.answers(403, {"error": {"code": "ErrorAccessDenied"}})
        with pytest.raises(Exception, match="AlexW") as raised:
            await wire.client.send(get(wire))
        assert credential.fetched
        answer = getattr(raised.value, "answer", None)
        assert answer is not None
        assert wire.request.headers.get_list("client-request-id") == [answer.request_id]
        assert wire.request.headers["SdkVersion"].startswith("graph-python")

    async def test_no_token_no_request(self, credential: Credential) -> None:
        """Where no token can be had nothing is sent, and it is certain that nothing was done."""
        credential.error = ClientAuthenticationError("AADSTS7000215: invalid secret hush")
        wire = Wire(REAL)
        with pytest.raises(UnavailableError) as raised:
            await wire.client.send(post(wire))
        assert not raised.value.uncertain
        assert "hush" not in str(raised.value)
        assert wire.requests == []

    @pytest.mark.parametrize(
        ("url", "sent"),
        [
            ("https://graph.microsoft.com/v1.0/me", True),
            ("https://graph.microsoft.us/v1.0/me", False),
            ("https://graph.microsoft.com.evil.example/", False),
            ("https://evil.example/?graph.microsoft.com", False),
        ],
    )
    async def test_no_other_host_gets_the_token(self, url: str, *, sent: bool) -> None:
        """The token goes on requests to Graph's host, and on no request to another."""
        authentication: AuthenticationProvider = make_authentication(Credential(), "graph.microsoft.com")
        request = RequestInformation(Method.GET)
        request.url = url
        await authentication.authenticate_request(request, {})
        assert ("authorization" in request.headers.get_all()) is sent

    @pytest.mark.parametrize(
        ("host", "scope"),
        [
            ("graph.microsoft.com", "https://graph.microsoft.com/.default"),
            ("graph.microsoft.us", "https://graph.microsoft.us/.default"),
            ("dod-graph.microsoft.us", "https://dod-graph.microsoft.us/.default"),
            ("microsoftgraph.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn/.default"),
            ("127.0.0.1", "https://graph.microsoft.com/.default"),
        ],
    )
    async def test_each_cloud_has_its_scope(self, host: str, scope: str) -> None:
        """A token is asked for Graph of the cloud that is called; a local Graph takes the global one's."""
        credential = Credential()
        request = RequestInformation(Method.GET)
        request.url = f"https://{host}/v1.0/me"
        await make_authentication(credential, host).authenticate_request(request, {})
        assert credential.fetched == [(scope,)]


async def test_closing_closes_what_carried_the_requests() -> None:
    """The connections are let go with the client, so that a command that ends leaves none open."""

    class Transport(httpx.AsyncBaseTransport):
        closed = False

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(204, request=request)

        async def aclose(self) -> None:
            self.closed = True

    transport = Transport()
    client = GraphClient(LOCAL, transport)
    await client.close()
    assert transport.closed
