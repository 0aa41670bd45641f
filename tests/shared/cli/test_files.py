"""Files of requests, and keys that stay the same from run to run."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from shared.cli.files import read_lines
from shared.errors import InvalidRequestError
from shared.validation.idempotency_keys import key_fault
from tests.examples import CALENDAR, STANDALONE

HEADER = "idempotencyKey,kind,organizer,subject"


def write(folder: Path, content: Any, name: str = "visits.json") -> Path:
    file = folder / name
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file


def keys(file: Path) -> list[str | None]:
    return [line.item.key for line in read_lines(file)]


@pytest.mark.parametrize(
    "content",
    [
        {"meetings": [{"idempotencyKey": "k", "request": CALENDAR}, {"request": STANDALONE}]},
        [CALENDAR | {"idempotencyKey": "k"}, STANDALONE],
    ],
)
def test_json_as_the_batch_or_as_the_queue_has_it(tmp_path: Path, content: Any) -> None:
    """Keys that are given are kept."""
    first, second = read_lines(write(tmp_path, content))
    assert (first.number, first.item.key, first.item.document) == (1, "k", CALENDAR)
    assert (second.number, second.item.document) == (2, STANDALONE)
    assert key_fault("", second.item.key) is None


def test_one_request_is_a_file_too(tmp_path: Path) -> None:
    """A request as POST /meetings takes it."""
    [line] = read_lines(write(tmp_path, CALENDAR))
    assert line.item.document == CALENDAR


def test_a_thousand_rows(tmp_path: Path) -> None:
    """A file is not bounded as a batch is; its rows are numbered as the spreadsheet shows them."""
    rows = "\n".join(f",standalone,AlexW@contoso.com,Visit {number}" for number in range(1000))
    lines = read_lines(write(tmp_path, f"{HEADER}\n{rows}\n", "visits.CSV"))
    assert [line.number for line in lines] == list(range(2, 1002))
    assert len({line.item.key for line in lines}) == 1000


def test_the_same_file_has_the_same_keys(tmp_path: Path) -> None:
    """Wherever it lies; equal rows have keys of their own, and another file has others."""
    content = [STANDALONE, STANDALONE, CALENDAR]
    (tmp_path / "other").mkdir()
    first = keys(write(tmp_path, content))
    assert len(set(first)) == 3
    assert keys(write(tmp_path / "other", content)) == first
    assert not set(keys(write(tmp_path, content, "another.json"))) & set(first)


def test_a_row_that_is_inserted_leaves_the_others_as_they_were(tmp_path: Path) -> None:
    """What was submitted before is not made anew because it has moved."""
    before = keys(write(tmp_path, [STANDALONE, CALENDAR]))
    after = keys(write(tmp_path, [STANDALONE | {"subject": "New"}, STANDALONE, CALENDAR]))
    assert after[1:] == before


def test_faults_of_a_row_stay_with_the_row(tmp_path: Path) -> None:
    """The others can be submitted."""
    bad, good = read_lines(write(tmp_path, [STANDALONE | {"idempotencyKey": ""}, STANDALONE]))
    assert [fault.code for fault in bad.item.faults] == ["invalidKey"]
    assert not good.item.faults


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("", "a.json"),
        ("[]", "a.json"),
        ("{", "a.json"),
        ('{"meetings": []}', "a.json"),
        ("", "a.csv"),
        ("organizer,Betreff\nx,y", "a.csv"),
        (f"{HEADER}\n", "a.csv"),
    ],
)
def test_what_is_no_file_of_requests(tmp_path: Path, content: str, name: str) -> None:
    """Nothing of it is submitted; no message names the limit that a file does not have."""
    with pytest.raises(InvalidRequestError) as caught:
        read_lines(write(tmp_path, content, name))
    assert caught.value.faults
    assert not any(re.search(r"\d{6}", fault.message) for fault in caught.value.faults)
