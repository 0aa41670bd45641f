"""The calls of docs/graph.md, and a transport that lets no other call of the app through."""

import re
from functools import cache
from pathlib import Path
from typing import Final, override
from urllib.parse import unquote

import httpx

PAGE: Final = Path(__file__).parents[1] / "docs" / "graph.md"
_ROW: Final = re.compile(r"^\| `([A-Z]+ /[^`]+)` \|", re.MULTILINE)
_FUNCTIONS: Final = frozenset({"createOrGet", "getSchedule", "microsoft.graph.room"})


@cache
def documented_calls() -> frozenset[str]:
    """Return the calls that the page lists, such as `GET /users/{user}`."""
    return frozenset(_ROW.findall(PAGE.read_text(encoding="utf-8")))


def call_of(method: str, target: str) -> str:
    """Return the call that a request is, ids replaced by what they are of."""
    path = target.partition("?")[0].partition("/v1.0/")[2]
    segments = [unquote(segment) for segment in path.split("/")]
    for place, segment in enumerate(segments):
        before = segments[place - 1] if place else ""
        if before in _COLLECTIONS and segment not in _FUNCTIONS:
            segments[place] = _COLLECTIONS[before]
    return f"{method} /{'/'.join(segments)}"


_COLLECTIONS: Final = {
    "users": "{user}",
    "events": "{event}",
    "onlineMeetings": "{onlineMeeting}",
    "attendanceReports": "{report}",
    "transcripts": "{transcript}",
    "places": "{place}",
}


class DocumentedCalls(httpx.AsyncBaseTransport):
    """Carries requests to Graph, and fails at the first one that docs/graph.md does not list."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        call = call_of(request.method, request.url.raw_path.decode("ascii"))
        assert call in documented_calls(), f"docs/graph.md does not list {call}: add its row."
        return await self._inner.handle_async_request(request)

    @override
    async def aclose(self) -> None:
        await self._inner.aclose()
