"""The HTTP trigger, over the wire: one host, with a function key, for a sample app."""

import os
import socket
from collections.abc import Generator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from local.host.http_connection import BODY_LIMIT, RefusedError, Request
from local.host.http_trigger import Endpoint, HttpTrigger
from local.host.invocation import Function, HttpResponse, Outcome, TriggerValue
from local.host.routes import parse_route
from local.processes import Child, start_child

from .conftest import write_app

pytestmark = pytest.mark.slow

CODE = """
@app.route(route="echo/{name}/{second?}", methods=["GET", "POST", "OPTIONS", "HEAD"])
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    told = {
        "method": req.method, "url": req.url, "headers": dict(req.headers), "query": dict(req.params),
        "route": dict(req.route_params), "body": req.get_body().decode("latin-1"),
    }
    return func.HttpResponse(json.dumps(told), mimetype="application/json")

@app.route(route="echo/literal", methods=["GET"], auth_level="anonymous")
async def literal(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("literal")

@app.route(route="open", auth_level="anonymous")
def open_to_all(req: func.HttpRequest) -> func.HttpResponse:
    response = func.HttpResponse("made", status_code=201, headers={"X-Mine": "1"})
    response.headers.add("Set-Cookie", "a=1; Path=/")
    response.headers.add("Set-Cookie", "b=2; HttpOnly")
    return response

@app.route(route="nothing", auth_level="anonymous")
async def nothing(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(status_code=204)

@app.route(route="text", auth_level="anonymous")
async def text(req: func.HttpRequest) -> str:
    return "just text"

@app.route(route="length", auth_level="anonymous")
async def length(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("0123456789", headers={"Content-Length": req.params["is"]})

@app.route(route="header", auth_level="anonymous")
async def header(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(headers={"X-Odd": req.params["is"]})

@app.route(route="boom", auth_level="anonymous")
async def boom(req: func.HttpRequest) -> func.HttpResponse:
    raise ValueError("the secret reason")

@app.route(auth_level="anonymous")
async def unrouted(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("by its name")
"""
KEY = {"x-functions-key": "secret"}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Generator[Child]:
    folder = write_app(tmp_path_factory.mktemp("http") / "app", CODE)
    with start_child(["host", "--port", "0", "--app", str(folder), "--function-key", "secret"], os.environ) as child:
        yield child


@pytest.fixture(scope="module")
def client(host: Child) -> Generator[httpx.Client]:
    with httpx.Client(base_url=host.url, timeout=60) as client:
        yield client


def _echo(client: httpx.Client, target: str, **request: Any) -> dict[str, Any]:
    response = client.request(request.pop("method", "GET"), target, headers=KEY | request.pop("headers", {}), **request)
    assert response.status_code == 200
    return response.json()


def _send(host: Child, request: bytes) -> bytes:
    """Send bytes as they are, return what comes back until the host closes the connection."""
    address = urlsplit(host.url)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(request)
        answer = b""
        while more := connection.recv(65536):
            answer += more
        return answer


def test_request(client: httpx.Client, host: Child) -> None:
    """The function sees method, URL, headers by lower-case names, query, route values and body."""
    told = _echo(client, "/api/echo/a%20b?x=1&y=%C3%A9", method="POST", content=b"\xff\x00", headers={"X-Mine": "One"})
    assert told["method"] == "POST"
    assert told["url"] == f"{host.url}/api/echo/a%20b?x=1&y=%C3%A9"
    assert told["headers"]["x-mine"] == "One"
    assert told["query"] == {"x": "1", "y": "é"}
    assert told["route"] == {"name": "a b"}
    assert told["body"] == "\xff\x00"


def test_several_values(client: httpx.Client) -> None:
    """Several values come joined by commas, under the last spelling of the name; an empty value does not come."""
    told = _echo(client, "/api/echo/a?x=&x=1&X=2&empty=&bare")
    assert told["query"] == {"X": "1,2"}


def test_url_is_encoded_again(client: httpx.Client, host: Child) -> None:
    """The URL is the decoded target, encoded as little as a path needs."""
    told = _echo(client, "/api/x/../echo/a%40b.c/a%252Fb?x=a%40b")
    assert told["url"] == f"{host.url}/api/echo/a@b.c/a%2Fb?x=a%40b"


def test_route_values_are_decoded_once(client: httpx.Client) -> None:
    """`%2525` becomes `%25`; an encoded slash stays as it is and ends no segment."""
    assert _echo(client, "/api/echo/a%2525/%E2%98%83")["route"] == {"name": "a%25", "second": "☃"}
    assert _echo(client, "/api/echo/a%2Fb")["route"] == {"name": "a%2Fb"}
    assert _echo(client, "/api/echo/a%FF")["route"] == {"name": "a%FF"}


