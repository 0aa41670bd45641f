"""Batches over HTTP: however much is wrong with the requests, the answer has at most 256 KiB."""

import pytest

from tests.app_fixture import World
from tests.examples import CALENDAR
from tests.http_client import InProcess

MOST_BYTES = 256 * 1024


@pytest.mark.parametrize("name", ["x" * 300, "\x01" * 30, "é" * 30, "\U0001f600" * 15])
async def test_an_answer_to_a_hundred_invalid_requests_is_bounded(name: str) -> None:
    """Each item names at least its first fault, and that there are more."""
    wrong = CALENDAR | {f"{name}{number}": 1 for number in range(120)}
    answer = await InProcess(World()).call("POST", "/meetings/batch", {"meetings": [{"request": wrong}] * 100})
    assert answer.status == 207
    assert len(answer.text.encode()) <= MOST_BYTES
    problems = [result["problem"] for result in answer.json["results"]]
    assert len(problems) == 100
    assert all(problem["errors"] and problem["moreFaults"] for problem in problems)


async def test_every_fault_of_a_usual_batch_is_listed() -> None:
    """A hundred rows with two faults each have room."""
    wrong = CALENDAR | {"subject": "", "colour": "red"}
    answer = await InProcess(World()).call("POST", "/meetings/batch", {"meetings": [{"request": wrong}] * 100})
    problems = [result["problem"] for result in answer.json["results"]]
    assert [len(problem["errors"]) for problem in problems] == [2] * 100
    assert not any("moreFaults" in problem for problem in problems)
