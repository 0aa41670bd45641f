"""A batch as JSON: what is wrong with its frame refuses the whole, what is wrong with a request only that one."""

import json
from typing import Any

import pytest

from shared.batch import BatchItem, read_json_items
from shared.errors import Fault, InvalidRequestError, first_faults
from shared.meeting_request import decode_json
from tests.world import CALENDAR

ITEM: dict[str, Any] = {"idempotencyKey": "k", "request": CALENDAR}


def read(text: str) -> list[BatchItem]:
    return read_json_items(decode_json(text.encode(), storable=False))


def faults(document: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidRequestError) as caught:
        read(document if isinstance(document, str) else json.dumps(document))
    return [(fault.pointer, fault.code) for fault in caught.value.faults]


def test_items_in_order() -> None:
    """Each has its request and its key, which may be missing or null."""
    items = read(json.dumps({"meetings": [ITEM, {"request": 7}, {"request": {}, "idempotencyKey": None}]}))
    assert items == [BatchItem(CALENDAR, "k"), BatchItem(7), BatchItem({})]


def test_a_hundred_are_a_batch() -> None:
    """No more."""
    assert len(read(json.dumps({"meetings": [ITEM] * 100}))) == 100
    assert faults({"meetings": [ITEM] * 101}) == [("/meetings", "tooMany")]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ([], [("", "wrongType")]),
        ("null", [("", "wrongType")]),
        ("7", [("", "wrongType")]),
        ({}, [("/meetings", "required")]),
        ({"meetings": []}, [("/meetings", "required")]),
        ({"meetings": None}, [("/meetings", "required")]),
        ({"meetings": {}}, [("/meetings", "wrongType")]),
        ({"meetings": "x", "color": 1}, [("/color", "unknownField"), ("/meetings", "wrongType")]),
        ({"meetings": [ITEM], "color": 1}, [("/color", "unknownField")]),
        ({"meetings": [ITEM, 7]}, [("/meetings/1", "wrongType")]),
        ({"meetings": [ITEM, CALENDAR]}, None),
        ({"meetings": [{"idempotencyKey": "k"}]}, [("/meetings/0/request", "required")]),
        (
            {"meetings": [ITEM | {"a/b": 1}, {}]},
            [("/meetings/0/a~1b", "unknownField"), ("/meetings/1/request", "required")],
        ),
        ('{"meetings": [], "meetings": [{"request": {}}]}', [("/meetings", "duplicateKey")]),
        ('{"meetings": [{"request": {}, "request": {}}]}', [("/meetings/0/request", "duplicateKey")]),
        ('{"meetings": [{"request": {}, "\\ud800": 1}]}', [("/meetings/0/?", "unknownField")]),
        ("{", [("", "malformedJson")]),
        ("[" * 10_000, [("", "malformedJson")]),
    ],
)
def test_what_is_no_batch(document: Any, expected: list[tuple[str, str]] | None) -> None:
    """Every fault at once, each at its place."""
    found = faults(document)
    assert found == expected if expected is not None else ("/meetings/1/request", "required") in found


@pytest.mark.parametrize("key", ["", "k" * 256, "with space", 7, True, ["k"]])
def test_a_key_that_is_none_is_its_items_fault(key: Any) -> None:
    """The others do not suffer from it."""
    bad, good = read(json.dumps({"meetings": [{"idempotencyKey": key, "request": {}}, ITEM]}))
    assert [(fault.pointer, fault.code) for fault in bad.faults] == [("/idempotencyKey", "invalidKey")]
    assert not good.faults


@pytest.mark.parametrize("request_text", ['{"a": 1, "a": 2}', r'{"subject": "\ud800"}', r'{"subject": "\u0000"}'])
def test_what_cannot_be_stored_is_left_to_its_item(request_text: str) -> None:
    """A repeated member or a lone surrogate in one request refuses that one."""
    items = read(f'{{"meetings": [{{"request": {request_text}}}, {{"request": {{}}}}]}}')
    assert len(items) == 2


def test_nonsense_has_a_bounded_number_of_faults() -> None:
    """A hundred are told, and how many there are more."""
    found = first_faults([Fault(f"/{number}", "x", "y") for number in range(3000)])
    assert len(found) == 101
    assert found[-1].message == "There are 2900 more faults."
    assert len(faults({"meetings": [ITEM]} | {f"field{number}": 0 for number in range(3000)})) == 101
