"""The whole app in one process: the real use cases over storage in memory and the stand-in tenant, on one clock."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import httpx

from local.graph.app import create_app
from local.graph.faults import read_rule
from local.graph.tenant import Tenant
from shared.access.origin import Origin
from shared.bootstrap import App, assemble
from shared.graph import GraphClient
from shared.graph.services import GraphServices
from shared.meeting import Meeting
from shared.meeting.ledger import Ledger
from shared.meeting.request_queue import RequestQueue
from shared.meeting.results import Topic
from shared.settings import Settings, read_settings
from shared.storage import Queue, QueuedMessage, Table
from shared.use_cases.poisoned_messages import PoisonedMessages
from shared.use_cases.provision.claiming import MAX_CRASHES
from tests.documented_calls import DocumentedCalls
from tests.fakes import Clock, InMemoryQueue, InMemoryTable, InMemoryTopic

APP_ID = "2f6b1d3c-8a57-4c0e-9b64-5d0e7f1a2b3c"


@dataclass(frozen=True, slots=True)
class Wires:
    """What leads out of a process."""

    table: Table
    mailboxes: Table
    requests: Queue
    poison: Queue
    results: Queue
    graph: httpx.AsyncBaseTransport
    topic: Topic | None = None


class World:
    """One app, its storage, its tenant, and the clock that all of them look at."""

    def __init__(self, settings: Mapping[str, str] | None = None, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.tenant = Tenant.example(clock=self.clock)
        self.table = InMemoryTable()
        self.schedules_table = InMemoryTable()
        self.mailboxes_table = InMemoryTable()
        self.requests = InMemoryQueue(self.clock)
        self.poison = InMemoryQueue(self.clock, f"{self.requests.name}-poison")
        self.results = InMemoryQueue(self.clock)
        self.topic = InMemoryTopic(self.clock)
        self.settings = _settings(tuple((settings or {}).items()))
        self.ledger = Ledger(self.table)
        self.app = self.new_host()

    def new_host(self, wires: Wires | None = None) -> App:
        """Return another process of the app over the same storage and tenant, or over wires that lead to them."""
        wires = wires or self.wires()
        client = GraphClient(self.settings.graph, wires.graph)
        return assemble(
            self.settings,
            meetings=wires.table,
            schedules=self.schedules_table,
            mailboxes=wires.mailboxes,
            requests=RequestQueue(wires.requests, wires.poison),
            results=wires.results if self.settings.result_queue else None,
            graph=GraphServices.over(client),
            topic=(wires.topic or self.topic) if self.settings.result_topic else None,
            clock=self.clock,
        )

    def wires(self) -> Wires:
        """Return the wires of a process that nothing is between."""
        transport = DocumentedCalls(httpx.ASGITransport(create_app(self.tenant), raise_app_exceptions=False))
        return Wires(self.table, self.mailboxes_table, self.requests, self.poison, self.results, transport)

    async def accept(self, request: Mapping[str, Any], key: str | None = None) -> Meeting:
        """Accept a request and return the meeting to be."""
        return (await self.app.acceptance.accept(dict(request), Origin(key=key))).meeting

    async def deliver(self, app: App | None = None) -> int:
        """Hand over every visible message, as the host would, and return how many there were."""
        messages = self.requests.take()
        for text in messages:
            await (app or self.app).message_handler.handle(text, None)
        return len(messages)

    async def settle(self, longest: timedelta = timedelta(hours=48), step: float = 1.0) -> None:
        """Let time pass until no message is left."""
        end = self.clock() + longest
        while self.requests.messages and self.clock() < end:
            await self.deliver()
            if self.requests.messages:
                next_at = min(message.visible_at for message in self.requests.messages)
                self.clock.now = max(next_at, self.clock.now + timedelta(seconds=step))

    async def made(self, request: Mapping[str, Any], key: str | None = None) -> Meeting:
        """Accept a request, let it come to its end, and return the meeting."""
        meeting = await self.accept(request, key)
        await self.settle()
        return await self.ledger.read(meeting.id)

    async def set_aside(self, *texts: str) -> None:
        """Put messages where the host puts those that crash the app, each dead alone as often as it may be."""
        for text in texts:
            message = self.poison.put(text, life=timedelta(days=7))
            for _ in range(MAX_CRASHES):
                await PoisonedMessages(self.table).begin(QueuedMessage(message.id, text, message.put_at))

    def fault(self, *rules: Mapping[str, Any]) -> None:
        """Put faults in force in the tenant."""
        self.tenant.faults.replace([read_rule(dict(rule)) for rule in rules])

    def sent(self, method: str, part: str = "") -> list[dict[str, Any]]:
        """Return the bodies that Graph received with a method, on paths that contain a text."""
        return [
            json.loads(json.dumps(seen.body)) if seen.body is not None else {}
            for seen in self.tenant.requests
            if seen.method == method and part in seen.path
        ]

    def events(self, organizer: str = "alexw@contoso.com") -> list[Any]:
        """Return the organizer's events, but for the one that was there from the start."""
        return [
            event
            for event in self.tenant.mailboxes[organizer].events.values()
            if event.properties["subject"] != "Price strategy"
        ]


@cache
def _settings(changes: tuple[tuple[str, str], ...]) -> Settings:
    return read_settings(
        {
            "MeetingStorage": "UseDevelopmentStorage=true",
            "GRAPH_CREDENTIAL": "none",
            "GRAPH_BASE_URL": "http://127.0.0.1/v1.0",
            "AZURE_CLIENT_ID": APP_ID,
            **dict(changes),
        }
    )
