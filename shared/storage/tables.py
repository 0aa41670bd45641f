"""A table: point reads, range reads, and conditional writes of several rows of a partition at once."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError
from azure.core.pipeline import PipelineResponse
from azure.core.rest import AsyncHttpResponse
from azure.data.tables import TableErrorCode, UpdateMode
from azure.data.tables.aio import TableClient

from shared.errors import ConflictError, RowRefusedError, RowTooLargeError, StorageUnavailableError
from shared.storage.time_limit import uses_storage_time

_BAD_REQUEST, _NOT_FOUND, _CONFLICT, _PRECONDITION_FAILED, _TOO_LARGE = 400, 404, 409, 412, 413

# What one entity (in bytes, text as UTF-16) and one transaction may hold:
# https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
# https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
LARGEST_ENTITY = 1024 * 1024
MOST_OPERATIONS = 100


# https://learn.microsoft.com/rest/api/storageservices/table-service-error-codes
_SIZE_CODES = frozenset(
    {
        TableErrorCode.ENTITY_TOO_LARGE,
        TableErrorCode.PROPERTY_VALUE_TOO_LARGE,
        TableErrorCode.REQUEST_BODY_TOO_LARGE,
        TableErrorCode.TOO_MANY_PROPERTIES,
    }
)


@dataclass(frozen=True, slots=True)
class Row:
    """One entity; `values` holds its properties, all of them text or whole numbers."""

    key: str
    values: dict[str, str | int] = field(default_factory=dict)
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Insert:
    """Insert a row that must not exist yet."""

    row: Row


@dataclass(frozen=True, slots=True)
class Replace:
    """Replace the row that was read with `row.etag`."""

    row: Row


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete a row that must exist; with `etag`, only as it was read."""

    key: str
    etag: str = ""


type Operation = Insert | Replace | Delete


