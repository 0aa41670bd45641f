"""JSON batching: several requests in one.

https://learn.microsoft.com/graph/json-batching
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from local.graph.errors import JsonObject, bad_request
from local.graph.http_messages import GraphAnswer, GraphRequest

MOST_REQUESTS: Final = 20
_FAILED: Final = 400

Answer = Callable[[GraphRequest], Awaitable[GraphAnswer]]


async def answer_batch(outer: GraphRequest, answer: Answer) -> GraphAnswer:
    """Answer every request of a batch; what depends on a failed one fails with 424."""
    items = _items(outer.json())
    tasks: dict[str, asyncio.Task[JsonObject]] = {}

    async def run(item: JsonObject) -> JsonObject:
        for other in item.get("dependsOn") or []:
            if (await tasks[other])["status"] >= _FAILED:
                message = f"Failed dependency on request '{other}'."
                body = {"error": {"code": "FailedDependency", "message": message}}
                return {"id": item["id"], "status": 424, "headers": {}, "body": body}
        return await _run(item, outer, answer)

    # A request may depend only on earlier ones, so that no two wait for each other.
    for item in items:
        if not set(item.get("dependsOn") or []) <= tasks.keys():
            raise bad_request("The dependsOn property must name earlier requests of the batch.")
        tasks[item["id"]] = asyncio.ensure_future(run(item))
    return GraphAnswer(200, {"responses": await asyncio.gather(*tasks.values())})


def _items(body: JsonObject) -> list[JsonObject]:
    given: Any = body.get("requests")
    if not isinstance(given, list) or not 0 < len(given) <= MOST_REQUESTS:
        raise bad_request(f"Number of batch request steps must be between 1 and {MOST_REQUESTS}.")
    items: list[JsonObject] = []
    for item in given:
        if not isinstance(item, dict) or not all(isinstance(item.get(name), str) for name in ("id", "method", "url")):
            raise bad_request("Every batch request step needs an id, a method and a url.")
        items.append(cast("JsonObject", item))
    if len({item["id"].lower() for item in items}) != len(items):
        raise bad_request("The ids of batch request steps must be unique.")
    return items


async def _run(item: JsonObject, outer: GraphRequest, answer: Answer) -> JsonObject:
    own: dict[str, Any] = item.get("headers") or {}
    headers = {name.lower(): str(value) for name, value in own.items()}
    if "body" in item and "content-type" not in headers:
        error = {"error": {"code": "BadRequest", "message": "Content-Type header is required with a body."}}
        return {"id": item["id"], "status": 400, "headers": {}, "body": error}
    if "authorization" in outer.headers:
        headers.setdefault("authorization", outer.headers["authorization"])
    request = GraphRequest(
        method=item["method"].upper(),
        target="/v1.0/" + item["url"].lstrip("/"),
        headers=headers,
        content=json.dumps(item["body"]).encode() if "body" in item else b"",
    )
    inner = await answer(request)
    response = {"id": item["id"], "status": inner.status, "headers": inner.headers}
    if inner.body is not None:
        body = inner.body.decode("utf-8", "replace") if isinstance(inner.body, bytes) else inner.body
        response["body"] = body
    return response
