"""A stand-in for an Event Grid custom topic with the CloudEvents schema: it accepts events and shows them.

https://learn.microsoft.com/azure/event-grid/cloud-event-schema. It has no subscriptions, and needs no key.
"""

import json
from collections import deque
from html import escape
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

_LARGEST: Final = 1024 * 1024  # https://learn.microsoft.com/azure/event-grid/quotas-limits
_KEPT: Final = 10_000
_ONE: Final = "application/cloudevents+json"
_BATCH: Final = "application/cloudevents-batch+json"
_REQUIRED: Final = ("id", "source", "type")
_VERSION: Final = "2018-01-01"
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Event Grid topic stand-in</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }}
pre {{ overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere }}
</style>
</head>
<body>
<h1>Events</h1>
<p>{count} events arrived, the latest first. <a href="/events">As JSON</a></p>
{events}
</body>
</html>
"""


def create_app() -> Starlette:
    """Return a topic without events."""
    events: deque[dict[str, Any]] = deque(maxlen=_KEPT)

    async def take(request: Request) -> Response:
        if request.query_params.get("api-version") != _VERSION:
            return _refusal(400, f"The query needs api-version={_VERSION}.")
        content = await request.body()
        if len(content) > _LARGEST:
            return _refusal(413, f"A request has at most {_LARGEST} bytes.")
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            document: Any = json.loads(content)
        except (ValueError, RecursionError):
            return _refusal(400, "The body is not JSON.")
        given = document if kind == _BATCH else [document]
        if kind not in {_ONE, _BATCH}:
            return _refusal(415, f"The content type is neither {_ONE} nor {_BATCH}.")
        if not isinstance(given, list) or not all(map(_is_cloud_event, given)):
            return _refusal(400, "The body does not hold CloudEvents 1.0 with id, source and type.")
        events.extend(given)
        return Response(status_code=200)

    async def show(_: Request) -> Response:
        shown = "".join(map(_shown, reversed(events)))
        return HTMLResponse(_PAGE.format(count=len(events), events=shown))

    async def as_json(_: Request) -> Response:
        return JSONResponse({"events": list(events)})

    return Starlette(
        routes=[
            Route("/api/events", take, methods=["POST"]),
            Route("/events", as_json, methods=["GET"]),
            Route("/", show, methods=["GET"]),
        ]
    )


def _is_cloud_event(event: Any) -> bool:
    if not isinstance(event, dict) or event.get("specversion") != "1.0":
        return False
    return all(isinstance(event.get(name), str) and event[name] for name in _REQUIRED)


def _shown(event: dict[str, Any]) -> str:
    title = escape(f"{event['type']} {event['id']}")
    return f"<details><summary>{title}</summary><pre>{escape(json.dumps(event, indent=2))}</pre></details>\n"


def _refusal(status: int, message: str) -> Response:
    return JSONResponse({"error": {"code": "BadRequest", "message": message}}, status)
