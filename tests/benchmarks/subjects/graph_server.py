"""A Graph that answers at once, or after a given time, with the documented event, and a managed identity's tokens.

The stand-in of `local/` checks every property, which would be most of what is measured; this one runs in a process of
its own, so that its work is counted nowhere.
"""

import asyncio
import json
import time
from typing import Any
from uuid import uuid4

from aiohttp import web

from tests.benchmarks.apps import ROOT
from tests.benchmarks.commands import answer_commands

_SAMPLE = ROOT / "tests" / "samples" / "calendar_create.response.json"
_CALENDAR = {"allowedOnlineMeetingProviders": ["teamsForBusiness"], "defaultOnlineMeetingProvider": "teamsForBusiness"}
_DAY = 24 * 3600


class Graph:
    """The server's routes.

    Attributes:
        latency: how long each answer takes, in seconds.
        events: how many have been made.
    """

    def __init__(self) -> None:
        self.latency = 0.0
        self.events = 0
        event: dict[str, Any] = json.loads(_SAMPLE.read_text(encoding="utf-8"))
        self._before, _, self._after = json.dumps(event | {"id": "{id}"}).partition("{id}")
        self._calendar = json.dumps(_CALENDAR)

    def app(self) -> web.Application:
        """Return the ASGI-like application that serves them."""
        app = web.Application()
        app.router.add_get("/msi/token", self._give_token)
        app.router.add_post("/v1.0/users/{organizer}/events", self._make_event)
        app.router.add_get("/v1.0/users/{organizer}/calendar", self._show_calendar)
        app.router.add_post("/v1.0/$batch", self._make_events)
        return app

    async def _give_token(self, request: web.Request) -> web.Response:
        resource = request.query.get("resource", "")
        expires_on = int(time.time()) + _DAY
        return web.json_response(
            {"access_token": "token", "expires_on": str(expires_on), "resource": resource, "token_type": "Bearer"}
        )

    async def _make_event(self, request: web.Request) -> web.Response:
        await request.read()
        await self._wait()
        self.events += 1
        return _json(f"{self._before}{uuid4().hex}{self._after}", 201)

    async def _make_events(self, request: web.Request) -> web.Response:
        requests = (await request.json())["requests"]
        await self._wait()
        self.events += len(requests)
        responses = [
            f'{{"id": "{each["id"]}", "status": 201, "body": {self._before}{uuid4().hex}{self._after}}}'
            for each in requests
        ]
        return _json(f'{{"responses": [{", ".join(responses)}]}}', 200)

    async def _show_calendar(self, _: web.Request) -> web.Response:
        await self._wait()
        return _json(self._calendar, 200)

    async def _wait(self) -> None:
        if self.latency:
            await asyncio.sleep(self.latency)


def _json(text: str, status: int) -> web.Response:
    return web.Response(text=text, status=status, content_type="application/json")


async def _serve() -> None:
    graph = Graph()
    runner = web.AppRunner(graph.app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    _, port = runner.addresses[0]

    async def wait(seconds: float) -> dict[str, Any]:
        graph.latency = seconds
        return {}

    async def count() -> dict[str, Any]:
        return {"events": graph.events}

    await answer_commands({"wait": wait, "count": count}, {"url": f"http://127.0.0.1:{port}"})


if __name__ == "__main__":
    asyncio.run(_serve())
