"""Which faults of the queue's storage the host survives, as the real one was seen to: one row, one fault.

The listener and the SDK's client work against a queue service of the test's, which answers one kind of request with
the fault; what waits between the SDK's tries is the test's as well.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus

import pytest
from azure.core.exceptions import AzureError
from azure.storage.queue.aio import QueueServiceClient

from local.host.configuration import QueueOptions
from local.host.http_connection import HttpServer, Request, Response
from local.host.invocation import QueueMessage
from local.host.queue_storage import StorageQueue
from local.host.queue_trigger import QueueListener

MAX_DEQUEUE_COUNT = 3
OPTIONS = QueueOptions(
    batch_size=4,
    new_batch_threshold=2,
    max_dequeue_count=MAX_DEQUEUE_COUNT,
    max_polling_interval=timedelta(milliseconds=10),
    visibility_timeout=timedelta(seconds=15),
    base64=False,
)
TRIES = 6
ONCE = 1

RECEIVE, SHOW, DELETE = "GET things", "PUT things", "DELETE things"
POISON, CREATE_POISON = "POST things-poison", "PUT things-poison (create)"


@dataclass(frozen=True)
class Fault:
    """What is answered: a status with or without the storage's own code, or nothing."""

    status: int = 0
    code: str | None = None

    def response(self) -> Response:
        if not self.status:
            raise ConnectionResetError  # the server then closes the connection
        headers = [("x-ms-error-code", self.code)] if self.code else []
        return Response(self.status, headers)


LINE_CUT = Fault()
FORBIDDEN = Fault(403, "AuthorizationPermissionMismatch")
BUSY = Fault(503, "ServerBusy")


@dataclass
class QueueService:
    """The storage's side of a queue with one message, and of its poison queue."""

    dequeue_count: int = 1
    poison_exists: bool = True
    faults: dict[str, Fault] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    taken: bool = False

    async def handle(self, request: Request) -> Response:
        await asyncio.sleep(0)
        queue, *rest = request.path.split("/")[2:]
        what = f"{request.method} {queue}" + ("" if rest else " (create)")
        self.asked[what] += 1
        if what in self.faults:
            return self.faults[what].response()
        match what:
            case "GET things":
                messages = b"" if self.taken else self._message()
                self.taken = True
                return self._xml(HTTPStatus.OK, b"<QueueMessagesList>%b</QueueMessagesList>" % messages)
            case "POST things-poison" if self.poison_exists:
                return self._xml(HTTPStatus.CREATED, b"<QueueMessagesList>%b</QueueMessagesList>" % self._message())
            case "POST things-poison":
                return Fault(404, "QueueNotFound").response()
            case "PUT things-poison (create)":
                self.poison_exists = True
                return Response(HTTPStatus.CREATED)
            case _:
                later = format_datetime(datetime.now(UTC) + timedelta(seconds=15), usegmt=True)
                return Response(HTTPStatus.NO_CONTENT, [("x-ms-popreceipt", "next"), ("x-ms-time-next-visible", later)])

    def _message(self) -> bytes:
        now = format_datetime(datetime.now(UTC), usegmt=True)
        return (
            f"<QueueMessage><MessageId>id</MessageId><InsertionTime>{now}</InsertionTime>"
            f"<ExpirationTime>{now}</ExpirationTime><PopReceipt>receipt</PopReceipt>"
            f"<TimeNextVisible>{now}</TimeNextVisible><DequeueCount>{self.dequeue_count}</DequeueCount>"
            "<MessageText>hello</MessageText></QueueMessage>"
        ).encode()

    @staticmethod
    def _xml(status: int, body: bytes) -> Response:
        return Response(status, [("Content-Type", "application/xml")], b'<?xml version="1.0"?>' + body)


class Host:
    """A listener over the service, as the host runs it."""

    def __init__(self, account: QueueServiceClient, *, succeeds: bool) -> None:
        self.pauses: list[float] = []
        self.taken: list[str] = []
        self._succeeds = succeeds
        queue, poison = (
            StorageQueue(account.get_queue_client(name), self._pause) for name in ("things", "things-poison")
        )
        self.listener = QueueListener(queue, poison, OPTIONS, self._take)
        self.running = asyncio.create_task(self.listener.run())

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    async def _take(self, message: QueueMessage) -> bool:
        self.taken.append(message.text)
        await asyncio.sleep(0)
        return self._succeeds

    async def lives_until(self, condition: Callable[[], bool]) -> bool:
        """Return whether the host lives when something has come to pass; it may also end before."""
        async with asyncio.timeout(60):
            while not self.running.done() and not condition():  # noqa: ASYNC110 - the host may end before
                await asyncio.sleep(0.01)
        return not self.running.done()