class Table(Protocol):
    """What the ledger asks of its table. Every call may raise StorageUnavailableError."""

    async def read(self, partition: str, key: str) -> Row | None:
        """Return one row, or None."""
        ...

    async def read_range(self, partition: str, first: str, last: str, limit: int) -> list[Row]:
        """Return at most `limit` rows with first < key < last, by ascending key."""
        ...

    async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
        """Execute all the operations or none, and return the new etags (empty for a delete).

        Raises:
            ConflictError: a row to insert exists, or one to replace or delete has changed since it was read.
            RowTooLargeError: one of the rows, or all together, are too large.
            RowRefusedError: the storage always refuses these rows, for another reason.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class AzureTable:
    """Azure Table Storage. The first write creates a missing table."""

    def __init__(self, client: TableClient) -> None:
        self._client = client

    @uses_storage_time
    async def read(self, partition: str, key: str) -> Row | None:
        """Return one row, or None."""
        try:
            return _row(await self._client.get_entity(partition, key))
        except AzureError as error:
            if _status(error) == _NOT_FOUND:
                return None
            raise _unavailable("read", error) from error

    @uses_storage_time
    async def read_range(self, partition: str, first: str, last: str, limit: int) -> list[Row]:
        """Return at most `limit` rows with first < key < last, by ascending key."""
        rows: list[Row] = []
        try:
            entities = self._client.query_entities(
                "PartitionKey eq @partition and RowKey gt @first and RowKey lt @last",
                parameters={"partition": partition, "first": first, "last": last},
                results_per_page=limit,
            )
            async for entity in entities:
                rows.append(_row(entity))
                if len(rows) == limit:
                    break
        except AzureError as error:
            if _status(error) != _NOT_FOUND:
                raise _unavailable("query", error) from error
        return rows

    @uses_storage_time
    async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
        """Execute all the operations or none, and return the new etags."""
        try:
            try:
                return await self._send(partition, operations)
            except HttpResponseError as error:
                if not _needs_table(error, operations):
                    raise
                await self._make_table()
                return await self._send(partition, operations)
        except AzureError as error:
            status, code = _status(error), _code(error)
            # A row to replace or delete that no longer exists has changed since it was read, too.
            if status in {_CONFLICT, _PRECONDITION_FAILED, _NOT_FOUND}:
                raise ConflictError(f"the table refused the write: {code}") from error
            if status in {_BAD_REQUEST, _TOO_LARGE}:  # a retry would be refused as well
                refusal = RowTooLargeError if status == _TOO_LARGE or code in _SIZE_CODES else RowRefusedError
                raise refusal(f"the table never takes these rows: {code}") from error
            raise _unavailable("write", error) from error

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _send(self, partition: str, operations: Sequence[Operation]) -> list[str]:
        """Send one operation by itself: as a transaction of one it costs more than twice the processor time."""
        match operations:
            case [Insert(row)]:
                answers = [await self._client.create_entity(_entity(partition, row))]
            case [Replace(row)]:
                answers = [await self._client.update_entity(_entity(partition, row), **_replacing(row))]
            case [Delete(key, etag)]:
                return [await self._delete(partition, key, etag)]
            case _:
                answers = await self._client.submit_transaction([_batch_item(partition, each) for each in operations])
        return [str(answer.get("etag", "")) for answer in answers]

    async def _delete(self, partition: str, key: str, etag: str) -> str:
        statuses: list[int] = []

        def note(answer: PipelineResponse[Any, AsyncHttpResponse]) -> None:
            statuses.append(answer.http_response.status_code)

        await self._client.delete_entity(partition, key, raw_response_hook=note, **_as_read(etag))
        if statuses[-1] == _NOT_FOUND:  # which the client treats as a success
            raise ConflictError("the table refused the write: the row to delete is not there")
        return ""

    async def _make_table(self) -> None:
        with suppress(ResourceExistsError):  # another writer was quicker
            await self._client.create_table()


def _batch_item(partition: str, operation: Operation) -> tuple[str, dict[str, Any], dict[str, Any]]:
    match operation:
        case Insert(row):
            return ("create", _entity(partition, row), {})
        case Replace(row):
            return ("update", _entity(partition, row), _replacing(row))
        case Delete(key, etag):
            return ("delete", {"PartitionKey": partition, "RowKey": key}, _as_read(etag))


def _replacing(row: Row) -> dict[str, Any]:
    return {"mode": UpdateMode.REPLACE, **_as_read(row.etag)}


def _as_read(etag: str) -> dict[str, Any]:
    return {"etag": etag, "match_condition": MatchConditions.IfNotModified} if etag else {}


def _needs_table(error: HttpResponseError, operations: Sequence[Operation]) -> bool:
    """Return whether a write failed because the table does not exist; a single insert can miss nothing else."""
    match operations:
        case [Insert()]:
            return error.status_code == _NOT_FOUND
        case _:
            return _code(error) == TableErrorCode.TABLE_NOT_FOUND


def _entity(partition: str, row: Row) -> dict[str, Any]:
    return {"PartitionKey": partition, "RowKey": row.key, **row.values}


def _row(entity: Any) -> Row:
    values = {name: value for name, value in entity.items() if name not in {"PartitionKey", "RowKey"}}
    return Row(entity["RowKey"], values, entity.metadata["etag"])


def _unavailable(what: str, error: AzureError) -> StorageUnavailableError:
    return StorageUnavailableError(f"the table could not be used ({what}: {_code(error)})")


def _status(error: AzureError) -> int | None:
    return error.status_code if isinstance(error, HttpResponseError) else None


def _code(error: AzureError) -> str:
    """Return the service's name for a failure. For a single insert the client leaves it in the answer."""
    name: Any = getattr(error, "error_code", None)
    if name is None and isinstance(error, HttpResponseError) and error.response is not None:
        try:
            name = json.loads(error.response.text())["odata.error"]["code"]
        except (ValueError, LookupError, TypeError, AttributeError, AzureError):
            name = None
    return name or type(error).__name__
