"""The stand-in as a web application: Graph under /v1.0, the control API under /_tenant, and a page."""

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from local.graph.control import control_routes
from local.graph.errors import ConnectionDropError
from local.graph.http_messages import GraphAnswer, GraphRequest
from local.graph.page import page_endpoint
from local.graph.service import GraphService
from local.graph.tenant import Tenant


def create_app(tenant: Tenant) -> Starlette:
    """Return the web application of a tenant, which is also `app.state.tenant`."""
    app = Starlette(
        routes=[
            Mount("/v1.0", app=_GraphEndpoint(GraphService(tenant))),
            Mount("/_tenant", routes=control_routes(tenant)),
            Route("/", page_endpoint(tenant)),
        ]
    )
    app.state.tenant = tenant
    return app


class _GraphEndpoint:
    """The Graph service in ASGI; without Starlette's request, because only the raw path distinguishes %2F from /."""

    def __init__(self, service: GraphService) -> None:
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        content = await _read(receive)
        target = scope["raw_path"].decode("ascii").partition("?")[0]
        if query := scope["query_string"].decode("ascii"):
            target += "?" + query
        headers: dict[str, str] = {}
        for raw_name, raw_value in scope["headers"]:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        try:
            answer = await self._service.answer(GraphRequest(scope["method"], target, headers, content))
        except ConnectionDropError:
            await _drop(scope, receive)
            return
        await _send(answer, send)
        if answer.cut:
            await _drop(scope, receive)


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _send(answer: GraphAnswer, send: Send) -> None:
    content = answer.content()
    names = {name.lower() for name in answer.headers}
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
    if content and "content-type" not in names:
        headers.append((b"content-type", b"application/json;odata.metadata=minimal;charset=utf-8"))
    # A 204 has no length: RFC 9110, section 8.6.
    if answer.status != 204:  # noqa: PLR2004
        headers.append((b"content-length", str(len(content)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    body = content[: len(content) // 2] if answer.cut else content
    await send({"type": "http.response.body", "body": body, "more_body": answer.cut})


async def _drop(scope: Scope, receive: Receive) -> None:
    drop = scope.get("drop_connection")
    if drop is None:
        # Without a server, as in a test, the exception stands for the dropped connection.
        raise ConnectionDropError
    drop()
    while (await receive())["type"] != "http.disconnect":
        pass
