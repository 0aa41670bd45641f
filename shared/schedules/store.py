"""Where schedules are kept: one table, in which a schedule is a record with the rows that lead to it.

Row keys (shared/storage/records.py):
    schedule.<id>          the record
    all.<when>.<id>        in the list of all, newest first
    own.<digest of the caller>.<when>.<id>   in the list of one caller's, where callers are known
    due.<moment>.<id>      the timer is to look at it then
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.errors import ScheduleNotFoundError
from shared.schedules.schedule import Schedule
from shared.storage import Table
from shared.storage.records import Record, Records, key_moment, newest_first

TABLE = "Schedules"

_NEXT_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class SchedulePage:
    """Some of the schedules, newest first; `continuation` asks for the next ones, None when there are no more."""

    schedules: list[Schedule]
    continuation: str | None


class ScheduleStore:
    """The schedules in a table. Every call may raise StorageUnavailableError."""

    def __init__(self, table: Table) -> None:
        self._records = Records(table, "schedule")

    async def insert(self, schedule: Schedule) -> Schedule:
        """Write a new schedule and return it with its etag.

        Raises:
            ConflictError: there is one with this id.
        """
        record = _record(schedule)
        return schedule.changed(etag=await self._records.insert(record), index_keys=record.index_keys)

    async def read(self, schedule_id: str) -> Schedule:
        """Return a schedule.

        Raises:
            ScheduleNotFoundError: there is none with this id.
        """
        record = await self._records.read(schedule_id)
        if record is None:
            raise ScheduleNotFoundError(f"there is no schedule {schedule_id}")
        return _schedule(record)

    async def all(self) -> AsyncIterator[Schedule]:
        """Yield every schedule, each as it is when its turn comes; one that is new meanwhile may be left out."""
        async for record in self._records.all():
            yield _schedule(record)

    async def write(self, before: Schedule, after: Schedule) -> Schedule:
        """Replace a schedule as it was read (`before.etag`) and return it with its new etag.

        Raises:
            ConflictError: somebody else has changed or removed it since.
        """
        record = _record(after.changed(etag=before.etag))
        etag = await self._records.replace(record, before.index_keys)
        return after.changed(etag=etag, index_keys=record.index_keys)

    async def remove(self, schedule: Schedule) -> None:
        """Remove a schedule as it was read.

        Raises:
            ConflictError: somebody else has changed or removed it since.
        """
        await self._records.remove(schedule.id, schedule.etag, schedule.index_keys)

    async def page(self, top: int, continuation: str | None, caller: str | None = None) -> SchedulePage:
        """Return at most `top` schedules, newest first; of one caller, if it is named.

        Raises:
            ValueError: `continuation` is none that an earlier call has returned.
        """
        found = await self._records.newest(_list_of(caller), top, continuation)
        schedules = await asyncio.gather(*map(self._read_or_none, found.ids))
        return SchedulePage([schedule for schedule in schedules if schedule], found.continuation)

    async def due(self, now: datetime, limit: int) -> list[str]:
        """Return the ids of at most `limit` schedules that the timer is to look at by now, longest due first."""
        return await self._records.before("due.", now + _NEXT_MOMENT, limit)

    async def _read_or_none(self, schedule_id: str) -> Schedule | None:
        try:
            return await self.read(schedule_id)
        except ScheduleNotFoundError:
            return None


def _list_of(caller: str | None) -> str:
    return "all." if caller is None else f"own.{hashlib.sha256(caller.encode()).hexdigest()[:40]}."


def _schedule(record: Record) -> Schedule:
    return Schedule.model_validate_json(record.document).changed(etag=record.etag, index_keys=record.index_keys)


def _record(schedule: Schedule) -> Record:
    lists = {_list_of(None), _list_of(schedule.caller)}
    keys = {f"{prefix}{newest_first(schedule.created_at)}.{schedule.id}" for prefix in lists}
    if schedule.due_at is not None:
        keys.add(f"due.{key_moment(schedule.due_at)}.{schedule.id}")
    labels: dict[str, str | int] = {"version": schedule.version, "madeUntil": schedule.made_until.isoformat()}
    document = schedule.model_dump_json(by_alias=True, exclude_defaults=True)
    return Record(schedule.id, document, frozenset(keys), schedule.etag, labels)
