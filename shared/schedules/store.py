"""The table of schedules: a record for each, with the rows that index it.

Row keys (shared/storage/records):
    schedule.<id>          the record
    all.<when>.<id>        the list of all, newest first
    own.<digest of the caller>.<when>.<id>   the list of one caller's, where callers are distinguished
    due.<moment>.<id>      when the timer processes it next
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from shared.errors import RequestTooLargeError, ScheduleNotFoundError
from shared.schedules.schedule import Schedule
from shared.storage import Table
from shared.storage.pages import Page, newest_first
from shared.storage.records import RecordKind, RecordStore, key_moment

TABLE = "Schedules"

_NEXT_MOMENT = timedelta(microseconds=1)


class ScheduleStore(RecordStore[Schedule]):
    """The schedules in a table. Every call may raise StorageUnavailableError.

    It raises ScheduleNotFoundError for an id without a schedule.
    """

    def __init__(self, table: Table) -> None:
        super().__init__(table, _SCHEDULES)

    async def newest(self, top: int, continuation: str | None, caller: str | None = None) -> Page[Schedule]:
        """Return at most `top` schedules, newest first; of one caller, if it is named.

        Raises:
            InvalidContinuationError: no earlier call has returned `continuation`.
        """
        return await self.page(_list_of(caller), top, continuation)

    async def due(self, now: datetime, limit: int) -> list[str]:
        """Return the ids of at most `limit` schedules that are due, longest due first."""
        return await self._index.ids_before("due.", now + _NEXT_MOMENT, limit)


def _list_of(caller: str | None) -> str:
    return "all." if caller is None else f"own.{hashlib.sha256(caller.encode()).hexdigest()[:40]}."


def _index_keys(schedule: Schedule) -> frozenset[str]:
    lists = {_list_of(None), _list_of(schedule.caller)}
    keys = {f"{prefix}{newest_first(schedule.created_at)}.{schedule.id}" for prefix in lists}
    if schedule.due_at is not None:
        keys.add(f"due.{key_moment(schedule.due_at)}.{schedule.id}")
    return frozenset(keys)


def _labels(schedule: Schedule) -> dict[str, str | int]:
    return {"version": schedule.version, "cursor": schedule.cursor.isoformat()}


def _too_large(schedule: Schedule, _fits: Callable[[Schedule], bool]) -> Schedule:
    raise RequestTooLargeError(f"The schedule {schedule.id} does not fit into the table: shorten its request")


_SCHEDULES = RecordKind(
    name="schedule",
    parse=Schedule.model_validate_json,
    index_keys=_index_keys,
    labels=_labels,
    not_found=lambda schedule_id: ScheduleNotFoundError(f"there is no schedule {schedule_id}"),
    trimmed=_too_large,
)
