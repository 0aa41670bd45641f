"""Single operations of the storage with the app's own clients: `python -m ...storage_operations`, a subject."""

import asyncio
import os
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from shared.settings import read_environment
from shared.storage import AzureQueue, AzureTable, Delete, Insert, Operation, Replace, Row, storage_services
from tests.benchmarks.commands import answer_commands

type Work = Callable[[], Awaitable[object]]

_RECORD: dict[str, str | int] = {"status": "succeeded", "documents": 1, "document0": "x" * 3_000}
_AT_ONCE = 8


class Operations:
    """What an app asks of its storage, each kind by its name."""

    def __init__(self, table: AzureTable, queue: AzureQueue) -> None:
        self._table = table
        self._queue = queue

    async def prepare(self, name: str) -> Work:
        """Return one operation that can be carried out once; what it needs is there."""
        partition = uuid.uuid4().hex
        match name.split():
            case ["send"]:
                return lambda: self._queue.send("x" * 1_000)
            case ["insert", rows]:
                return lambda: self._write(partition, _inserts(int(rows)))
            case ["read"]:
                await self._write(partition, _inserts(1))
                return lambda: self._table.read(partition, "0")
            case ["delete"]:
                await self._write(partition, _inserts(1))
                return lambda: self._write(partition, [Delete("0")])
            case ["replace", rows]:
                [etag] = await self._write(partition, _inserts(1))
                changes = [Replace(Row("0", _RECORD, etag)), *_inserts(int(rows))[1:]]
                return lambda: self._write(partition, changes)
            case _:
                raise ValueError(name)

    async def measure(self, name: str, count: int) -> dict[str, Any]:
        """Carry out so many; return the processor time of each with eight at once, and how long each takes alone."""
        works = [await self.prepare(name) for _ in range(count)]
        room = asyncio.Semaphore(_AT_ONCE)

        async def carry_out(work: Work) -> None:
            async with room:
                await work()

        began = time.process_time()
        await asyncio.gather(*map(carry_out, works))
        cpu = (time.process_time() - began) / count
        seconds: list[float] = []
        for work in [await self.prepare(name) for _ in range(count)]:
            alone = time.perf_counter()
            await work()
            seconds.append(time.perf_counter() - alone)
        return {"cpu": cpu, "seconds": seconds}

    async def _write(self, partition: str, operations: list[Operation]) -> list[str]:
        return await self._table.write(partition, operations)


def _inserts(rows: int) -> list[Operation]:
    """Return a record, and the rows that lead to it."""
    return [Insert(Row("0", _RECORD)), *(Insert(Row(f"{number}{'k' * 90}")) for number in range(1, rows))]


async def _serve() -> None:
    queues, tables = storage_services(read_environment().storage)
    queue = AzureQueue(queues.get_queue_client("measured"))
    operations = Operations(AzureTable(tables.get_table_client("Measured")), queue)
    await operations.measure("insert 1", _AT_ONCE)
    await queue.create()
    await answer_commands({"measure": operations.measure}, {})


if __name__ == "__main__":
    asyncio.run(_serve())
    os._exit(0)
