"""The ledger as a file of JSON Lines: a header, a line for each record, and a trailer with their number.

    {"convene": "0.2.0", "form": 1, "exportedAt": "2026-11-21T08:00:00Z"}
    {"meeting": {...}}
    {"schedule": {...}}
    {"records": 2}

A file without its trailer is incomplete, and none of it is put back.
"""

import asyncio
import itertools
import json
import os
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from shared import VERSION
from shared.cli.polling import UnreachableError
from shared.cli.queue_client import signed_in
from shared.errors import ConveneError, StorageUnavailableError, UnreadableRecordError
from shared.meeting import Meeting
from shared.meeting.ledger import TABLE, Ledger
from shared.schedules import TABLE as SCHEDULES_TABLE
from shared.schedules import Schedule, ScheduleStore
from shared.settings import Settings
from shared.storage import AzureTable, storage_services
from shared.use_cases.backup import Backup, is_about
from shared.validation.response_model import timestamp

_FORM = 1
_CONCURRENT_WRITES = 16
_OWNER_ALONE = 0o600
_SHOWN = 10


class LedgerFileError(ConveneError):
    """The file is not a complete copy of a ledger that this version can read; the message says where."""


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[Backup]:
    """Give access to the tables of the settings; without a connection string as the user signed in to Azure.

    Raises:
        UnreachableError: the tables did not answer in the block.
    """
    credential = signed_in(settings)
    queues, tables = storage_services(settings.storage, credential)
    ledger = Ledger(AzureTable(tables.get_table_client(TABLE)))
    schedules = ScheduleStore(AzureTable(tables.get_table_client(SCHEDULES_TABLE)))
    try:
        yield Backup(ledger, schedules, _now)
    except StorageUnavailableError as error:
        raise UnreachableError(f"The tables cannot be used: {error}. Check MeetingStorage, and start again.") from error
    finally:
        await queues.close()
        await tables.close()
        if credential:
            await credential.close()


async def write_records(
    backup: Backup, file: Path, advance: Callable[[int], None], person: str | None = None
) -> Counter[str]:
    """Write the records into a new file that its owner alone can read; return how many of each kind there are.

    Args:
        backup: reads the records.
        file: the new file.
        advance: called after each record that is written.
        person: only those that name this address or reference.

    Raises:
        OSError: the file exists already, or cannot be written.
        LedgerFileError: some records cannot be read; the file is complete without them.
    """
    written = Counter[str]()
    unreadable: list[UnreadableRecordError] = []
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ALONE), "w", encoding="utf-8") as lines:
        head = {"convene": VERSION, "form": _FORM, "exportedAt": timestamp(_now())}
        lines.write(json.dumps(head) + "\n")
        async for record in backup.records(unreadable.append):
            if person is not None and not is_about(record, person):
                continue
            kind = "meeting" if isinstance(record, Meeting) else "schedule"
            lines.write(f'{{"{kind}": {record.model_dump_json(by_alias=True, exclude_defaults=True)}}}\n')
            written[kind] += 1
            advance(1)
        lines.write(json.dumps({"records": written.total()}) + "\n")
    if unreadable:
        raise LedgerFileError(f"{file} has all but {len(unreadable)}: {'; '.join(map(str, unreadable[:_SHOWN]))}.")
    return written


def check_file(file: Path) -> int:
    """Return how many records a file holds, after all of them were read.

    Raises:
        OSError: the file cannot be read.
        LedgerFileError: it is not an export, or an incomplete one.
    """
    return sum(1 for _ in _records(file))


async def put_back(
    backup: Backup, file: Path, advance: Callable[[int], None], person: str | None = None
) -> Counter[str]:
    """Put a file's records back, or those that name a person; return how many were put and how many existed already.

    Several are put at a time, and putting them again is harmless.
    """
    done = Counter[str]()
    chosen = (record for record in _records(file) if person is None or is_about(record, person))
    for part in itertools.batched(chosen, _CONCURRENT_WRITES, strict=False):
        done.update("put" if put else "there" for put in await asyncio.gather(*map(backup.put_back, part)))
        advance(len(part))
    return done


def meeting_ids(file: Path) -> list[str]:
    """Return the ids of a file's meetings.

    Raises:
        OSError: the file cannot be read.
        LedgerFileError: it is not an export, or an incomplete one.
    """
    return [record.id for record in _records(file) if isinstance(record, Meeting)]


def _records(file: Path) -> Iterator[Meeting | Schedule]:
    """Yield a file's records, and raise at its end if it is incomplete."""
    count, announced = 0, None
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            members = _members(line, number)
            if number == 1:
                if members.get("form") != _FORM:
                    raise LedgerFileError(f"{file} is no copy of a ledger, or one of another form than {_FORM}.")
            elif announced is not None:
                raise LedgerFileError(f"{file}, line {number}: nothing may follow the end.")
            elif "records" in members:
                announced = members["records"]
            else:
                count += 1
                yield _record(members, number)
    if announced != count:
        raise LedgerFileError(f"{file} is incomplete: it has {count} records, its end says {announced or 'nothing'}.")


def _members(line: str, number: int) -> dict[str, Any]:
    try:
        members = json.loads(line)
    except ValueError as error:
        raise LedgerFileError(f"Line {number} is not JSON.") from error
    if not isinstance(members, dict):
        raise LedgerFileError(f"Line {number} is not a JSON object.")
    return members


def _record(members: dict[str, Any], number: int) -> Meeting | Schedule:
    try:
        if "meeting" in members:
            return Meeting.model_validate(members["meeting"])
        return Schedule.model_validate(members.get("schedule"))
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, each["loc"])) for each in error.errors()[:5])
        raise LedgerFileError(f"Line {number} is neither a meeting nor a schedule ({fields}).") from error


def _now() -> datetime:
    return datetime.now(UTC)