@asynccontextmanager
async def host_over(service: QueueService, *, succeeds: bool = True) -> AsyncGenerator[Host]:
    listener = socket.create_server(("127.0.0.1", 0))
    text = (
        "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=c2VjcmV0;"
        f"QueueEndpoint=http://127.0.0.1:{listener.getsockname()[1]}/a;"
    )
    server = HttpServer(service.handle)
    await server.serve(listener)
    async with QueueServiceClient.from_connection_string(text, retry_total=0) as account:
        host = Host(account, succeeds=succeeds)
        yield host
        host.listener.stop()
        await asyncio.wait({host.running})
    await server.stop()


@pytest.mark.parametrize(
    ("faulty", "fault", "tries"),
    [
        (RECEIVE, FORBIDDEN, ONCE),
        (RECEIVE, LINE_CUT, TRIES),
        (SHOW, FORBIDDEN, ONCE),
        (SHOW, BUSY, TRIES),
        (DELETE, BUSY, TRIES),
        (DELETE, Fault(404), ONCE),
        (DELETE, FORBIDDEN, ONCE),
        (POISON, FORBIDDEN, ONCE),
        (POISON, BUSY, TRIES),
        (CREATE_POISON, FORBIDDEN, ONCE),
    ],
)
async def test_fault_that_ends_the_host(faulty: str, fault: Fault, tries: int) -> None:
    """The host ends after the SDK's tries, 25 s in all, and leaves the message to its lease."""
    goes_to_poison = faulty in {POISON, CREATE_POISON}
    service = QueueService(
        dequeue_count=MAX_DEQUEUE_COUNT if goes_to_poison else 1,
        poison_exists=faulty != CREATE_POISON,
        faults={faulty: fault},
    )
    async with host_over(service, succeeds=faulty == DELETE) as host:
        assert not await host.lives_until(lambda: service.asked[RECEIVE] > 100)
        with pytest.raises(AzureError):
            host.running.result()
    # aiohttp itself asks a second time when a connection that it had open already is cut
    assert service.asked[faulty] == tries if fault.status else service.asked[faulty] >= tries
    assert host.pauses == ([0.8, 1.6, 3.2, 6.4, 12.8] if tries == TRIES else [])
    settled = service.asked[SHOW] + service.asked[DELETE] - service.asked[faulty] * (faulty in {SHOW, DELETE})
    assert settled == 0, "nothing else was done to the message"


@pytest.mark.parametrize(
    "fault", [BUSY, Fault(500), Fault(404, "QueueNotFound"), Fault(404), Fault(409, "QueueBeingDeleted")]
)
async def test_a_queue_that_is_away_is_asked_again(fault: Fault) -> None:
    """Receiving goes on through a queue that is not there and through faults of the service."""
    service = QueueService(faults={RECEIVE: fault})
    async with host_over(service) as host:
        assert await host.lives_until(lambda: service.asked[RECEIVE] >= 3 * TRIES)
        service.faults.clear()
        assert await host.lives_until(lambda: service.asked[DELETE] == 1)
    assert host.taken == ["hello"]


@pytest.mark.parametrize("faulty", [SHOW, DELETE])
@pytest.mark.parametrize(
    "fault",
    [
        Fault(404, "MessageNotFound"),
        Fault(404, "QueueNotFound"),
        Fault(400, "PopReceiptMismatch"),
        Fault(409, "QueueBeingDeleted"),
    ],
)
async def test_a_lost_lease_is_survived(faulty: str, fault: Fault) -> None:
    """A message that is gone, or somebody else's, is left alone."""
    service = QueueService(faults={faulty: fault})
    async with host_over(service, succeeds=faulty == DELETE) as host:
        assert await host.lives_until(lambda: service.asked[faulty] == 1)
        asked = service.asked[RECEIVE]
        assert await host.lives_until(lambda: service.asked[RECEIVE] >= asked + 3)


async def test_a_missing_poison_queue_is_created() -> None:
    """A message that failed for the last time is copied there, and deleted."""
    service = QueueService(dequeue_count=MAX_DEQUEUE_COUNT, poison_exists=False)
    async with host_over(service, succeeds=False) as host:
        assert await host.lives_until(lambda: service.asked[DELETE] == 1)
    assert (service.asked[POISON], service.asked[CREATE_POISON]) == (2, 1)


async def test_one_fault_ends_the_host_for_all() -> None:
    """What else it has in flight is neither finished nor given back."""
    service = QueueService(faults={})
    async with host_over(service) as host:
        in_flight = asyncio.Event()

        async def take(_message: QueueMessage) -> bool:
            in_flight.set()
            await asyncio.sleep(99)
            return True

        host.listener._take = take
        await in_flight.wait()
        service.faults[RECEIVE] = FORBIDDEN
        assert not await host.lives_until(lambda: service.asked[RECEIVE] > 100)
        assert isinstance(host.running.exception(), AzureError)
    assert service.asked[SHOW] == service.asked[DELETE] == 0
