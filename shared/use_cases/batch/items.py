"""The items of a batch, and how JSON writes them: `{"meetings": [{"idempotencyKey": ..., "request": {...}}, ...]}`."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NoReturn, cast

from shared.errors import Fault, InvalidRequestError, raise_with_faults_of
from shared.meeting_request import parse_request
from shared.validation.findings import pointer_to, quoted, require_object
from shared.validation.idempotency_keys import key_fault
from shared.validation.json_text import repeated_members

MOST_ITEMS = 100
TOO_LARGE = "tooLarge"  # the code of the fault of an item that has not been read


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One meeting request among others.

    Attributes:
        document: a JSON value that should be a meeting request.
        key: its idempotency key.
        faults: the faults that are known already; such an item is never accepted.
        row: of a CSV file, as a spreadsheet counts: the header is row 1.
    """

    document: Any
    key: str | None = None
    faults: tuple[Fault, ...] = ()
    row: int | None = None


def read_json_items(document: Any, most: int = MOST_ITEMS) -> list[BatchItem]:
    """Return the items of a batch. The faults of an item are in the item.

    Raises:
        InvalidRequestError: the batch itself is malformed; none of its items is accepted.
    """
    batch = require_object(document, "batch")
    faults = list(_member_faults(batch, ("meetings",)))
    meetings = batch.get("meetings")
    if not isinstance(meetings, list):
        code = "required" if meetings is None else "wrongType"
        faults.append(Fault("/meetings", code, "meetings is required: a list of objects, each with a request."))
        raise InvalidRequestError(faults)
    items = cast("list[Any]", meetings)
    if fault := count_fault("/meetings", len(items), most):
        faults.append(fault)
    if faults:
        raise InvalidRequestError(faults)
    return [_item(item) for item in items]


def with_key(item: BatchItem, key: object) -> BatchItem:
    """Return an item with its idempotency key, or with the fault of an invalid one before its others."""
    if key is None:
        return item
    if fault := key_fault("/idempotencyKey", key):
        return replace(item, faults=(fault, *item.faults))
    return replace(item, key=cast("str", key))


def with_keys(items: Iterable[BatchItem], file_name: str = "") -> Iterator[BatchItem]:
    """Yield each item, one without a key with a key that follows from the file's name and the request.

    Not from the row's number: a file with an inserted row creates one more meeting when it is sent again. Equal rows
    have different keys.
    """
    seen = Counter[str]()
    for item in items:
        if item.key is not None:
            yield item
            continue
        text = json.dumps([file_name, item.document], sort_keys=True)
        seen[text] += 1
        yield replace(item, key=f"file-{hashlib.sha256(f'{text}{seen[text]}'.encode()).hexdigest()[:40]}")


def raise_faults(item: BatchItem) -> NoReturn:
    """Raise the faults of a faulty item, those of its request included.

    Raises:
        InvalidRequestError: always.
    """
    if item.document == {}:
        raise InvalidRequestError(item.faults)
    raise_with_faults_of(lambda: parse_request(item.document), item.faults)


def count_fault(pointer: str, count: int, most: int) -> Fault | None:
    """Return the fault of a batch with this many items, if it has one."""
    if 1 <= count <= most:
        return None
    if count:
        return Fault(pointer, "tooMany", f"A batch has at most {most} meetings, this one has more.")
    return Fault(pointer, "required", "A batch has at least one meeting, this one has none.")


def _item(value: Any) -> BatchItem:
    if not isinstance(value, dict):
        return BatchItem({}, faults=(Fault("", "wrongType", "The item must be an object with a request."),))
    members = cast("dict[str, Any]", value)
    faults = list(_member_faults(members, ("idempotencyKey", "request")))
    if "request" not in members:
        faults.append(Fault("/request", "required", "request is required."))
    item = BatchItem(members.get("request", {}), faults=tuple(faults))
    return with_key(item, members.get("idempotencyKey"))


def _member_faults(members: dict[str, Any], known: tuple[str, ...]) -> Iterator[Fault]:
    for name in repeated_members(members):
        yield Fault(_pointer(name), "duplicateKey", "The object has this member more than once.")
    for name in members:
        if name not in known:
            message = f"{quoted(name)} is unknown here; the members are {' and '.join(known)}."
            yield Fault(_pointer(name), "unknownField", message)


def _pointer(name: str) -> str:
    # A lone surrogate in a name could not go into an answer in UTF-8.
    return pointer_to((name,)).encode(errors="replace").decode()
