"""A batch as JSON: what is wrong with its frame refuses the whole, what is wrong with an item only that one."""

import json
from typing import Any

import pytest

from shared.errors import Fault, InvalidRequestError
from shared.meeting_request import parse_request
from shared.use_cases.batch import BatchItem, read_json_items
from shared.validation.json_text import decode_json
from tests.examples import CALENDAR

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
        ('{"meetings": [], "meetings": [{"request": {}}]}', [("/meetings", "duplicateKey")]),
        ('{"meetings": [], "\\ud800": 1}', [("/?", "unknownField"), ("/meetings", "required")]),
        ("{", [("", "malformedJson")]),
        ("[" * 10_000, [("", "malformedJson")]),
        ('{"meetings": [{"request": ' + "[" * 20_000 + "}]}", [("", "malformedJson")]),
        ('{"meetings": [{"request": NaN}]}', [("", "malformedJson")]),
    ],
)
def test_what_is_no_batch(document: Any, expected: list[tuple[str, str]]) -> None:
    """Every fault at once, each at its place."""
    assert faults(document) == expected


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("7", [("", "wrongType")]),
        ("null", [("", "wrongType")]),
        ("[]", [("", "wrongType")]),
        ("{}", [("/request", "required")]),
        ('{"idempotencyKey": "k"}', [("/request", "required")]),
        (
            '{"idempotencyKey": 7, "a/b": 1}',
            [("/idempotencyKey", "invalidKey"), ("/a~1b", "unknownField"), ("/request", "required")],
        ),
        ('{"request": {}, "request": {}}', [("/request", "duplicateKey")]),
        ('{"request": {}, "\\ud800": 1}', [("/?", "unknownField")]),
    ],
)
def test_an_item_that_is_none_is_its_own_fault(item: str, expected: list[tuple[str, str]]) -> None:
    """Every fault of it at once; the others do not suffer from it."""
    good, bad, other = read(f'{{"meetings": [{json.dumps(ITEM)}, {item}, {{"request": 7}}]}}')
    assert [(fault.pointer, fault.code) for fault in bad.faults] == expected
    assert [good, other] == [BatchItem(CALENDAR, "k"), BatchItem(7)]


@pytest.mark.parametrize("key", ["", "k" * 256, "with space", 7, True, ["k"]])
def test_a_key_that_is_none_is_its_items_fault(key: Any) -> None:
    """The others do not suffer from it."""
    bad, good = read(json.dumps({"meetings": [{"idempotencyKey": key, "request": {}}, ITEM]}))
    assert [(fault.pointer, fault.code) for fault in bad.faults] == [("/idempotencyKey", "invalidKey")]
    assert not good.faults


@pytest.mark.parametrize(
    "request_text",
    [
        '{"a": 1, "a": 2}',
        r'{"subject": "\ud800"}',
        r'{"subject": "\u0000"}',
        '{"reminderMinutesBeforeStart": 1e400}',
        '{"reminderMinutesBeforeStart": -1e400}',
        f'{{"reminderMinutesBeforeStart": {"9" * 24}}}',
        f'{{"reminderMinutesBeforeStart": {"9" * 5000}}}',
        "[" * 100 + "]" * 100,
        "[" * 100_000 + "]" * 100_000,
        '{"a\\"[": [' * 20_000 + '"}"' + "]}" * 20_000,
    ],
)
def test_what_cannot_be_stored_is_left_to_its_item(request_text: str) -> None:
    """A repeated member, a lone surrogate, a number or a depth beyond all bounds in one request refuses that one."""
    items = read(f'{{"meetings": [{{"request": {request_text}}}, {json.dumps(ITEM)}]}}')
    assert len(items) == 2
    assert items[1] == BatchItem(CALENDAR, "k")
    with pytest.raises(InvalidRequestError) as caught:
        parse_request(items[0].document)
    assert {fault.code for fault in caught.value.faults} <= {
        "duplicateKey",
        "forbiddenCharacter",
        "outOfRange",
        "malformedJson",
    }


def test_nonsense_has_a_bounded_number_of_faults() -> None:
    """The first hundred are listed, and whether there are more."""
    found = InvalidRequestError(Fault(f"/{number}", "x", "y") for number in range(3000))
    assert [fault.pointer for fault in found.faults] == [f"/{number}" for number in range(100)]
    assert found.more_faults
    assert not InvalidRequestError(found.faults).more_faults
    assert len(faults({"meetings": [ITEM]} | {f"field{number}": 0 for number in range(3000)})) == 100
