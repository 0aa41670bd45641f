"""The HTTP trigger, over the wire: one host, with a function key, for a sample app."""

import asyncio
import os
import socket
from collections.abc import Generator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from local.host.http_trigger import BODY_LIMIT, HttpApp
from local.host.worker import Worker
from local.processes import Child, start_child

from .conftest import write_app

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
    headers = {"X-Mine": "1", "Content-Length": "999"}
    response = func.HttpResponse("made", status_code=201, headers=headers)
    response.headers.add("Set-Cookie", "a=1; Path=/")
    response.headers.add("Set-Cookie", "b=2; HttpOnly")
    return response

@app.route(route="nothing", auth_level="anonymous")
async def nothing(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(status_code=204)

@app.route(route="text", auth_level="anonymous")
async def text(req: func.HttpRequest) -> str:
    return "just text"

@app.route(route="odd", auth_level="anonymous")
async def odd(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(headers={"X-Odd": "\\u2603"})

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
    with httpx.Client(base_url=host.url, timeout=20) as client:
        yield client


def _echo(client: httpx.Client, target: str, **request: Any) -> dict[str, Any]:
    response = client.request(request.pop("method", "GET"), target, headers=KEY | request.pop("headers", {}), **request)
    assert response.status_code == 200
    return response.json()


def _send(host: Child, request: bytes) -> bytes:
    """Send bytes as they are, return what comes back: all of it if the host closes the connection, else a part."""
    address = urlsplit(host.url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(request)
        answer = connection.recv(65536)
        while b"connection: close" in answer.lower() and (more := connection.recv(65536)):
            answer += more
        return answer


def test_request(client: httpx.Client, host: Child) -> None:
    """The function sees method, URL as received, lower-cased headers, query, route values and body."""
    told = _echo(client, "/api/echo/a%20b?x=1&y=%C3%A9", method="POST", content=b"\xff\x00", headers={"X-Mine": "One"})
    assert told["method"] == "POST"
    assert told["url"] == f"{host.url}/api/echo/a%20b?x=1&y=%C3%A9"
    assert told["headers"]["x-mine"] == "One"
    assert told["query"] == {"x": "1", "y": "é"}
    assert told["route"] == {"name": "a b"}
    assert told["body"] == "\xff\x00"


def test_several_values(client: httpx.Client) -> None:
    """Several values of a name come joined by commas, and a query parameter without a value does not come."""
    told = _echo(client, "/api/echo/a?x=1&X=2&empty=&bare")
    assert told["query"] == {"x": "1,2"}


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
    for method, path in (
        ("GET", "/api/no"),
        ("DELETE", "/api/echo/a"),
        ("GET", "/echo/a"),
        ("GET", "/"),
        ("GET", "/.//"),
    ):
        response = client.request(method, path)
        assert (response.status_code, response.content) == (404, b"")


def test_keys(client: httpx.Client) -> None:
    """The key comes from the header, else from `code`; missing or wrong is 401 with an empty body."""
    assert client.get("/api/echo/a", headers=KEY).status_code == 200
    assert client.get("/api/echo/a?code=secret").status_code == 200
    assert client.get("/api/open").status_code == 201
    for target, headers in (
        ("/api/echo/a", {}),
        ("/api/echo/a?code=", {}),
        ("/api/echo/a?code=Secret", {}),
        ("/api/echo/a?code=secret", {"x-functions-key": "wrong"}),
    ):
        response = client.get(target, headers=headers)
        assert (response.status_code, response.content) == (401, b"")


def test_exception(client: httpx.Client, host: Child) -> None:
    """An exception in the function is 500 with an empty body; the log has the reason."""
    response = client.get("/api/boom")
    assert (response.status_code, response.content) == (500, b"")
    assert "the secret reason" in host.output


def test_response(client: httpx.Client) -> None:
    """Status, headers, every cookie and the body are the function's; the length is the body's."""
    response = client.get("/api/open")
    assert (response.status_code, response.text) == (201, "made")
    assert response.headers["x-mine"] == "1"
    assert response.headers.get_list("content-length") == ["4"]
    assert response.headers.get_list("set-cookie") == ["a=1; Path=/", "b=2; HttpOnly"]
    assert client.get("/api/nothing").status_code == 204
    assert client.get("/api/unrouted").text == "by its name"


def test_text_response(client: httpx.Client) -> None:
    """A function may return a text."""
    response = client.get("/api/text")
    assert (response.status_code, response.text) == (200, "just text")


def test_response_that_cannot_be_sent(client: httpx.Client) -> None:
    """A header that HTTP cannot carry is 500, and the host goes on."""
    assert client.get("/api/odd").status_code == 500
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
        b"GET http://elsewhere/api/echo/a HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"GET /api/../../echo/%2e%2e HTTP/1.1",
        b"GET /api/echo/a HTTP/1.1\r\nContent-Length: -1",
        b"GET /api/echo/a HTTP/1.1\r\nx-functions-key: \xe9",
        b"\x16\x03\x01",
    ],
)
def test_odd_bytes(host: Child, client: httpx.Client, head: bytes) -> None:
    """Whatever the bytes, there is an answer below 500, and the next request is served."""
    answer = _send(host, head + b"\r\nHost: x\r\nConnection: close\r\nx-functions-key: secret\r\n\r\n")
    assert answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 4"))
    assert client.get("/api/open").status_code == 201


def test_no_host_header(host: Child) -> None:
    """HTTP/1.0 needs none: the URL then names the address."""
    answer = _send(host, b"GET /api/echo/a HTTP/1.0\r\nx-functions-key: secret\r\n\r\n")
    assert f"{host.url}/api/echo/a".encode() in answer


def test_body_limit(host: Child) -> None:
    """A body over 100 MiB is 413, before it is read."""
    length = str(BODY_LIMIT + 1).encode()
    answer = _send(
        host,
        b"POST /api/echo/a HTTP/1.1\r\nHost: x\r\nx-functions-key: secret\r\nContent-Length: " + length + b"\r\n\r\n",
    )
    assert answer.startswith(b"HTTP/1.1 413")


async def test_body_limit_without_a_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """So is one that tells no length, once that much has come."""
    monkeypatch.setattr("local.host.http_trigger.BODY_LIMIT", 10)
    from local.host.http_trigger import _read_body

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"12345", "more_body": True}

    assert await _read_body({}, receive) == 413


async def test_without_a_key_everybody_may() -> None:
    """Without --function-key there is no authorization, as with `func start`."""
    assert HttpApp([], Worker(None), None)._holds_key({}, {})
