"""A storage that accepts and does not answer holds no call longer than ten seconds, and no other work shorter."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import ClassVar, override

import pytest

import functions.http.trigger
from shared.errors import StorageUnavailableError
from shared.settings import StorageAccount
from shared.storage import AzureQueue, AzureTable, Operation, storage_services, time_limit
from shared.storage.time_limit import storage_time, uses_storage_time
from tests.app_fixture import Wires, World
from tests.examples import CALENDAR
from tests.fakes import InMemoryTable
from tests.http_client import InProcess
from tests.proofs.simulation.loop import simulate

LIMIT = 10.0


@uses_storage_time
async def operation(seconds: float) -> float:
    await asyncio.sleep(seconds)
    return seconds


async def _elapsed(*seconds: float) -> float:
    """Wait for operations of the given lengths, one after another, in the time of one call."""
    begun = asyncio.get_running_loop().time()
    with storage_time(LIMIT), suppress(StorageUnavailableError):
        for each in seconds:
            await operation(each)
    return asyncio.get_running_loop().time() - begun


@pytest.mark.parametrize(
    ("seconds", "elapsed"),
    [((81,), 10), ((4, 4, 4), 10), ((9,), 9), ((3, 3, 3), 9), ((10.5, 1), 10)],
)
def test_all_operations_of_a_call_share_its_time(seconds: tuple[float, ...], elapsed: float) -> None:
    """However many there are, and however each of them is."""
    assert simulate(lambda: _elapsed(*seconds), 1) == elapsed


def test_operations_at_once_use_it_once() -> None:
    """A batch of a hundred has as much time as one request."""

    async def at_once() -> list[float | BaseException]:
        with storage_time(LIMIT):
            first = await asyncio.gather(*(operation(6) for _ in range(100)))
            late = await asyncio.gather(operation(3), operation(9), operation(9), return_exceptions=True)
        return [*first[:1], *late]

    first, *late = simulate(at_once, 1)
    assert (first, late[0]) == (6, 3)
    assert all(isinstance(each, StorageUnavailableError) for each in late[1:])


def test_waiting_for_graph_uses_none_of_it() -> None:
    """A caller who prefers to wait a minute reads the outcome after it."""

    async def waiting() -> float:
        with storage_time(LIMIT):
            await operation(6)
            await asyncio.sleep(60)
            return await operation(3)

    assert simulate(waiting, 1) == 3


def test_what_outlasts_the_call_has_its_own_time() -> None:
    """An attempt that goes on when its caller stops waiting, and everything that no caller waits for."""

    async def outlasting() -> float:
        with storage_time(LIMIT):
            with storage_time(None):
                task = asyncio.create_task(operation(30))
            await operation(9)
        return await task

    assert simulate(outlasting, 1) == 30


async def test_an_attempt_outlasts_its_callers_time() -> None:
    """With `Prefer: wait`, the meeting is made in the time that the queue's trigger would have."""

    class Slow(InMemoryTable):
        """A table whose operations use up time as Azure's do."""

        limits: ClassVar[list[bool]] = []

        @override
        async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
            self.limits.append(time_limit._time.get() is not None)
            return await super().write(partition, operations)

    there = World()
    there.table = Slow()
    there.app = there.new_host()
    answer = await InProcess(there).call("POST", "/meetings", CALENDAR, prefer="wait=10")
    assert answer.status == 201
    assert Slow.limits[0] is True
    assert not any(Slow.limits[1:])


@pytest.fixture
async def frozen() -> AsyncIterator[str]:
    """Return the connection string of a storage that takes every connection and answers nothing."""
    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: writers.append(writer), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield (
        "AccountName=devstoreaccount1;AccountKey=aGVsbG8=;"
        f"QueueEndpoint=http://127.0.0.1:{port}/devstoreaccount1;TableEndpoint=http://127.0.0.1:{port}/devstoreaccount1;"
    )
    for writer in writers:
        writer.close()
    server.close()


CALLS = [
    ("GET", "/meetings/9c5b94b1-35ad-49bb-b118-8e8fc24abf80", None),
    ("GET", "/meetings?status=failed", None),
    ("POST", "/meetings", CALENDAR),
    ("GET", "/schedules", None),
]


@pytest.mark.parametrize(("method", "target", "body"), CALLS)
async def test_every_call_ends(
    frozen: str, method: str, target: str, body: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 503, and `Retry-After`; the limit is short here, and the SDK alone would try for 81 s."""
    monkeypatch.setattr(functions.http.trigger, "_STORAGE_SECONDS", 0.2)
    queues, tables = storage_services(StorageAccount(connection_string=frozen))
    async with queues, tables:
        there = World()
        table, queue = AzureTable(tables.get_table_client("Meetings")), AzureQueue(queues.get_queue_client("requests"))
        there.schedules_table = table  # pyright: ignore[reportAttributeAccessIssue] - any table
        there.app = there.new_host(Wires(table, table, queue, queue, queue, there.wires().graph))
        async with asyncio.timeout(60):
            answer = await InProcess(there).call(method, target, body)
    assert (answer.status, answer.code) == (503, "storageUnavailable")
    assert answer.headers["Retry-After"]