def test_host_header(client: httpx.Client) -> None:
    """The URL's host is the Host header's."""
    assert (
        _echo(client, "/api/echo/a", headers={"Host": "convene.example"})["url"] == "http://convene.example/api/echo/a"
    )


def test_literal_before_parameter(client: httpx.Client) -> None:
    """A literal segment wins over a parameter, but only for its own methods; case and a last slash do not matter."""
    assert client.get("/api/echo/literal").text == "literal"
    assert client.get("/API/Echo/LITERAL/").text == "literal"
    assert _echo(client, "/api/echo/literal", method="POST")["route"] == {"name": "literal"}


def test_not_found(client: httpx.Client) -> None:
    """No route, or no such method: 404 with an empty body, key or no key."""
    for method, path in (("GET", "/api/no"), ("DELETE", "/api/echo/a"), ("GET", "/echo/a"), ("POST", "/")):
        response = client.request(method, path)
        assert (response.status_code, response.content) == (404, b"")


def test_home_page(client: httpx.Client) -> None:
    """`GET /` is the host's own page."""
    response = client.get("/")
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html")


def test_keys(client: httpx.Client) -> None:
    """The key comes from the header, else from `code`; missing or wrong is 401 with an empty body."""
    assert client.get("/api/echo/a", headers=KEY).status_code == 200
    assert client.get("/api/echo/a?code=secret").status_code == 200
    assert client.get("/api/echo/a?CODE=secret&code=wrong").status_code == 200
    assert client.get("/api/open").status_code == 201
    for target, headers in (
        ("/api/echo/a", {}),
        ("/api/echo/a?code=", {}),
        ("/api/echo/a?code=Secret", {}),
        ("/api/echo/a?code=secret", {"x-functions-key": "wrong"}),
        ("/api/echo/a?code=secret", {"x-functions-key": ""}),
        ("/api/echo/a?code=wrong&code=secret", {}),
    ):
        response = client.get(target, headers=headers)
        assert (response.status_code, response.content) == (401, b"")


def test_exception(client: httpx.Client, host: Child) -> None:
    """An exception in the function is 500 with an empty body; the log has the reason."""
    response = client.get("/api/boom")
    assert (response.status_code, response.content) == (500, b"")
    assert "the secret reason" in host.output


def test_response(client: httpx.Client) -> None:
    """Status, headers, every cookie and the body are the function's; the answer comes in chunks."""
    response = client.get("/api/open")
    assert (response.status_code, response.text) == (201, "made")
    assert response.headers["x-mine"] == "1"
    assert response.headers["transfer-encoding"] == "chunked"
    assert response.headers.get_list("set-cookie") == ["a=1; Path=/", "b=2; HttpOnly"]
    assert client.get("/api/nothing").status_code == 204
    assert client.get("/api/unrouted").text == "by its name"


@pytest.mark.parametrize(("length", "status"), [("10", 200), ("9", 500), ("11", 500), ("ten", 500)])
def test_length_of_the_function(client: httpx.Client, length: str, status: int) -> None:
    """A Content-Length that the function sets is sent when it fits, and is 500 when it does not."""
    response = client.get("/api/length", params={"is": length})
    assert response.status_code == status
    assert response.headers["content-length"] == ("10" if status == 200 else "0")


def test_text_response(client: httpx.Client) -> None:
    """A function may return a text."""
    response = client.get("/api/text")
    assert (response.status_code, response.text) == (200, "just text")


@pytest.mark.parametrize("value", ["caf\xe9", "\u2603", "a\nb", "a\x00b", "a\x7fb"])
def test_response_that_cannot_be_sent(client: httpx.Client, value: str) -> None:
    """A header that HTTP cannot carry is 500, and the host goes on."""
    assert client.get("/api/header", params={"is": value}).status_code == 500
    assert client.get("/api/open").status_code == 201


def test_head_and_options(client: httpx.Client) -> None:
    """HEAD and OPTIONS reach the function like other methods."""
    head = client.head("/api/echo/a", headers=KEY)
    assert (head.status_code, head.content) == (200, b"")
    assert _echo(client, "/api/echo/a", method="OPTIONS")["method"] == "OPTIONS"


