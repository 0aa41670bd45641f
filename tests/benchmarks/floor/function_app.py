"""The least that makes an event: a queue trigger and one POST with aiohttp, with a token that never expires."""

import json
import os
from functools import cache
from typing import Any

import aiohttp
import azure.functions as func

app = func.FunctionApp()


@cache
def session() -> aiohttp.ClientSession:
    """Return the process's session."""
    return aiohttp.ClientSession(headers={"Authorization": "Bearer token"})


async def create_event(request: dict[str, Any]) -> None:
    """Make the event that a request asks for."""
    properties = {name: value for name, value in request.items() if name not in {"organizer", "idempotencyKey"}}
    properties |= {"isOnlineMeeting": True, "transactionId": request["idempotencyKey"]}
    url = f"{os.environ['GRAPH_BASE_URL']}/users/{request['organizer']}/events"
    async with session().post(url, json=properties) as answer:
        answer.raise_for_status()
        made = await answer.json()
    if not made["onlineMeeting"]["joinUrl"]:
        raise RuntimeError("the event has no join link")


@app.queue_trigger("msg", queue_name="meeting-requests", connection="MeetingStorage")
async def make_meeting(msg: func.QueueMessage) -> None:
    """Make the event that a message asks for."""
    await create_event(json.loads(msg.get_body()))
