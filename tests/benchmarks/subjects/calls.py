"""One app's way to call Graph, alone: `python -m tests.benchmarks.subjects.calls APP`, a subject of `commands`."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any
from urllib.parse import quote

import psutil

from tests.benchmarks.apps import App
from tests.benchmarks.commands import answer_commands
from tests.benchmarks.meetings import key_of, meeting_request

type Call = Callable[[int], Awaitable[object]]
BATCH = 20  # the most that Graph takes: https://learn.microsoft.com/graph/json-batching


def make_call(app: App) -> Call:
    """Return what makes the event of a number."""
    return _convene() if app is App.CONVENE else _other(app)


def make_batched_call() -> Call:
    """Return what makes as many events as one `$batch` takes, the way Convene would if it did."""
    from kiota_abstractions.base_request_builder import BaseRequestBuilder
    from kiota_abstractions.method import Method

    from shared.graph import Event, GraphClient
    from shared.graph.client import Call as GraphCall
    from shared.graph.refusals import Surface
    from shared.meeting_request import CalendarRequest, event_properties, parse_request
    from shared.settings import read_environment

    client = GraphClient(read_environment().graph)
    builder = BaseRequestBuilder(client.user("nobody").request_adapter, "{+baseurl}/$batch", {})
    request = parse_request(meeting_request(0))
    assert isinstance(request, CalendarRequest)

    async def call(number: int) -> object:
        requests = [
            {
                "id": str(index),
                "method": "POST",
                "url": f"/users/{quote(str(request.organizer))}/events",
                "headers": {"Content-Type": "application/json"},
                "body": event_properties(request) | {"transactionId": key_of(number * BATCH + index)},
            }
            for index in range(BATCH)
        ]
        batch = GraphCall(Method.POST, builder, Surface.MAILBOX, "nobody", body={"requests": requests})
        answer = await client.send(batch)
        return [Event.model_validate(each["body"]) for each in answer["responses"]]

    return call


def _convene() -> Call:
    from shared.graph import CalendarEvents, GraphClient
    from shared.meeting_request import CalendarRequest, event_properties, parse_request
    from shared.settings import read_environment

    events = CalendarEvents(GraphClient(read_environment().graph))
    request = parse_request(meeting_request(0))
    assert isinstance(request, CalendarRequest)

    async def call(number: int) -> object:
        return await events.create(str(request.organizer), key_of(number), event_properties(request))

    return call


def _other(app: App) -> Call:
    sys.path.insert(0, str(app.folder))
    create_event: Callable[[dict[str, Any]], Awaitable[object]] = import_module("function_app").create_event
    request = meeting_request(0)

    async def call(number: int) -> object:
        return await create_event(request | {"idempotencyKey": key_of(number)})

    return call


async def _serve(app: App) -> None:
    began = time.perf_counter()
    call = make_call(app)
    batched_call = make_batched_call() if app is App.CONVENE else None
    made = 0

    async def batches(count: int) -> dict[str, Any]:
        assert batched_call
        cpu, wall = time.process_time(), time.perf_counter()
        for number in range(count):
            await batched_call(number)
        return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}

    async def calls(count: int) -> dict[str, Any]:
        nonlocal made
        cpu, wall = time.process_time(), time.perf_counter()
        for made in range(made + 1, made + 1 + count):  # noqa: B020 - it counts on
            await call(made)
        return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}

    async def memory() -> dict[str, Any]:
        return {"bytes": psutil.Process().memory_info().rss}

    await calls(1)
    first = time.perf_counter() - began
    if batched_call:
        await batches(1)
    await answer_commands({"calls": calls, "batches": batches, "memory": memory}, {"first": first})


if __name__ == "__main__":
    asyncio.run(_serve(App(sys.argv[1])))
    os._exit(0)