@pytest.mark.parametrize(
    "head",
    [
        b"GET /api/echo/%00 HTTP/1.1",
        b"GET /api/echo/%zz%e2%98 HTTP/1.1",
        b"GET /api/echo/\xff HTTP/1.1",
        b"GET /api/echo/a?%ff=%fe&=&&x=%00 HTTP/1.1",
        b"GET /api/echo/a?\xff HTTP/1.1",
        b"GET /api/echo/a HTTP/1.1\r\nX-Odd: \xff\xfe",
        b"GET /api/echo/a HTTP/1.1\r\nX-Odd: \x00",
        b"GET /api/echo/a HTTP/1.1\r\nX-Odd: a\nX-Even: b",
        b"GET http://elsewhere/api/echo/a HTTP/1.1",
        b"GET http://x/api/echo/a HTTP/1.1",
        b"GET http://x HTTP/1.1",
        b"GET * HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"GET /api/../../echo/%2e%2e HTTP/1.1",
        b"GET /. HTTP/1.1",
        b"GET /api/echo/a HTTP/1.1\r\nContent-Length: -1",
        b"GET /api/echo/a HTTP/1.1\r\nTransfer-Encoding: gzip",
        b"GET /api/echo/a HTTP/1.1\r\nx-functions-key: \xe9",
        b"GET /api/echo/a HTTP/1.1\r\nX-Long: " + 40_000 * b"a",
        b"GET /api/echo/a HTTP/1.1\r\nX-Long: " + 400_000 * b"a",
        b"GET /api/echo/" + 400_000 * b"a" + b" HTTP/1.1",
        b"GET",
        b"\x16\x03\x01",
        b"",
    ],
)
def test_odd_bytes(host: Child, client: httpx.Client, head: bytes) -> None:
    """Whatever the bytes, there is an answer below 500, and the next request is served."""
    try:
        answer = _send(host, head + b"\r\nHost: x\r\nConnection: close\r\nx-functions-key: secret\r\n\r\n")
    except ConnectionResetError:  # what was too long is left unread
        answer = b"HTTP/1.1 4"
    assert answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 4"))
    assert client.get("/api/open").status_code == 201


def test_no_host_header(host: Child) -> None:
    """HTTP/1.0 needs none, and the host then cannot make the function's URL: 500."""
    assert _send(host, b"GET /api/echo/a HTTP/1.0\r\nx-functions-key: secret\r\n\r\n").startswith(b"HTTP/1.1 500")


def test_body_limit(host: Child) -> None:
    """A body over 100 MiB is 500, before it is read."""
    length = str(BODY_LIMIT + 1).encode()
    answer = _send(
        host,
        b"POST /api/echo/a HTTP/1.1\r\nHost: x\r\nx-functions-key: secret\r\nContent-Length: " + length + b"\r\n\r\n",
    )
    assert answer.startswith(b"HTTP/1.1 500")


def test_chunked_body_does_not_arrive(client: httpx.Client) -> None:
    """A body without a length is empty at the function; the connection goes on behind it."""
    for _ in range(2):
        told = _echo(client, "/api/echo/a", method="POST", content=iter([b"one", b"two"]))
        assert told["body"] == ""
        assert told["headers"]["transfer-encoding"] == "chunked"
    assert _echo(client, "/api/echo/a", method="POST", content=b"whole")["body"] == "whole"


def test_unread_body_is_skipped(host: Child) -> None:
    """What comes behind a request that was refused is the next request, not its body."""
    refused = b"POST /api/echo/a HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\n" + 40 * b"G"
    answer = _send(host, refused + b"GET /api/text HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 401")
    assert answer.endswith(b"9\r\njust text\r\n0\r\n\r\n")


def test_expect_continue(host: Child) -> None:
    """A client that waits to be asked for its body is asked."""
    head = b"POST /api/echo/a HTTP/1.1\r\nHost: x\r\nx-functions-key: secret\r\nConnection: close\r\n"
    answer = _send(host, head + b"Expect: 100-continue\r\nContent-Length: 4\r\n\r\nbody")
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


async def test_without_a_key_everybody_may() -> None:
    """Without --function-key there is no authorization, as with `func start`."""
    function = Function("things", "id", [])

    async def invoke(_function: Function, _value: TriggerValue) -> Outcome:
        return Outcome(succeeded=True, response=HttpResponse(200, [], b""))

    async def no_body() -> bytes:
        return b""

    endpoint = Endpoint(function, parse_route("api/things"), frozenset(), needs_key=True)
    request = Request("GET", "/api/things", "", [("host", "x")], no_body)
    assert (await HttpTrigger([endpoint], invoke, None).handle(request)).status == 200
    with pytest.raises(RefusedError):
        await HttpTrigger([endpoint], invoke, "secret").handle(request)
